"""Complexity and maintainability of a tree, by radon.

Radon's command line obeys ``radon.cfg``, ``setup.cfg`` and ``pyproject.toml`` of the directory in which it runs (they
may exclude files, and even name a file to write to), and no option turns that off. Here radon is used as a library,
which reads none of them; by hand the same is found from another directory, as `COMMAND` does it. The maintainability
index is that of ``radon mi`` in place of ``radon cc``.
"""

from importlib.metadata import version
from pathlib import Path

from lambdas.analyzer.contract import BlockComplexity, FileMaintainability, QualityReport, analyzer
from lambdas.analyzer.hotspots import rank_hotspots
from lambdas.analyzer.radon_file import FileQuality, measure_file
from lambdas.analyzer.radon_files import radon_files
from lambdas.linter.contract import LintReport
from lambdas.shared.repository.contract import SkippedFile, Tool
from lambdas.shared.repository.files import display_name
from lambdas.shared.repository.isolation import Limits, inspect_files

COMMAND = '(cd / && radon cc --json "$OLDPWD")'
"""The command line that finds the same complexity by hand, at the top of the same files."""

_LIMITS = Limits(memory_mb=analyzer.memory_mb - 256)


def analyze(tree: Path, lint: LintReport | None = None, limits: Limits = _LIMITS) -> QualityReport:
    """Measure a tree with radon.

    Parameters
    ----------
    tree : Path
        The top of a repository's files.
    lint : LintReport | None
        What the linter found, to rank the hotspots by; without it they are ranked by complexity alone.
    limits : Limits
        What reading the files may cost.

    Returns
    -------
    QualityReport
        The blocks by file in the order of their names, in a file the most complex first, as radon has it. The average
        is over all blocks, as ``radon cc --total-average`` has it; 0 without any. A file is among the skipped if radon
        failed on it, or on its maintainability index alone, which the reason then says.

    Raises
    ------
    IsolationError
        If the agent's bundle is broken.
    """
    inspection = inspect_files(measure_file, FileQuality, tree, radon_files(tree), limits)
    measured = {display_name(path): quality for path, quality in inspection.results.items()}
    blocks = [
        BlockComplexity(path=path, **block.model_dump())
        for path, quality in measured.items()
        for block in quality.blocks
    ]
    files = [
        FileMaintainability(path=path, index=quality.index, rank=quality.index_rank)
        for path, quality in measured.items()
        if quality.index is not None and quality.index_rank is not None
    ]
    partly = [
        SkippedFile(path=path, reason=f"maintainability index: {quality.index_failure}")
        for path, quality in measured.items()
        if quality.index_failure
    ]
    return QualityReport(
        tool=Tool(name="radon", version=version("radon"), command=COMMAND),
        blocks=blocks,
        files=files,
        average_complexity=sum(block.complexity for block in blocks) / len(blocks) if blocks else 0.0,
        hotspots=rank_hotspots(blocks, files, lint),
        skipped=sorted(inspection.skipped + partly, key=lambda file: file.path),
    )
