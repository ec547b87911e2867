import base64

from hypothesis import given
from hypothesis import strategies as st

from scripts.local_cloud.lambda_runtime.invocation import InvocationResult


@given(st.text(), st.integers(min_value=0, max_value=2000))
def test_the_log_result_is_the_end_of_the_log(text: str, times: int) -> None:
    log = text * times
    tail = base64.b64decode(InvocationResult("id", b"", None, "$LATEST", 0.0, log).log_result)
    assert len(tail) == min(4096, len(log.encode()))
    assert log.encode().endswith(tail)
