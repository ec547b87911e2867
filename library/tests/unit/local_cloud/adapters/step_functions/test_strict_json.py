"""What is JSON."""

import pytest

from stepweave.local_cloud.adapters.step_functions.strict_json import loads


@pytest.mark.parametrize(
    "text", ["NaN", '{"a": NaN}', "[Infinity]", "-Infinity", "1e999", "", "{'a': 1}", "not", "[1,]"]
)
def test_what_the_specification_does_not_have_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        loads(text)


def test_what_is_json_is_read() -> None:
    assert loads(' {"a": [1, 2.5, -1e-7, null, true, "NaN"]} ') == {"a": [1, 2.5, -1e-7, None, True, "NaN"]}
