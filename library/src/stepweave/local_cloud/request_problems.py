"""Tells whether a request failed because of what the client sent: then the client is at fault, and not the service.

Services look at requests in many places and answer for few of the ways in which one can be wrong. A request is looked at
here only after a service has failed, so that those which are answered pay nothing.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import IO, TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, unquote
from xml.parsers import expat

if TYPE_CHECKING:
    from botocore.model import OperationModel, ServiceModel, Shape

_FORM: Final = "application/x-www-form-urlencoded"
_AUTHORIZATION: Final = re.compile(
    r"AWS4-HMAC-SHA256\s+Credential=[^/,\s]+/\d{8}/(?P<region>[a-z0-9-]+)/(?P<service>[a-z0-9.-]+)/aws4_request,.*",
    re.ASCII,
)
_API_NAMES: Final = {
    "states": "stepfunctions",
    "monitoring": "cloudwatch",
    "email": "ses",
    "tagging": "resourcegroupstaggingapi",
}
"""The names of services in their API's models that are not those in signatures."""

_READS_REQUESTS: Final = frozenset({"moto.core.parse", "moto.moto_server.werkzeug_app", "moto.core.request"})
"""What does nothing but read requests: where it fails, the request cannot be read."""


@dataclass(frozen=True)
class RequestProblem:
    """What is wrong with a request, in AWS's words.

    Attributes
    ----------
    code
        The error's name.
    message
        What is wrong.
    status
        The answer's.
    """

    code: str
    message: str
    status: HTTPStatus = HTTPStatus.BAD_REQUEST


def request_problem(environ: dict[str, Any], error: Exception) -> RequestProblem | None:
    """Return what is wrong with a request that a service failed to answer, or None if nothing is.

    Parameters
    ----------
    environ
        The request's WSGI environment; its input can be read from its beginning again.
    error
        What the service raised.

    Example
    -------
    >>> import io
    >>> environ = {"CONTENT_TYPE": "application/x-amz-json-1.0", "wsgi.input": io.BytesIO(b"[1]")}
    >>> request_problem(environ, AttributeError("get")).message
    'the body is not a JSON object'
    """
    scope = _AUTHORIZATION.fullmatch(environ.get("HTTP_AUTHORIZATION", ""))
    if "HTTP_AUTHORIZATION" in environ and scope is None:
        return RequestProblem("IncompleteSignature", "the Authorization header is not one of signature version 4")
    if (text := _text_problem(environ)) is not None:
        return RequestProblem("InvalidRequest", text)
    body, service, raised_in = _body(environ), _service(environ), _raised_in(error)
    if (text := _body_problem(environ, body, error)) is not None:
        return RequestProblem("MalformedXML" if service == "s3" else "SerializationException", text)
    model = _model(service)
    if model is None and service not in _moto_services():
        return RequestProblem("UnrecognizedClientException", f"the local cloud has no service {service}")
    if scope is not None and raised_in == "moto.core.base_backend":
        return RequestProblem("UnrecognizedClientException", f"{service} has no region {scope['region']}")
    if model is not None and (problem := _input_problem(environ, model, body, error)) is not None:
        return problem
    if isinstance(error, NotImplementedError):
        return RequestProblem("NotImplemented", f"the local cloud cannot do this: {error}", HTTPStatus.NOT_IMPLEMENTED)
    if isinstance(error, KeyError) and str(error.args[0]).startswith("HTTP_"):
        header = str(error.args[0]).removeprefix("HTTP_").replace("_", "-").lower()
        return RequestProblem("InvalidRequest", f"the header {header} is missing")
    if raised_in in _READS_REQUESTS or isinstance(error, UnicodeError | expat.ExpatError | json.JSONDecodeError):
        return RequestProblem("SerializationException", f"the request cannot be read: {error}")
    return None


def error_answer(environ: dict[str, Any], problem: RequestProblem) -> tuple[str, list[tuple[str, str]], bytes]:
    """Return a problem as the service says it that the request is for: status line, headers and body."""
    status = f"{problem.status.value} {problem.status.phrase}"
    model = _model(_service(environ))
    protocol = None if model is None else model.protocol
    is_form = environ.get("CONTENT_TYPE", "").lower().startswith(_FORM)
    if "HTTP_X_AMZ_TARGET" not in environ and (protocol in {"query", "ec2", "rest-xml"} or is_form):
        code, message = _xml(problem.code), _xml(problem.message)
        text = f"<Code>{code}</Code><Message>{message}</Message>"
        text = (
            f"<Error>{text}</Error>"
            if protocol == "rest-xml"
            else f"<ErrorResponse><Error><Type>Sender</Type>{text}</Error></ErrorResponse>"
        )
        return status, [("Content-Type", "text/xml")], text.encode("utf-8", "replace")
    content = json.dumps({"__type": problem.code, "message": problem.message}).encode()
    return status, [("Content-Type", "application/x-amz-json-1.0"), ("x-amzn-ErrorType", problem.code)], content


