"""What Markdown and HTML show of a long list: groups with counts, the worst first, and how many are left out."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar, get_args

from lambdas.analyzer.contract import BlockComplexity, FileMaintainability
from lambdas.documenter.contract import ApiEntry
from lambdas.linter.contract import LintFinding
from lambdas.security_scanner.contract import Level, SecurityFinding
from lambdas.tester.contract import ModuleReach

T = TypeVar("T")

COMPLEX_ABOVE = 10
"""Cyclomatic complexity above which a block is called complex: where radon's rank C begins."""

RANKS = ("A", "B", "C", "D", "E", "F")
"""Radon's ranks, from simple (complexity 1 to 5) to error-prone (above 40)."""

LEVELS: tuple[Level, ...] = ("HIGH", "MEDIUM", "LOW", "UNDEFINED")
"""Bandit's levels, the worst first."""

if set(LEVELS) != set(get_args(Level)):
    raise AssertionError("LEVELS must rank every level of the security scanner's contract")


@dataclass(frozen=True)
class Cut(Generic[T]):
    """The first items of a list, and how many more there are."""

    shown: Sequence[T]
    left: int


@dataclass(frozen=True)
class RuleGroup:
    """All lint findings of one rule, in the review's order."""

    rule: str
    url: str | None
    findings: Sequence[LintFinding]

    @property
    def example(self) -> str:
        """The message of the rule's first finding."""
        return self.findings[0].message

    @property
    def fixable(self) -> int:
        """How many of the findings the linter can fix itself."""
        return sum(finding.fixable for finding in self.findings)


@dataclass(frozen=True)
class SecurityGroup:
    """All security findings of one rule, the most severe first."""

    rule: str
    url: str | None
    findings: Sequence[SecurityFinding]

    @property
    def example(self) -> str:
        """The message of the rule's worst finding."""
        return self.findings[0].message

    @property
    def severity(self) -> Level:
        """The severity of the rule's worst finding."""
        return self.findings[0].severity


@dataclass(frozen=True)
class FileCount:
    """How many findings one file has."""

    path: str
    lint: int
    security: int

    @property
    def total(self) -> int:
        """Lint and security findings together."""
        return self.lint + self.security


def cut(items: Iterable[T], limit: int) -> Cut[T]:
    """Keep the first `limit` items.

    Example
    -------
    >>> cut("abc", 2)
    Cut(shown=['a', 'b'], left=1)
    """
    rest = iter(items)
    return Cut(list(islice(rest, limit)), sum(1 for _ in rest))


def lint_place(finding: LintFinding) -> str:
    """Return where a finding is, as file and line, and in a notebook the cell whose line it is."""
    cell = f"cell {finding.cell}:" if finding.cell else ""
    return f"{finding.path}:{cell}{finding.line}"


def lint_rules(findings: Iterable[LintFinding]) -> list[RuleGroup]:
    """Group findings by rule: rules with most findings first, then by code."""
    groups: defaultdict[str, list[LintFinding]] = defaultdict(list)
    for finding in findings:
        groups[finding.code].append(finding)
    ordered = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
    return [RuleGroup(rule, next((f.url for f in group if f.url), None), group) for rule, group in ordered]


def busiest_files(lint: Iterable[LintFinding], security: Iterable[SecurityFinding]) -> list[FileCount]:
    """Count findings by file: files with most findings first, then by path."""
    linted = Counter(finding.path for finding in lint)
    scanned = Counter(finding.path for finding in security)
    counts = [FileCount(path, linted[path], scanned[path]) for path in {*linted, *scanned}]
    return sorted(counts, key=lambda count: (-count.total, count.path))


def severity_counts(findings: Iterable[SecurityFinding]) -> dict[Level, int]:
    """Count findings by severity; every level is present, the worst first."""
    counts = Counter(finding.severity for finding in findings)
    return {level: counts[level] for level in LEVELS}


def most_severe(findings: Iterable[SecurityFinding]) -> list[SecurityFinding]:
    """Order findings by severity, then by confidence, and keep the given order within these."""
    return sorted(findings, key=lambda finding: (LEVELS.index(finding.severity), LEVELS.index(finding.confidence)))


def security_rules(findings: Iterable[SecurityFinding]) -> list[SecurityGroup]:
    """Group findings by rule: the most severe rules first, among these the ones with most findings, then by id."""
    groups: defaultdict[str, list[SecurityFinding]] = defaultdict(list)
    for finding in most_severe(findings):
        groups[finding.test_id].append(finding)
    ordered = sorted(groups.items(), key=lambda group: (LEVELS.index(group[1][0].severity), -len(group[1]), group[0]))
    return [SecurityGroup(rule, next((f.url for f in group if f.url), None), group) for rule, group in ordered]


def rank_counts(blocks: Iterable[BlockComplexity]) -> dict[str, int]:
    """Count blocks by rank; every rank is present, the simplest first."""
    counts = Counter(block.rank for block in blocks)
    return {rank: counts[rank] for rank in (*RANKS, *sorted(set(counts) - set(RANKS)))}


def most_complex(blocks: Iterable[BlockComplexity]) -> list[BlockComplexity]:
    """Order blocks by falling complexity, then by place."""
    return sorted(blocks, key=lambda block: (-block.complexity, block.path, block.line, block.name))


def least_maintainable(files: Iterable[FileMaintainability]) -> list[FileMaintainability]:
    """Return the files of rank B or C, the lowest index first."""
    return sorted((file for file in files if file.rank != "A"), key=lambda file: (file.index, file.path))


def least_covered(modules: Iterable[ModuleReach]) -> list[ModuleReach]:
    """Return the files of which tests reach some lines but not all, the lowest coverage first."""
    partly = [
        (module.line_percent, module.path, module) for module in modules if module.reached and module.line_percent
    ]
    return [module for percent, _, module in sorted(partly, key=lambda each: each[:2]) if percent < 100]


def undocumented(outline: Iterable[ApiEntry]) -> list[ApiEntry]:
    """Return the public names without a docstring, in the given order."""
    return [entry for entry in outline if entry.summary is None]
