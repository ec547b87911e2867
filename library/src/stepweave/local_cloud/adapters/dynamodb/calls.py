"""Calls that read and write DynamoDB items take a direct way to moto's handler, one after the other.

Upstream defects: a conditional write is not atomic, so that of two callers who write at once both may see their
condition hold. And each call passes through a web framework, a parser and a serializer that walk every member of the
API's model: 3 ms, of which the work on the item is a tenth. A task makes two such calls at least.

The lock is for correctness, the direct way for speed: without it a task of the latency benchmark costs 25 % more CPU.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
import threading
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from stepweave.local_cloud.account import ACCOUNT_ID, REGION
from stepweave.local_cloud.identifiers import new_uuid

if TYPE_CHECKING:
    from moto.dynamodb.responses import DynamoHandler

    from stepweave.local_cloud.adapters.dynamodb.requests import TransactionTokens
    from stepweave.local_cloud.server import WsgiApplication

_TARGET: Final = "DynamoDB_20120810."
_METHODS: Final = {
    "BatchGetItem": "batch_get_item",
    "BatchWriteItem": "batch_write_item",
    "DeleteItem": "delete_item",
    "GetItem": "get_item",
    "PutItem": "put_item",
    "Query": "query",
    "Scan": "scan",
    "TransactGetItems": "transact_get_items",
    "TransactWriteItems": "transact_write_items",
    "UpdateItem": "update_item",
}
_BINARY: Final = (b'"B"', b'"BS"')
_CONTENT_TYPE: Final = "application/x-amz-json-1.0"
_ELSEWHERE: Final = ("HTTP_CONTENT_ENCODING", "HTTP_ORIGIN", "HTTP_X_MOTO_ACCOUNT_ID")


def direct_dynamodb_calls(application: WsgiApplication, prepare: Callable[[], None]) -> WsgiApplication:
    """Answer calls about DynamoDB items; leave all other requests to ``application``.

    Parameters
    ----------
    application
        Moto's.
    prepare
        Called before the first answer, to install what else adapts DynamoDB.
    """
    lock = threading.Lock()
    tokens: TransactionTokens | None = None  # when moto is there

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        nonlocal tokens
        target: str = environ.get("HTTP_X_AMZ_TARGET", "")
        method = _METHODS.get(target.removeprefix(_TARGET)) if target.startswith(_TARGET) else None
        if method is None or any(name in environ for name in _ELSEWHERE):
            return application(environ, start_response)
        stream = environ["wsgi.input"]
        content: bytes = stream.read()
        if tokens is None:
            prepare()
            from stepweave.local_cloud.adapters.dynamodb.requests import TransactionTokens  # noqa: PLC0415 - as below

            tokens = TransactionTokens()
        handler, operation = _handler(environ, target), target.removeprefix(_TARGET)
        has_binary = any(binary in content for binary in _BINARY)  # values that moto's parser decodes
        with nullcontext() if _triggers_functions(handler) else lock:
            answered = _refused_or_repeated(handler, operation, content, tokens)
            if answered is None and has_binary:
                content = json.dumps(handler.body).encode()
                again = {**environ, "wsgi.input": io.BytesIO(content), "CONTENT_LENGTH": str(len(content))}
                return list(application(again, start_response))
            status, body = answered or _call(handler, method, operation)
            if answered is None and status.startswith("200") and operation == "TransactWriteItems":
                tokens.done(handler.body)
        headers = [
            ("Content-Type", _CONTENT_TYPE),
            ("x-amz-crc32", str(binascii.crc32(body))),
            ("x-amzn-RequestId", new_uuid().upper()),
        ]
        start_response(status, headers)
        return [body]

    return answer


def _handler(environ: dict[str, Any], target: str) -> DynamoHandler:
    """Make moto's handler of a call, with as much of a request as its methods look at."""
    from moto.dynamodb.responses import DynamoHandler  # noqa: PLC0415 - moto loads a service when it is first used

    handler = DynamoHandler()
    handler.headers = {"x-amz-target": target, "Content-Type": _CONTENT_TYPE}
    handler.querystring = {}
    handler.response_headers = {}
    handler.current_account = ACCOUNT_ID
    handler.region = _region(environ.get("HTTP_AUTHORIZATION", ""))
    return handler