def _body(environ: dict[str, Any]) -> bytes:
    stream: IO[bytes] | None = environ.get("wsgi.input")
    if stream is None or stream.closed or not stream.seekable():
        return b""
    stream.seek(0)
    return stream.read()


def _text_problem(environ: dict[str, Any]) -> str | None:
    for part, text in (("path", environ.get("PATH_INFO", "")), ("query", environ.get("QUERY_STRING", ""))):
        try:
            unquote(text, "latin-1").encode("latin-1").decode()
        except UnicodeError as error:
            return f"the {part} is not UTF-8: {error}"
        if "\0" in unquote(text):
            return f"the {part} has a null character"
    return None


def _body_problem(environ: dict[str, Any], body: bytes, error: Exception) -> str | None:
    if isinstance(error, RecursionError):
        return "the body is nested too deeply"
    if "HTTP_CONTENT_ENCODING" in environ and isinstance(error, OSError | EOFError):
        return f"the body is not encoded as it says: {error}"
    kind = environ.get("CONTENT_TYPE", "").lower()
    if not body:
        return None
    if "json" in kind:
        return _json_problem(body)
    try:
        if kind.startswith(_FORM):
            unquote(body.decode(), errors="strict")
        elif body.lstrip().startswith(b"<"):
            expat.ParserCreate().Parse(body, True)
    except UnicodeError as problem:
        return f"the body is not UTF-8: {problem}"
    except (expat.ExpatError, LookupError, ValueError) as problem:
        return f"the body is not XML: {problem}"
    return None


def _json_problem(body: bytes) -> str | None:
    try:
        value = json.loads(body)
    except RecursionError:
        return "the body is nested too deeply"
    except ValueError as error:
        return f"the body is not JSON: {error}"
    return None if isinstance(value, dict) else "the body is not a JSON object"


def _service(environ: dict[str, Any]) -> str:
    """Return the name of the service that a request is for, in signatures; what is not signed is for S3."""
    scope = _AUTHORIZATION.fullmatch(environ.get("HTTP_AUTHORIZATION", ""))
    return "s3" if scope is None else scope["service"]


def _input_problem(
    environ: dict[str, Any], model: ServiceModel, body: bytes, error: Exception
) -> RequestProblem | None:
    """Return what is wrong with the operation or the members of a request by the API's model."""
    is_form = environ.get("CONTENT_TYPE", "").lower().startswith(_FORM)
    target = environ.get("HTTP_X_AMZ_TARGET")
    if target is not None:
        prefix, _, name = target.rpartition(".")
        if name not in model.operation_names or prefix != model.metadata.get("targetPrefix", prefix):
            return RequestProblem("UnknownOperationException", f"{model.service_name} has no operation {target}")
        shape = model.operation_model(name).input_shape
        return None if shape is None else _members_problem({"": shape}, {"": json.loads(body or b"{}")})
    if is_form or not model.protocol.startswith("rest"):
        given = dict(parse_qsl(environ.get("QUERY_STRING", "")))
        if is_form and environ.get("REQUEST_METHOD") == "POST":
            given |= dict(parse_qsl(body.decode()))
        name = given.get("Action", "")
        if name not in model.operation_names:
            return RequestProblem("InvalidAction", f"{model.service_name} has no action {name!r}")
        shape = model.operation_model(name).input_shape
        names = {each.partition(".")[0] for each in given}
        lacking = [] if shape is None else [each for each in shape.required_members if each not in names]
        if isinstance(error, KeyError) and shape is not None and error.args[0] in _required(shape, set()):
            lacking.append(error.args[0])
        if lacking:
            return RequestProblem("ValidationError", f"missing: {', '.join(lacking)}")
        unknown = names - {"Action", "Version"} - (set() if shape is None else shape.members.keys())
        return RequestProblem("ValidationError", f"unknown: {', '.join(sorted(unknown))}") if unknown else None
    operation = _rest_operation(model, environ)
    method, path = environ.get("REQUEST_METHOD"), environ.get("PATH_INFO")
    if operation is None and method is not None:
        message = f"{model.service_name} has no operation {method} {path}"
        return RequestProblem("MethodNotAllowed", message, HTTPStatus.METHOD_NOT_ALLOWED)
    shape = None if operation is None else operation.input_shape
    if operation is None or shape is None:
        return None
    if model.protocol == "rest-xml":
        return _root_problem(shape, body)
    if (payload := shape.serialization.get("payload")) is not None:
        return _members_problem({"": shape.members[payload]}, {"": body})
    in_body = {
        member.serialization.get("name", name): member
        for name, member in shape.members.items()
        if "location" not in member.serialization
    }
    given = json.loads(body or b"{}") if in_body else {}
    lacking = [name for name in shape.required_members if name in in_body and given.get(name) is None]
    if lacking:
        return RequestProblem("ValidationException", f"missing: {', '.join(lacking)}")
    return _members_problem(in_body, given)


