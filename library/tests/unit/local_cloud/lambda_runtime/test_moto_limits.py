import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto.awslambda.exceptions import LambdaClientError

from stepweave.local_cloud.lambda_runtime.moto_limits import RESERVED_VARIABLES, check_limits


@given(st.integers(-5, 2000), st.integers(0, 12_000))
def test_timeout_and_memory_have_limits(timeout: int, memory: int) -> None:
    if 1 <= timeout <= 900 and 128 <= memory <= 10_240:
        check_limits({"Timeout": timeout, "MemorySize": memory})
        return
    with pytest.raises(LambdaClientError, match="failed to satisfy constraint"):
        check_limits({"Timeout": timeout, "MemorySize": memory})


@given(st.text("äx", max_size=5000))
def test_variables_have_four_kilobytes_as_json(value: str) -> None:
    if len(value.encode()) + len('{"A":""}') <= 4096:
        check_limits({"Environment": {"Variables": {"A": value}}})
        return
    with pytest.raises(LambdaClientError, match="exceeded the 4KB limit"):
        check_limits({"Environment": {"Variables": {"A": value}}})


@given(st.sets(st.sampled_from(sorted(RESERVED_VARIABLES)), min_size=1))
def test_reserved_variables_are_named(names: set[str]) -> None:
    with pytest.raises(LambdaClientError) as error:
        check_limits({"Environment": {"Variables": dict.fromkeys([*names, "MINE"], "1")}})
    assert error.value.message.endswith(f"in this request: {', '.join(sorted(names))}")


def test_nothing_to_check_is_fine() -> None:
    check_limits({})
    check_limits({"Environment": {}})
