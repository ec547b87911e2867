"""What the tests of a tree reach: by its coverage data if it carries any, else by the imports of its tests."""

from collections.abc import Iterable
from pathlib import Path

from lambdas.shared.repository.files import display_name, python_files
from lambdas.shared.repository.isolation import Limits, inspect_files
from lambdas.shared.repository.source import in_test_suite, is_test_module
from lambdas.tester.contract import ModuleReach, ReachReport, tester
from lambdas.tester.coverage_data import Coverage, FileCoverage, read_coverage
from lambdas.tester.import_graph import reached_files
from lambdas.tester.python_file import FileFacts, read_facts

_LIMITS = Limits(memory_mb=tester.memory_mb - 256)


def reach(tree: Path, limits: Limits = _LIMITS) -> ReachReport:
    """Report which source files the tests reach; nothing in the tree is run.

    Parameters
    ----------
    tree : Path
        The top of a repository's files.
    limits : Limits
        What reading the Python files may cost.

    Returns
    -------
    ReachReport
        Source files are the Python files outside the test suite, whether coverage data speaks of them or not. Line
        coverage is over these files, so tests do not raise it; ``.coverage`` does not hold it, only which lines ran.
        Test files are the modules that tests are looked for in, and any in a folder of tests that has some.

    Raises
    ------
    IsolationError
        If the agent's bundle is broken.
    """
    paths = [str(path.relative_to(tree)) for path in python_files(tree)]
    inspection = inspect_files(read_facts, FileFacts, tree, paths, limits)
    facts = inspection.results
    sources = [path for path in paths if not in_test_suite(path)]
    coverage, damaged = read_coverage(tree, paths)
    modules = _measured(sources, coverage) if coverage else _imported(sources, facts)
    return ReachReport(
        source=coverage.source if coverage else "imports",
        test_files=sum(is_test_module(path) or (in_test_suite(path) and _tests(path, facts) > 0) for path in paths),
        test_functions=sum(_tests(path, facts) for path in paths if in_test_suite(path)),
        modules=modules,
        reached_percent=_percent(sum(module.reached for module in modules), len(modules)),
        line_percent=_line_percent(coverage.files[path] for path in sources if path in coverage.files)
        if coverage
        else None,
        skipped=inspection.skipped + damaged,
    )


def _tests(path: str, facts: dict[str, FileFacts]) -> int:
    return facts[path].test_functions if path in facts else 0


def _imported(sources: list[str], facts: dict[str, FileFacts]) -> list[ModuleReach]:
    reached = reached_files(facts, [path for path in facts if in_test_suite(path)])
    return [ModuleReach(path=display_name(path), reached=path in reached) for path in sources]


def _measured(sources: list[str], coverage: Coverage) -> list[ModuleReach]:
    unmeasured = FileCoverage(executed=0, statements=None)
    return [
        ModuleReach(path=display_name(path), reached=found.reached, line_percent=_line_percent([found]))
        for path in sources
        for found in [coverage.files.get(path, unmeasured)]
    ]


def _line_percent(files: Iterable[FileCoverage]) -> float | None:
    known = [(file.executed, file.statements) for file in files if file.statements is not None]
    if not known:
        return None
    return _percent(sum(executed for executed, _ in known), sum(statements for _, statements in known), nothing=100.0)


def _percent(part: int, whole: int, nothing: float = 0.0) -> float:
    return 100.0 * part / whole if whole else nothing
