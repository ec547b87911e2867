"""moto's Lambda service runs functions in the function host instead of in Docker.

How to use it::

    host = FunctionHost(
        runtime_directory=Path(".venv/lambda-runtime"),
        endpoint_url="http://localhost:PORT",
        deliver_logs=moto_delivery.deliver_logs,                # -> moto's CloudWatch Logs
        deliver_dead_letter=moto_delivery.deliver_dead_letter,  # -> moto's SQS
    )
    with host, moto_backend.install(host) as lambdas:
        ...                                            # boto3's lambda.invoke() now runs the real thing
        lambdas.invoke_function(arn, b'{"n": 1}')      # the same without HTTP: for engines in this process

Install it before functions are created. It is undone when the context ends; one can be installed at a time.
"""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from moto.awslambda.models import LambdaBackend, LambdaFunction
from moto.awslambda.responses import LambdaResponse
from moto.awslambda.utils import make_function_arn

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.lambda_runtime import function_errors
from stepweave.local_cloud.lambda_runtime.code_store import CodeStore
from stepweave.local_cloud.lambda_runtime.host import FunctionHost
from stepweave.local_cloud.lambda_runtime.invocation import InvocationRefused
from stepweave.local_cloud.lambda_runtime.moto_configuration import complete_configuration
from stepweave.local_cloud.lambda_runtime.moto_delivery import deliver_record
from stepweave.local_cloud.lambda_runtime.moto_event_invoke import event_invoke_configs
from stepweave.local_cloud.lambda_runtime.moto_functions import code_on_disk
from stepweave.local_cloud.lambda_runtime.moto_invoke import HttpAnswer, answer_invoke
from stepweave.local_cloud.lambda_runtime.moto_lambda import MotoLambda, client_error

__all__ = ["MotoLambda", "client_error", "install"]

_INSTALLED: Final = threading.Lock()


@contextmanager
def install(host: FunctionHost) -> Iterator[MotoLambda]:
    """Run moto's functions in `host` until the context ends.

    Raises
    ------
    RuntimeError
        If it is installed already: moto's functions belong to the whole process.
    """
    if not _INSTALLED.acquire(blocking=False):
        raise RuntimeError("a function host is installed in this process already: end its context before the next")
    with ExitStack() as patches:
        patches.callback(_INSTALLED.release)
        store = CodeStore(host.work_directory / "code")
        functions = MotoLambda(host, store)
        patches.enter_context(complete_configuration())
        patches.enter_context(code_on_disk(store))
        patches.enter_context(_invocations(functions))
        patches.enter_context(_deletions(host))
        patches.enter_context(event_invoke_configs())
        host.deliver_records(lambda record: deliver_record(record, functions.queue_event))
        yield functions


@contextmanager
def _invocations(functions: MotoLambda) -> Iterator[None]:
    """Both ways by which moto calls a function: the HTTP operation, and other services within moto."""

    def invoke(self: LambdaResponse) -> HttpAnswer:
        return answer_invoke(self, functions)

    def invoke_within(
        self: LambdaFunction, body: str | bytes, _request_headers: object, response_headers: dict[str, str]
    ) -> bytes:
        payload = body.encode() if isinstance(body, str) else body
        try:
            result = functions.invoke_function(self.function_arn, payload)
        except InvocationRefused as refused:
            response_headers["x-amz-function-error"] = "Unhandled"
            return function_errors.error_payload(refused.code, refused.message)
        if result.function_error is not None:
            response_headers["x-amz-function-error"] = result.function_error
        return result.payload

    with replaced(LambdaResponse, "invoke", invoke), replaced(LambdaFunction, "invoke", invoke_within):
        yield


@contextmanager
def _deletions(host: FunctionHost) -> Iterator[None]:
    """End the workers of a function that is deleted."""
    upstream = LambdaBackend.delete_function

    def delete_function(self: LambdaBackend, function_name: str, qualifier: str | None = None) -> Any:
        function = self.get_function(function_name, qualifier)
        deleted = upstream(self, function_name, qualifier)
        host.retire(make_function_arn(function.region, function.account_id, function.function_name))
        return deleted

    with replaced(LambdaBackend, "delete_function", delete_function):
        yield