def _triggers_functions(handler: DynamoHandler) -> bool:
    """Tell whether moto may call a function in the middle of a write, which would wait for the lock for ever."""
    return any(table.lambda_event_source_mappings for table in handler.dynamodb_backend.tables.values())


def _region(authorization: str) -> str:
    """Return the region that a request was signed for."""
    scope = authorization.partition("Credential=")[2].split(",", 1)[0].split("/")
    return scope[2] if len(scope) == 5 else REGION


def _refused_or_repeated(
    handler: DynamoHandler, operation: str, content: bytes, tokens: TransactionTokens
) -> tuple[str, bytes] | None:
    """Read a call's parameters; answer it, if AWS refuses it or has done it before."""
    try:
        handler.body = handler.params = {
            name: value for name, value in json.loads(content or b"{}").items() if value is not None
        }
    except (ValueError, AttributeError):
        return "400 Bad Request", b'{"__type":"com.amazon.coral.service#SerializationException"}'
    from stepweave.local_cloud.adapters.dynamodb.requests import check_request  # noqa: PLC0415 - as above

    request = handler.body

    def check() -> dict[str, Any] | None:
        check_request(operation, request, handler.dynamodb_backend.tables.get)
        return {} if operation == "TransactWriteItems" and tokens.is_repeated(request) else None

    return _answered(handler, operation, check)


def _call(handler: DynamoHandler, method: str, operation: str) -> tuple[str, bytes]:
    from stepweave.local_cloud.adapters.dynamodb.answers import item_size, with_capacity  # noqa: PLC0415 - as above

    request = handler.body
    asks = request.get("ReturnConsumedCapacity", "NONE") != "NONE"
    table = handler.dynamodb_backend.tables.get(str(request.get("TableName", "")).rpartition("/")[2]) if asks else None
    key = request.get("Key") or request.get("Item")

    def call() -> dict[str, Any]:
        before = item_size(table, key)
        result: dict[str, Any] = getattr(handler, method)().result or {}
        return with_capacity(operation, request, result, (before, item_size(table, key)))

    answered = _answered(handler, operation, call)
    if answered is None:
        raise AssertionError("a call has a result")
    return answered


def _answered(
    handler: DynamoHandler, operation: str, call: Callable[[], dict[str, Any] | None]
) -> tuple[str, bytes] | None:
    """Return the answer that a result or an error stands for; None if there is neither."""
    from moto.core.exceptions import ServiceException  # noqa: PLC0415 - as above
    from moto.core.responses import ActionResult  # noqa: PLC0415 - as above
    from werkzeug.exceptions import HTTPException  # noqa: PLC0415 - as above

    try:
        result = call()
    except ServiceException as error:
        status, _, body = handler.serialized(ActionResult(error))
        return _error(status, body)
    except HTTPException as error:
        return _error(error.code or HTTPStatus.BAD_REQUEST, error.description)
    if result is None:
        return None
    known = _members(operation)
    answer = {name: value for name, value in result.items() if name in known and value is not None}
    return "200 OK", json.dumps(answer, default=_binary, separators=(",", ":")).encode()


def _error(status: int, body: str | bytes | None) -> tuple[str, bytes]:
    from stepweave.local_cloud.adapters.dynamodb.answers import reworded  # noqa: PLC0415 - as above

    described = json.loads(body or "{}")
    if "message" in described:
        described["message"] = reworded(described["message"])
    return f"{status} {HTTPStatus(status).phrase}", json.dumps(described, default=_binary).encode()


@cache
def _members(operation: str) -> frozenset[str]:
    """Return the names of what an operation answers; moto's results hold more."""
    from moto.core.utils import get_service_model  # noqa: PLC0415 - as above

    shape = get_service_model("dynamodb").operation_model(operation).output_shape
    return frozenset(shape.members)


def _binary(value: object) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"{type(value).__name__} is no value of DynamoDB")
