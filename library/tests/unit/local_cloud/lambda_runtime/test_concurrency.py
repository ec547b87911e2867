from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepweave.local_cloud.lambda_runtime.concurrency import Concurrency
from stepweave.local_cloud.lambda_runtime.function_spec import FunctionSpec
from stepweave.local_cloud.lambda_runtime.invocation import InvocationRefused


def spec(name: str, reserved: int | None) -> FunctionSpec:
    arn = f"arn:aws:lambda:us-east-1:123456789012:function:{name}"
    return FunctionSpec(
        name=name, arn=arn, handler="app.handler", code_directory=Path("/code"), reserved_concurrency=reserved
    )


@given(limit=st.integers(min_value=0, max_value=5), calls=st.integers(min_value=0, max_value=8))
def test_as_many_calls_run_as_are_reserved(limit: int, calls: int) -> None:
    concurrency = Concurrency()
    refused = []
    for _ in range(2):  # What ended makes room again.
        with ExitStack() as running:
            for _ in range(calls):
                try:
                    running.enter_context(concurrency.slot(spec("f", limit)))
                except InvocationRefused as error:
                    refused.append(error)
    assert len(refused) == 2 * max(0, calls - limit)
    assert {(error.code, error.status, error.reason) for error in refused} <= {
        ("TooManyRequestsException", 429, "ReservedFunctionConcurrentInvocationLimitExceeded")
    }


def test_the_others_share_the_limit_of_the_account() -> None:
    concurrency = Concurrency(account_limit=2)
    with concurrency.slot(spec("a", None)), concurrency.slot(spec("b", None)):
        with pytest.raises(InvocationRefused) as refused, concurrency.slot(spec("c", None)):
            pass
        assert refused.value.reason == "ConcurrentInvocationLimitExceeded"
        with concurrency.slot(spec("d", 1)):  # Its own is set aside for it.
            pass
