"""Where to look first: files in which complexity and lint findings meet."""

from collections import Counter
from collections.abc import Sequence

from lambdas.analyzer.contract import BlockComplexity, FileMaintainability, Hotspot
from lambdas.linter.contract import LintReport

_MOST = 20


def rank_hotspots(
    blocks: Sequence[BlockComplexity], files: Sequence[FileMaintainability], lint: LintReport | None
) -> list[Hotspot]:
    """Rank files by complexity times one more than their lint findings.

    Parameters
    ----------
    blocks : Sequence[BlockComplexity]
        All blocks. A file's complexity is the sum over its functions and methods; classes repeat their methods.
    files : Sequence[FileMaintainability]
        The files that are ranked.
    lint : LintReport | None
        What the linter found; None ranks by complexity alone.

    Returns
    -------
    list[Hotspot]
        At most 20 files that have any complexity, the hottest first; of equals, the first by name.
    """
    complexity: Counter[str] = Counter()
    for block in blocks:
        if block.kind != "class":
            complexity[block.path] += block.complexity
    findings = Counter(finding.path for finding in lint.findings) if lint else Counter[str]()
    ranked = sorted(
        (file for file in files if complexity[file.path]),
        key=lambda file: (-complexity[file.path] * (1 + findings[file.path]), -complexity[file.path], file.path),
    )
    return [
        Hotspot(
            path=file.path,
            complexity=complexity[file.path],
            lint_findings=findings[file.path],
            maintainability=file.index,
        )
        for file in ranked[:_MOST]
    ]
