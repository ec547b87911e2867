"""Docstring coverage and an outline of a tree's public API."""

from pathlib import Path, PurePosixPath

from lambdas.analyzer.contract import QualityReport
from lambdas.documenter.contract import ApiEntry, DocumentationReport, documenter
from lambdas.documenter.outline import FileOutline, outline_file
from lambdas.shared.repository.files import display_name, python_files
from lambdas.shared.repository.isolation import Limits, inspect_files
from lambdas.shared.repository.source import in_test_suite

_LIMITS = Limits(memory_mb=documenter.memory_mb - 256)


def document(tree: Path, quality: QualityReport | None = None, limits: Limits = _LIMITS) -> DocumentationReport:
    """Report how much of the public API has docstrings; nothing in the tree is run.

    Parameters
    ----------
    tree : Path
        The top of a repository's files.
    quality : QualityReport | None
        Where the complexity of the entries is taken from.
    limits : Limits
        What reading the files may cost.

    Returns
    -------
    DocumentationReport
        An entry for each public module outside the test suite, and for each public class, function and method in it.
        A module is public unless a part of its path starts with an underscore (``__init__.py`` is its package). An
        empty module has nothing to document.

    Raises
    ------
    IsolationError
        If the agent's bundle is broken.
    """
    paths = [path for file in python_files(tree) if _is_public(path := str(file.relative_to(tree)))]
    inspection = inspect_files(outline_file, FileOutline, tree, paths, limits)
    complexity: dict[tuple[str, int, str], int] = (
        {(block.path, block.line, block.kind): block.complexity for block in quality.blocks} if quality else {}
    )
    entries = [
        ApiEntry(path=shown, complexity=complexity.get((shown, item.line, item.kind)), **item.model_dump())
        for path, outline in inspection.results.items()
        for shown in [display_name(path)]
        for item in outline.items
    ]
    documented = sum(entry.summary is not None for entry in entries)
    return DocumentationReport(
        documentable=len(entries),
        documented=documented,
        percent=100.0 * documented / len(entries) if entries else 100.0,
        outline=entries,
        skipped=inspection.skipped,
    )


def _is_public(path: str) -> bool:
    parts = PurePosixPath(path).with_suffix("").parts
    private = any(part.startswith(("_", ".")) for part in parts if part != "__init__")
    return not private and not in_test_suite(path)
