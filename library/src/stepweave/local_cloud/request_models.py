"""Compares requests with AWS's models of its APIs, as botocore has them."""

from __future__ import annotations

import json
import re
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl
from xml.etree import ElementTree

if TYPE_CHECKING:
    from botocore.model import OperationModel, ServiceModel

FORM: Final = "application/x-www-form-urlencoded"
AUTHORIZATION: Final = re.compile(
    r"AWS4-HMAC-SHA256\s+Credential=[^/,\s]+/\d{8}/(?P<region>[a-z0-9-]+)/(?P<service>[a-z0-9.-]+)/aws4_request,.*",
    re.ASCII,
)
_API_NAMES: Final = {"states": "stepfunctions", "monitoring": "cloudwatch", "email": "ses"}
"""The names of APIs that are not those in signatures."""


class RequestProblem(Exception):  # noqa: N818 - it is what AWS calls an error, and the client's
    """What is wrong with a request.

    Attributes
    ----------
    code
        The error's name.
    message
        What is wrong.
    status
        The answer's.
    """

    def __init__(self, code: str, message: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.status = status


def service_of(environ: dict[str, Any]) -> str:
    """Return the name of the service that a request is for, in signatures; what is not signed is for S3."""
    scope = AUTHORIZATION.fullmatch(environ.get("HTTP_AUTHORIZATION", ""))
    return "s3" if scope is None else scope["service"]


@cache
def api_model(service: str) -> ServiceModel | None:
    """Return the model of a service's API, or None if it is not known."""
    from botocore.exceptions import UnknownServiceError  # noqa: PLC0415 - moto and botocore take a while to import
    from moto.core.utils import get_service_model  # noqa: PLC0415 - as above

    try:
        model: ServiceModel = get_service_model(_API_NAMES.get(service, service))
    except UnknownServiceError:
        return None
    return model


def check_input(environ: dict[str, Any], body: bytes, error: Exception) -> None:
    """Make sure that a request asks for an operation of its service, with the members that this takes.

    Parameters
    ----------
    environ
        The request's WSGI environment.
    body
        Its body.
    error
        What the service raised.

    Raises
    ------
    RequestProblem
        If it does not.
    """
    from moto.backends import list_of_moto_modules  # noqa: PLC0415 - as above

    service = service_of(environ)
    model = api_model(service)
    if model is None:
        if service not in list_of_moto_modules():
            raise RequestProblem("UnrecognizedClientException", f"the local cloud has no service {service}")
    elif "HTTP_X_AMZ_TARGET" in environ:
        _check_target(model, environ["HTTP_X_AMZ_TARGET"], body)
    elif environ.get("CONTENT_TYPE", "").lower().startswith(FORM) or not model.protocol.startswith("rest"):
        _check_form(model, environ, body, error)
    elif "REQUEST_METHOD" in environ:
        _check_rest(model, environ, body)


def _check_target(model: ServiceModel, target: str, body: bytes) -> None:
    prefix, _, name = target.rpartition(".")
    if name not in model.operation_names or prefix != model.metadata.get("targetPrefix", prefix):
        raise RequestProblem("UnknownOperationException", f"{model.service_name} has no operation {target}")
    shape = model.operation_model(name).input_shape
    if shape is not None:
        _check_value("the request", json.loads(body or b"{}"), shape)


def _check_form(model: ServiceModel, environ: dict[str, Any], body: bytes, error: Exception) -> None:
    given = dict(parse_qsl(environ.get("QUERY_STRING", "")))
    if environ.get("REQUEST_METHOD") == "POST" and environ.get("CONTENT_TYPE", "").lower().startswith(FORM):
        given |= dict(parse_qsl(body.decode()))
    name = given.get("Action", "")
    if name not in model.operation_names:
        raise RequestProblem("InvalidAction", f"{model.service_name} has no action {name!r}")
    shape: Any = model.operation_model(name).input_shape
    names = {each.partition(".")[0] for each in given} - {"Action", "Version"}
    lacking = [] if shape is None else [each for each in shape.required_members if each not in names]
    if isinstance(error, KeyError) and shape is not None and error.args[0] in _required(shape, set()):
        lacking.append(error.args[0])
    if lacking:
        raise RequestProblem("ValidationError", f"missing: {', '.join(lacking)}")
    if unknown := names - (set() if shape is None else shape.members.keys()):
        raise RequestProblem("ValidationError", f"unknown: {', '.join(sorted(unknown))}")


def _check_rest(model: ServiceModel, environ: dict[str, Any], body: bytes) -> None:
    operation = _rest_operation(model, environ)
    if operation is None:
        message = f"{model.service_name} has no operation {environ['REQUEST_METHOD']} {environ.get('PATH_INFO')}"
        raise RequestProblem("MethodNotAllowed", message, HTTPStatus.METHOD_NOT_ALLOWED)
    shape: Any = operation.input_shape
    if shape is None:
        return
    for member in shape.members.values():
        header, pattern = _header_key(member.serialization), member.metadata.get("pattern")
        if header in environ and pattern is not None and re.fullmatch(pattern, environ[header]) is None:
            raise RequestProblem("InvalidArgument", f"{member.serialization['name']} is not as it must be")
    if "payload" in shape.serialization:
        payload = shape.members[shape.serialization["payload"]]
        if model.protocol == "rest-xml" and payload.type_name == "structure":
            _check_xml(payload, body)
        return
    members = {
        member.serialization.get("name", name): member
        for name, member in shape.members.items()
        if "location" not in member.serialization
    }
    if members and model.protocol == "rest-json":
        _check_json(members, [each for each in shape.required_members if each in members], body)


def _check_json(members: dict[str, Any], required: list[str], body: bytes) -> None:
    try:
        given = json.loads(body or b"{}")
    except ValueError as error:
        raise RequestProblem("SerializationException", f"the body is not JSON: {error}") from error
    if not isinstance(given, dict):
        raise RequestProblem("SerializationException", "the body is not a JSON object")
    for name, member in members.items():
        if given.get(name) is not None:
            _check_value(name, given[name], member)
        elif name in required:
            raise RequestProblem("ValidationException", f"{name} is missing")


def _check_value(name: str, value: Any, shape: Any) -> None:
    from botocore.validate import ParamValidator  # noqa: PLC0415 - as above

    report = ParamValidator().validate(value, shape)
    if report.has_errors():
        raise RequestProblem("ValidationException", f"{name}: {report.generate_report()}")
    _check_choices(value, shape)


def _check_choices(value: Any, shape: Any) -> None:
    """Make sure that a value of DynamoDB is one: its model, in which all kinds are optional, lets it be none."""
    if shape.type_name == "list":
        for each in value:
            _check_choices(each, shape.member)
    elif shape.type_name == "map":
        for each in value.values():
            _check_choices(each, shape.value)
    elif shape.type_name == "structure":
        if shape.name == "AttributeValue" and len(value) != 1:
            raise RequestProblem("ValidationException", "Supplied AttributeValue has none or several of the datatypes")
        for name, member in shape.members.items():
            if value.get(name) is not None:
                _check_choices(value[name], member)


def _check_xml(shape: Any, body: bytes) -> None:
    try:
        root = ElementTree.fromstring(body) if body else None  # noqa: S314 - expat bounds what entities make
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise RequestProblem("MalformedXML", f"the body is not XML: {error}") from error
    wanted = shape.serialization.get("name", shape.name)
    if root is None or _tag(root) != wanted:
        raise RequestProblem("MalformedXML", f"the body is not a {wanted}")
    _check_element(root, shape)


def _check_element(element: Any, shape: Any) -> None:
    if shape.type_name == "list":
        for each in [element] if shape.serialization.get("flattened") else element:
            _check_element(each, shape.member)
    if shape.type_name != "structure":
        return
    for name, member in shape.members.items():
        tag = member.serialization.get("name", name)
        inner = [each for each in element if _tag(each) == tag]
        if not inner and name in shape.required_members:
            raise RequestProblem("MalformedXML", f"{_tag(element)} has no {tag}")
        for each in inner:
            _check_element(each, member)


def _tag(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _required(shape: Any, seen: set[str]) -> set[str]:
    """Return the names of the members that a shape or one in it requires."""
    if shape.name in seen:
        return set()
    seen.add(shape.name)
    inner = list(shape.members.values()) if shape.type_name == "structure" else []
    inner += [shape.member] if shape.type_name == "list" else [shape.value] if shape.type_name == "map" else []
    return set(getattr(shape, "required_members", ())).union(*(_required(each, seen) for each in inner))


def _rest_operation(model: ServiceModel, environ: dict[str, Any]) -> OperationModel | None:
    """Return the operation of a method, a path and a query: of those that match, the one that asks for most of it."""
    given = {*environ, *dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))}
    path = environ.get("PATH_INFO", "").rstrip("/")
    bucket, is_in_name, _ = environ.get("HTTP_HOST", "").partition(".localhost")
    if is_in_name:  # as S3's clients may say it; a path begins with it in the model
        path = f"/{bucket}{path}"
    found: list[tuple[int, OperationModel]] = []
    for name in model.operation_names:
        operation = model.operation_model(name)
        uri, _, query = operation.http.get("requestUri", "/").partition("?")
        shape: Any = operation.input_shape
        members = [] if shape is None else [shape.members[each].serialization for each in shape.required_members]
        wanted = {*dict(parse_qsl(query, keep_blank_values=True))}
        wanted |= {each["name"] for each in members if each.get("location") == "querystring"}
        wanted |= {key for each in members if (key := _header_key(each)) is not None}
        is_method = operation.http.get("method") == environ["REQUEST_METHOD"]
        if is_method and wanted <= given and re.fullmatch(_pattern(uri.rstrip("/")), path):
            found.append((len(wanted), operation))
    return max(found, key=lambda each: each[0])[1] if found else None


def _pattern(uri: str) -> str:
    parts = re.split(r"(\{[^}]+\})", uri)
    return "".join((".+" if "+" in each else "[^/]+") if each.startswith("{") else re.escape(each) for each in parts)


def _header_key(serialization: dict[str, Any]) -> str | None:
    """Return the name by which WSGI has the header that a member of a request is in, or None if it is in none."""
    if serialization.get("location") != "header":
        return None
    return "HTTP_" + str(serialization["name"]).upper().replace("-", "_")
