"""What is a timestamp, and when it is."""

import pytest

from stepweave.local_cloud.adapters.step_functions.timestamps import instant

NANOSECONDS = 1_000_000_000


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:01.5Z", NANOSECONDS * 3 // 2),
        ("1970-01-01T00:00:00.000000001Z", 1),
        ("1970-01-01T02:00:00+02:00", 0),
        ("1969-12-31T23:30:00-00:30", 0),
        ("2016-03-14T01:59:00Z", 1457920740 * NANOSECONDS),
    ],
)
def test_a_timestamp_is_at_an_instant(text: str, moment: int) -> None:
    assert instant(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        "2016-12-05 21:29:29Z",
        "2016-12-05T21:29:29",
        "2016-13-05T21:29:29Z",
        "2016-12-05T25:29:29Z",
        "05-12-2016T21:29:29Z",
        "2016-12-05T21:29:29+0100",
        "2016-12-05T21:29:29.Z",
        "2016-12-05t21:29:29z",
        "2016-12-05",
        "",
        None,
        5,
        True,
        [],
    ],
)
def test_what_is_no_timestamp_is_at_none(text: object) -> None:
    assert instant(text) is None
