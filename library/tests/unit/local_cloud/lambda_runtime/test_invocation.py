import base64

from hypothesis import given
from hypothesis import strategies as st

from stepweave.local_cloud.lambda_runtime.invocation import InvocationResult
from stepweave.local_cloud.lambda_runtime.log_batch import LogEvent


@given(st.lists(st.builds(lambda text, times: text * times, st.text(), st.integers(0, 2000)), max_size=3))
def test_the_log_result_is_the_end_of_the_log(messages: list[str]) -> None:
    log = "".join(f"{message}\n" for message in messages).encode()
    events = tuple(LogEvent(0, message) for message in messages)
    tail = base64.b64decode(InvocationResult("id", b"", None, "$LATEST", 0.0, events).log_result)
    assert len(tail) == min(4096, len(log))
    assert log.endswith(tail)
