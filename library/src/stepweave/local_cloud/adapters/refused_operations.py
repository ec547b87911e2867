"""What a service cannot do it refuses by name, in its own protocol.

Upstream defects: an operation that is missing is answered by an exception of Python's, by a web page that says "Not
Found", or by nothing at all; and a request that lacks what its operation requires, or that upstream is not made for,
ends in a `KeyError`. What SDKs make of these is an error without a name, after several attempts.

This is the one rule for every operation of every service:

- AWS has no such operation: ``UnknownOperationException``, or ``InvalidAction`` where the action is a parameter.
- It is there and upstream failed, and the request is not what the API's model asks for: ``ValidationException``.
- Else the local cloud cannot do it: ``NotImplemented``, with the HTTP status 501, which no SDK tries again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final

from botocore.validate import ParamValidator

from stepweave.local_cloud.adapters.paged_lists import has_token, invalid_token
from stepweave.local_cloud.api_call import Answer, ApiCall
from stepweave.local_cloud.request_problems import request_problem
from stepweave.local_cloud.server import WsgiApplication

NOT_IMPLEMENTED: Final = "NotImplemented"
_LOG = logging.getLogger(__name__)
_PAGE: Final = b"<!doctype html"
_NOTHING: Final = frozenset({404, 405})


class UnsupportedError(Exception):
    """An adapter is asked for something that it knows and cannot do; its text says what."""


def refused_operations(application: WsgiApplication) -> WsgiApplication:
    """Answer for an application where it has no answer of its own.

    Parameters
    ----------
    application
        Moto's. It may raise.
    """

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        begun: list[tuple[str, list[tuple[str, str]]]] = []

        def begin(status: str, headers: list[tuple[str, str]], _exc_info: object = None) -> None:
            begun.append((status, headers))

        try:
            content = _content(application(environ, begin))
            status, headers = begun[-1]
            given = None if _is_no_answer(environ, status, content) else (status, headers, content)
        except Exception as error:
            if request_problem(environ, error) is not None:
                raise  # the server answers it
            given = refusal(environ, error)
        status, headers, content = given or refusal(environ, NotImplementedError())
        start_response(status, headers)
        return [content]

    return answer


def refusal(environ: dict[str, Any], error: Exception) -> Answer:  # noqa: PLR0911 - one for each rule
    """Return the answer to a request that a service failed to answer."""
    call = ApiCall.of(environ)
    name = f"{call.service}:{call.asked}"
    respond: Callable[[str], Answer] = partial(call.error, NOT_IMPLEMENTED, 501)
    match error:
        case UnsupportedError():
            return respond(f"The local cloud cannot do this in {name}: {error}")
        case _ if not call.operation and call.protocol in {"query", "ec2"}:
            message = f"The action {call.asked} is not valid for this web service ({call.service})."
            return call.error("InvalidAction", 400, message)
        case _ if not call.operation and call.protocol == "json":
            return call.error("UnknownOperationException", 400, f"There is no operation {name}.")
        case NotImplementedError():
            return respond(f"The local cloud does not implement {name}.")
    parameters = _parameters(call, environ)
    if problem := _problem(call, parameters):
        return call.error("ValidationException", 400, problem)
    if has_token(call, parameters):
        return invalid_token(call)
    _LOG.error("a request failed: %s", name, exc_info=error)
    return respond(f"The local cloud cannot answer this request of {name}; its log says why.")


def _content(answer: Iterable[bytes]) -> bytes:
    try:
        return b"".join(answer)
    finally:
        close = getattr(answer, "close", None)
        if close is not None:
            close()


def _is_no_answer(environ: dict[str, Any], status: str, content: bytes) -> bool:
    """Tell whether a web framework or a dispatcher answered, which found nobody to do so."""
    if int(status[:3]) not in _NOTHING or environ["REQUEST_METHOD"] == "HEAD":
        return False
    return not content or content[: len(_PAGE)].lower() == _PAGE


def _parameters(call: ApiCall, environ: dict[str, Any]) -> dict[str, Any]:
    try:
        parameters: dict[str, Any] = call.parameters(environ)
    except Exception:  # noqa: BLE001 - whatever a request holds; upstream's parser may fail, too
        return {}
    return parameters


def _problem(call: ApiCall, parameters: dict[str, Any]) -> str:
    """Return what the API's model does not allow of parameters; empty if it allows all."""
    from moto.core.utils import get_service_model  # noqa: PLC0415 - moto takes a second

    if not call.operation:
        return ""
    shape = get_service_model(call.service).operation_model(call.operation).input_shape
    if shape is None:
        return ""
    report = ParamValidator().validate(parameters, shape)
    return str(report.generate_report()) if report.has_errors() else ""
