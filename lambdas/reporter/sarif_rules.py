"""How the rules and severities of ruff and bandit are told in SARIF."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from lambdas.linter.contract import LintFinding
from lambdas.reporter.digest import LEVELS
from lambdas.reporter.display import shortened, visible
from lambdas.reporter.sarif_log import Message, ResultLevel, Rule, RuleConfiguration, RuleProperties
from lambdas.security_scanner.contract import Level, SecurityFinding

_BROKEN = re.compile(r"invalid-syntax|E9\d*|F63\d*|F7\d*|F82\d*")
"""Ruff's rules that find what fails when it is run: syntax errors, undefined names, misplaced statements."""

_SEVERITY: dict[Level, ResultLevel] = {"HIGH": "error", "MEDIUM": "warning", "LOW": "note", "UNDEFINED": "note"}
# GitHub calls 9.0 and above critical, 7.0 and above high, 4.0 and above medium, and the rest low.
_SCORE: dict[Level, str] = {"HIGH": "8.0", "MEDIUM": "5.0", "LOW": "3.0", "UNDEFINED": "1.0"}
_PRECISION = {"HIGH": "high", "MEDIUM": "medium", "LOW": "low"}


def lint_level(code: str) -> ResultLevel:
    """Return the SARIF level of a rule of ruff, which has no severities of its own."""
    return "error" if _BROKEN.fullmatch(code) else "warning"


def security_level(severity: Level) -> ResultLevel:
    """Return the SARIF level of a severity of bandit."""
    return _SEVERITY[severity]


def lint_rules(findings: Iterable[LintFinding]) -> list[Rule]:
    """Describe each rule of ruff that has findings, sorted by id."""
    groups: defaultdict[str, list[LintFinding]] = defaultdict(list)
    for finding in findings:
        groups[finding.code].append(finding)
    return [_lint_rule(code, groups[code]) for code in sorted(groups)]


def security_rules(findings: Iterable[SecurityFinding]) -> list[Rule]:
    """Describe each test of bandit that has findings, sorted by id."""
    groups: defaultdict[str, list[SecurityFinding]] = defaultdict(list)
    for finding in findings:
        groups[finding.test_id].append(finding)
    return [_security_rule(test_id, groups[test_id]) for test_id in sorted(groups)]


def _lint_rule(code: str, findings: Sequence[LintFinding]) -> Rule:
    url = _web_page(finding.url for finding in findings)
    level = lint_level(code)
    return _rule(
        code,
        # Ruff's pages bear the rule's name: https://docs.astral.sh/ruff/rules/unused-import
        name=urlsplit(url).path.rstrip("/").rpartition("/")[2] if url else code,
        example=findings[0].message,
        url=url,
        level=level,
        properties=RuleProperties(tags=["lint"], problem_severity="error" if level == "error" else "warning"),
    )


def _security_rule(test_id: str, findings: Sequence[SecurityFinding]) -> Rule:
    severity = min((finding.severity for finding in findings), key=LEVELS.index)
    confidence = min((finding.confidence for finding in findings), key=LEVELS.index)
    url = _web_page(finding.url for finding in findings)
    # Bandit gives all tests of its blacklists one name; only their pages' anchors tell them apart: #b301-pickle
    subject = urlsplit(url).fragment.partition("-")[2] if url else ""
    weaknesses = sorted({finding.cwe for finding in findings if finding.cwe})
    return _rule(
        test_id,
        name=f"{findings[0].test_name}: {subject}" if subject else findings[0].test_name,
        example=findings[0].message,
        url=url,
        level=security_level(severity),
        properties=RuleProperties.model_validate(
            {
                # GitHub reads a rule's first ten tags.
                "tags": ["security", *(f"external/cwe/cwe-{number:03}" for number in weaknesses)][:10],
                "precision": _PRECISION.get(confidence),
                "security_severity": _SCORE[severity],
            }
        ),
    )


def _rule(  # noqa: PLR0913 - what the two tools' rules differ in
    rule_id: str, *, name: str, example: str, url: str | None, level: ResultLevel, properties: RuleProperties
) -> Rule:
    title = re.sub(r"[-_]+", " ", visible(name)).strip() or visible(rule_id) or "Unnamed rule"
    title = title[:1].upper() + title[1:]
    described = f"{title}. For example: {visible(example)}" if example else title
    return Rule(
        id=rule_id,
        short_description=Message(text=literal(title)),
        full_description=Message(text=literal(described)),
        help=Message(text=literal(f"{described}\n\n{url}" if url else described)),
        help_uri=url,
        default_configuration=RuleConfiguration(level=level),
        properties=properties,
    )


def _web_page(urls: Iterable[str | None]) -> str | None:
    return next((url for url in urls if url and re.fullmatch(r"https?://[!-~]+", url)), None)


def literal(text: str, limit: int = 1_000) -> str:
    """Return SARIF message text that reads as `text`, cut where it is longer than `limit` characters.

    Braces mark placeholders (section 3.11.5), and ``[text](target)`` an embedded link (section 3.11.6).
    """
    return shortened(text or "(no message)", limit).replace("{", "{{").replace("}", "}}").replace("](", "] (")