def _members_problem(shapes: dict[str, Shape], given: dict[str, Any]) -> RequestProblem | None:
    from botocore.validate import ParamValidator  # noqa: PLC0415 - takes a while to import

    for name, shape in shapes.items():
        if given.get(name) is not None:
            report = ParamValidator().validate(given[name], shape)
            if report.has_errors():
                return RequestProblem("ValidationException", f"{name}: {report.generate_report()}".removeprefix(": "))
    return None


def _root_problem(shape: Any, body: bytes) -> RequestProblem | None:
    payload = shape.members.get(shape.serialization.get("payload"))
    if payload is None or payload.type_name != "structure":
        return None
    wanted = payload.serialization.get("name", payload.name)
    found = re.search(rb"<(?:[\w.-]+:)?([\w.-]+)", re.sub(rb"<[?!][^>]*>", b"", body))
    if found is not None and found[1].decode() == wanted:
        return None
    return RequestProblem("MalformedXML", f"the body is not a {wanted}")


def _required(shape: Any, seen: set[str]) -> set[str]:
    """Return the names of the members that a shape or one in it requires."""
    if shape.name in seen:
        return set()
    seen.add(shape.name)
    inner = list(getattr(shape, "members", {}).values()) if shape.type_name == "structure" else []
    inner += [shape.member] if shape.type_name == "list" else [shape.value] if shape.type_name == "map" else []
    return set(getattr(shape, "required_members", ())).union(*(_required(each, seen) for each in inner))


@cache
def _model(service: str) -> ServiceModel | None:
    from botocore.exceptions import UnknownServiceError  # noqa: PLC0415 - as above
    from moto.core.utils import get_service_model  # noqa: PLC0415 - as above

    try:
        model: ServiceModel = get_service_model(_API_NAMES.get(service, service))
    except UnknownServiceError:
        return None
    return model


@cache
def _moto_services() -> frozenset[str]:
    from moto.backends import list_of_moto_modules  # noqa: PLC0415 - as above

    return frozenset(list_of_moto_modules())


def _rest_operation(model: ServiceModel, environ: dict[str, Any]) -> OperationModel | None:
    """Return the operation of a method, a path and a query: of those that match, the one that asks for most of it."""
    keys = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)).keys()
    found: list[tuple[int, OperationModel]] = []
    for name in model.operation_names:
        operation = model.operation_model(name)
        uri, _, query = operation.http.get("requestUri", "/").partition("?")
        shape = operation.input_shape
        members = [] if shape is None else [shape.members[each].serialization for each in shape.required_members]
        wanted = dict(parse_qsl(query, keep_blank_values=True)).keys()
        wanted |= {each["name"] for each in members if each.get("location") == "querystring"}
        pattern = "".join(
            (".+" if part.endswith("+}") else "[^/]+") if part.startswith("{") else re.escape(part)
            for part in re.split(r"(\{[^}]+\})", uri.rstrip("/"))
        )
        path = environ.get("PATH_INFO", "").rstrip("/")
        if operation.http.get("method") == environ.get("REQUEST_METHOD") and re.fullmatch(pattern, path):
            if wanted <= keys:
                found.append((len(wanted), operation))
    return max(found, key=lambda each: each[0])[1] if found else None


def _raised_in(error: Exception) -> str:
    """Return the module, of moto's or of ours, that an error comes from."""
    trace, modules = error.__traceback__, []
    while trace is not None:
        modules.append(trace.tb_frame.f_globals.get("__name__", ""))
        trace = trace.tb_next
    return next((each for each in reversed(modules) if each.startswith(("moto.", "stepweave."))), "")


def _xml(text: str) -> str:
    legal = re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", text)
    return legal.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
