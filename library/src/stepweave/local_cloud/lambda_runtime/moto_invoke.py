"""The HTTP operation ``lambda:Invoke`` of moto's server.

Upstream defects: the qualifier is not read; an event (``InvocationType=Event``) runs within the call; limits, error
shapes and the headers ``X-Amz-Executed-Version`` and ``X-Amz-Function-Error`` are not AWS's.
"""

import base64
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from moto.awslambda.responses import LambdaResponse
from moto.core.exceptions import JsonRESTError

from stepweave.local_cloud.lambda_runtime.invocation import InvocationRefused, InvocationResult
from stepweave.local_cloud.lambda_runtime.moto_lambda import MotoLambda

HttpAnswer = tuple[int, dict[str, str], bytes]


class RefusedError(JsonRESTError):  # type: ignore[misc]
    """An `InvocationRefused` as moto answers it."""

    def __init__(self, refused: InvocationRefused) -> None:
        super().__init__(refused.code, refused.message)
        self.code = refused.status
        body = {"Type": "User", "message": refused.message}
        if refused.reason is not None:
            body["Reason"] = refused.reason
        self.description = json.dumps(body)


def answer_invoke(response: LambdaResponse, functions: MotoLambda) -> HttpAnswer:
    """Answer one request, which `response` holds. Raises `RefusedError`."""
    headers = {str(name).lower(): str(value) for name, value in response.headers.items()}
    target: dict[str, Any] = {
        "function": unquote(response.path.rstrip("/").rsplit("/", 2)[-2]),
        "qualifier": response.querystring.get("Qualifier", [None])[0],
        "account": response.current_account,
        "region": response.region,
    }
    try:
        payload = _payload(response.body)
        match headers.get("x-amz-invocation-type", "RequestResponse"):
            case "DryRun":
                functions.check_invocable(**target)
                return 204, {"status": "204"}, b""
            case "Event":
                functions.queue_event(payload=payload, trace_header=headers.get("x-amzn-trace-id"), **target)
                return 202, {"status": "202"}, b""
            case _:
                result = functions.invoke_function(
                    payload=payload,
                    trace_header=headers.get("x-amzn-trace-id"),
                    client_context=_client_context(headers),
                    **target,
                )
    except InvocationRefused as refused:
        raise RefusedError(refused) from refused
    return 200, _result_headers(result, headers.get("x-amz-log-type") == "Tail"), result.payload


def _result_headers(result: InvocationResult, with_log: bool) -> dict[str, str]:
    headers = {
        "status": "200",
        "content-type": "application/json",
        "x-amz-executed-version": result.executed_version,
    }
    if result.function_error is not None:
        headers["x-amz-function-error"] = result.function_error
    if with_log:
        headers["x-amz-log-result"] = result.log_result
    return headers


def _payload(body: str | bytes | None) -> bytes:
    payload = body.encode() if isinstance(body, str) else body or b""
    if payload.strip():
        try:
            json.loads(payload)
        except ValueError as error:
            message = f"Could not parse request body into json: Could not parse payload into json: {error}"
            raise InvocationRefused("InvalidRequestContentException", message, 400) from error
    return payload


def _client_context(headers: Mapping[str, str]) -> str | None:
    encoded = headers.get("x-amz-client-context")
    if encoded is None:
        return None
    try:
        context = json.loads(base64.b64decode(encoded, validate=True))
    except ValueError as error:
        message = "Client context must be a valid Base64-encoded JSON object."
        raise InvocationRefused("InvalidRequestContentException", message, 400) from error
    return json.dumps(context)
