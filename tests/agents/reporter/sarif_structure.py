"""What SARIF 2.1.0 and GitHub's code scanning ask of a log, written down from their texts (sections in brackets)."""

import re
from typing import Any
from urllib.parse import unquote

_LEVELS = {"error", "warning", "note", "none"}
_URI_REFERENCE = re.compile(r"(?:[A-Za-z0-9\-._~/]|%[0-9A-F]{2})*")


def check_log(log: Any) -> None:
    """Assert that a parsed log is a SARIF log that code-scanning tools accept."""
    assert set(log) == {"$schema", "version", "runs"}
    assert log["version"] == "2.1.0"  # 3.13.2
    assert log["$schema"].endswith("/sarif-schema-2.1.0.json")  # 3.13.3
    names = [run["tool"]["driver"]["name"] for run in log["runs"]]
    assert len(set(names)) == len(names)
    for run in log["runs"]:
        _check_run(run)


def _check_run(run: Any) -> None:
    driver = run["tool"]["driver"]
    rules = driver["rules"]
    ids = [rule["id"] for rule in rules]
    assert len(set(ids)) == len(ids)  # 3.49.3
    for rule in rules:
        _check_rule(rule)
    assert run["columnKind"] in {"utf16CodeUnits", "unicodeCodePoints"}  # 3.14.27
    assert re.fullmatch(r"stepweave/\w+/.*", run["automationDetails"]["id"], re.DOTALL)  # 3.17.3
    assert list(run["originalUriBaseIds"]) == ["%SRCROOT%"]  # 3.14.14
    for details in run.get("versionControlProvenance", []):
        assert re.fullmatch(r"[a-z]+:[!-~]+", details["repositoryUri"])  # 3.23.3: an absolute URI
        assert isinstance(details["revisionId"], str)
    _check_invocations(run["invocations"])
    for result in run["results"]:
        _check_result(result, ids)
    prints = [tuple(sorted(result["partialFingerprints"].items())) for result in run["results"]]
    assert len(set(prints)) == len(prints)


def _check_rule(rule: Any) -> None:
    for text in ("shortDescription", "fullDescription", "help"):
        _check_message(rule[text])
    if "helpUri" in rule:
        assert re.fullmatch(r"https?://[!-~]+", rule["helpUri"])  # 3.49.12
    assert rule["defaultConfiguration"]["level"] in _LEVELS  # 3.50.3
    properties = rule["properties"]
    assert 1 <= len(properties["tags"]) <= 10
    if "security" in properties["tags"]:
        assert 0 < float(properties["security-severity"]) <= 10


def _check_invocations(invocations: Any) -> None:
    assert len(invocations) == 1
    assert isinstance(invocations[0]["executionSuccessful"], bool)  # 3.20.14: required
    for notification in invocations[0]["toolExecutionNotifications"]:
        assert notification["level"] in _LEVELS
        _check_message(notification["message"])  # 3.58.5: required
        for location in notification.get("locations", []):
            _check_artifact(location["physicalLocation"]["artifactLocation"])


def _check_result(result: Any, rule_ids: list[str]) -> None:
    assert rule_ids[result["ruleIndex"]] == result["ruleId"]  # 3.27.6
    assert result["level"] in _LEVELS
    _check_message(result["message"])
    (location,) = result["locations"]
    physical = location["physicalLocation"]
    _check_artifact(physical["artifactLocation"])
    region = physical["region"]
    assert set(region) <= {"startLine", "startColumn", "endLine", "endColumn"}
    assert all(isinstance(value, int) and value >= 1 for value in region.values())  # 3.30.5 to 3.30.8
    end = region.get("endLine", region["startLine"])
    assert end >= region["startLine"]
    if end == region["startLine"] and "endColumn" in region:
        assert region["endColumn"] >= region["startColumn"]


def _check_artifact(location: Any) -> None:
    assert location["uriBaseId"] == "%SRCROOT%"
    assert _URI_REFERENCE.fullmatch(location["uri"]), location["uri"]  # 3.4.3, and no scheme, no query, no fragment


def _check_message(message: Any) -> None:
    assert message["text"]  # 3.11.2
    assert len(message["text"]) <= 3_000
    # 3.11.5: literal braces are doubled; 3.11.6: brackets before a parenthesis would be a link.
    assert not re.search(r"(?<!\{)(?:\{\{)*\{(?!\{)", message["text"])
    assert "](" not in message["text"]


def path_of(result: Any) -> str:
    """Return the path that a result's location encodes."""
    return unquote(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])
