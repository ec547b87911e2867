"""Options that make no sense are refused."""

import math
from typing import Any

import pytest

from stepweave.compiler.options import CompileOptions


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"strategy": "barriers"}, "auto, gates, levels"),
        ({"tolerance": -0.1}, "tolerance"),
        ({"tolerance": math.nan}, "tolerance"),
        ({"durations": {"slow": -1.0}}, "'slow'"),
        ({"durations": {"slow": math.inf}}, "'slow'"),
    ],
)
def test_what_makes_no_sense_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        CompileOptions(**given)
