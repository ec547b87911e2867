"""Calls moto's functions in this process, through the function host."""

import uuid
from dataclasses import replace
from typing import Final

from botocore.exceptions import ClientError
from moto.awslambda.models import lambda_backends
from moto.core.exceptions import JsonRESTError

from stepweave.local_cloud.lambda_runtime.alias_routing import called_version
from stepweave.local_cloud.lambda_runtime.caller import Caller
from stepweave.local_cloud.lambda_runtime.code_store import CodeStore
from stepweave.local_cloud.lambda_runtime.function_spec import FunctionSpec
from stepweave.local_cloud.lambda_runtime.host import FunctionHost
from stepweave.local_cloud.lambda_runtime.invocation import InvocationRefused, InvocationResult
from stepweave.local_cloud.lambda_runtime.moto_functions import function_spec

ACCOUNT: Final = "123456789012"
REGION: Final = "us-east-1"
_COLONS_WITHOUT_VERSION: Final = 7  # in "Function not found: arn:aws:lambda:region:account:function:name"


class MotoLambda:
    """moto's functions, called in this process."""

    def __init__(self, host: FunctionHost, store: CodeStore) -> None:
        self._host = host
        self._store = store

    @property
    def lets_callers_leave(self) -> bool:
        """Whether a `Caller` may be given: not where calls are intercepted."""
        return self._host.lets_callers_leave

    def invoke_function(  # noqa: PLR0913 - the parameters of lambda:Invoke
        self,
        function: str,
        payload: bytes,
        *,
        qualifier: str | None = None,
        trace_header: str | None = None,
        client_context: str | None = None,
        caller: Caller | None = None,
        account: str = ACCOUNT,
        region: str = REGION,
    ) -> InvocationResult:
        """Call a function that is in moto, and wait for its result: what Step Functions does for a task.

        Parameters
        ----------
        function : str
            Name or ARN, either with a qualifier (version or alias) or without. An ARN's account and region win over
            `account` and `region`.
        payload : bytes
            The event, JSON.
        trace_header : str, optional
            An X-Ray trace header, ``Root=...;Parent=...;Sampled=1``.
        caller : Caller, optional
            Who calls, if they may leave before the call has ended; only where `lets_callers_leave`.

        Returns
        -------
        InvocationResult
            ``payload`` is the result's JSON; or, if ``function_error`` is set, the error object, whose ``errorType``
            is the error's name in Step Functions.

        Raises
        ------
        InvocationRefused
            Where ``lambda:Invoke`` answers with an error: `ResourceNotFoundException`, `TooManyRequestsException` ...
            Make it a botocore error, where one is expected, by `client_error`.
        CallerLeftError
            If the caller left. The call goes on.
        """
        spec = self._spec(function, qualifier, account, region)
        return self._host.invoke(spec, payload, trace_header=trace_header, client_context=client_context, caller=caller)

    def queue_event(  # noqa: PLR0913 - the parameters of lambda:Invoke
        self,
        function: str,
        payload: bytes,
        *,
        qualifier: str | None = None,
        trace_header: str | None = None,
        account: str = ACCOUNT,
        region: str = REGION,
    ) -> str:
        """Queue an asynchronous event for a function; the id of the request. Raises `InvocationRefused`."""
        spec = self._spec(function, qualifier, account, region)
        return self._host.invoke_async(spec, payload, trace_header=trace_header)

    def check_invocable(
        self, function: str, *, qualifier: str | None = None, account: str = ACCOUNT, region: str = REGION
    ) -> None:
        """Raise `InvocationRefused` unless the function exists and could be called."""
        self._spec(function, qualifier, account, region)

    def _spec(self, function: str, qualifier: str | None, account: str, region: str) -> FunctionSpec:
        if function.startswith("arn:"):
            region, account = function.split(":")[3:5]
        try:
            found = called_version(lambda_backends[account][region], function, qualifier)
        except JsonRESTError as error:
            message = str(error.message)
            if message.startswith("Function not found: ") and message.count(":") == _COLONS_WITHOUT_VERSION:
                message += ":$LATEST"  # whoever names no version calls that one, and is told so
            raise InvocationRefused(error.error_type, message, error.code) from error
        spec = function_spec(found, self._store)
        given = qualifier or (function.split(":")[7] if function.count(":") == 7 else "")
        return spec if not given or given == "$LATEST" or given.isdigit() else replace(spec, alias=given)


def client_error(refused: InvocationRefused) -> ClientError:
    """The botocore error that a client's ``invoke`` would have raised."""
    return ClientError(
        {
            "Error": {"Code": refused.code, "Message": refused.message},
            "ResponseMetadata": {
                "RequestId": str(uuid.uuid4()),
                "HTTPStatusCode": refused.status,
                "HTTPHeaders": {},
                "RetryAttempts": 0,
                "HostId": "",
            },
        },
        "Invoke",
    )
