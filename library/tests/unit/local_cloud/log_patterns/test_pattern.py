import json

import pytest

from stepweave.local_cloud.log_patterns.pattern import FilterPattern, PatternError

EVENT = json.dumps({"level": "ERROR", "ms": 12, "user": {"name": "ann"}, "tags": ["x"], "off": False, "none": None})
LINE = '127.0.0.1 - ann [10/Oct/2026] "GET /x" 404 1534'


@pytest.mark.parametrize(
    ("pattern", "message", "expected"),
    [
        ("", "anything", True),
        ("ERROR", "an ERROR here", True),
        ("ERROR disk", "an ERROR here", False),
        ("?ERROR ?WARN", "a WARN here", True),
        ("ERROR -disk", "ERROR on disk", False),
        ('"on disk"', "ERROR on disk", True),
        ("%d.sk%", "ERROR on disk", True),
        ('{ $.level = "ERROR" }', EVENT, True),
        ('{ $.level = "ERR*" && $.ms >= 12 }', EVENT, True),
        ('{ $.level != "ERROR" || $.ms < 5 }', EVENT, False),
        ("{ ($.ms = 12) && ($.user.name = ann) }", EVENT, True),
        ('{ $.tags[0] = "x" }', EVENT, True),
        ("{ $.off IS FALSE && $.none IS NULL }", EVENT, True),
        ("{ $.gone NOT EXISTS }", EVENT, True),
        ("{ $.level = %^ERR% }", EVENT, True),
        ('{ $.level = "ERROR" }', "no JSON", False),
        ("[ip, id, user, at, request, status = 4*, bytes]", LINE, True),
        ("[ip, ..., status = 404, bytes > 2000]", LINE, False),
        ("[ip, id]", LINE, False),
    ],
)
def test_events_are_matched(pattern: str, message: str, expected: bool) -> None:
    assert (FilterPattern.parse(pattern).match(message) is not None) is expected


def test_values_are_found() -> None:
    found = FilterPattern.parse("{ $.ms > 0 }").match(EVENT)
    assert found is not None
    assert (found.value("$.ms"), found.value("$.gone")) == (12, None)
    fields = FilterPattern.parse("[..., bytes]").match(LINE)
    assert fields is not None
    assert fields.value("$bytes") == "1534"


@pytest.mark.parametrize("pattern", ["{ $.a = 1", "{ $.a }", "{ $.a = }", "[a", "{ $.a > x }", "{ ($.a = 1 }"])
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        FilterPattern.parse(pattern)
