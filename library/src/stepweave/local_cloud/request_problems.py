"""Tells whether a request failed because of what the client sent: then the client is at fault, and not the service.

Services look at requests in many places, and answer for few of the ways in which one can be wrong. A request is looked
at here only after a service has failed, so that those which are answered pay nothing.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import IO, Any, Final
from urllib.parse import unquote
from xml.parsers import expat

from stepweave.local_cloud.request_models import AUTHORIZATION, FORM, RequestProblem, api_model, check_input, service_of

_READS_REQUESTS: Final = frozenset(
    {"moto.core.parse", "moto.core.request", "moto.dynamodb.models.dynamo_type", "moto.moto_server.werkzeug_app"}
)
"""What does nothing but read requests, or values in them: where it fails, the request cannot be read."""


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
    body = _body(environ)
    try:
        _check_signature(environ, error)
        _check_text(environ)
        _check_encoding(environ, error)
        _check_body(environ, body)
        check_input(environ, body, error)
        _check_error(error)
    except RequestProblem as problem:
        return problem
    return None


def error_answer(environ: dict[str, Any], problem: RequestProblem) -> tuple[str, list[tuple[str, str]], bytes]:
    """Return a problem as the service says it that the request is for: status line, headers and body."""
    status = f"{problem.status.value} {problem.status.phrase}"
    model = api_model(service_of(environ))
    protocol = "" if model is None else model.protocol
    is_form = environ.get("CONTENT_TYPE", "").lower().startswith(FORM)
    if "HTTP_X_AMZ_TARGET" in environ or not (is_form or protocol in {"query", "ec2", "rest-xml"}):
        content = json.dumps({"__type": problem.code, "message": problem.message}).encode()
        return status, [("Content-Type", "application/x-amz-json-1.0"), ("x-amzn-ErrorType", problem.code)], content
    text = f"<Code>{_xml(problem.code)}</Code><Message>{_xml(problem.message)}</Message>"
    if protocol == "rest-xml":
        text = f"<Error>{text}</Error>"
    else:
        text = f"<ErrorResponse><Error><Type>Sender</Type>{text}</Error></ErrorResponse>"
    return status, [("Content-Type", "text/xml")], text.encode("utf-8", "replace")


def _body(environ: dict[str, Any]) -> bytes:
    stream: IO[bytes] | None = environ.get("wsgi.input")
    if stream is None or stream.closed or not stream.seekable():
        return b""
    stream.seek(0)
    return stream.read()


def _check_signature(environ: dict[str, Any], error: Exception) -> None:
    if "HTTP_AUTHORIZATION" not in environ:
        return
    scope = AUTHORIZATION.fullmatch(environ["HTTP_AUTHORIZATION"])
    if scope is None:
        raise RequestProblem("IncompleteSignature", "the Authorization header is not one of signature version 4")
    if _raised_in(error) == "moto.core.base_backend":
        raise RequestProblem("UnrecognizedClientException", f"{scope['service']} has no region {scope['region']}")


def _check_text(environ: dict[str, Any]) -> None:
    for part, text in (("path", environ.get("PATH_INFO", "")), ("query", environ.get("QUERY_STRING", ""))):
        try:
            read = unquote(text, "latin-1").encode("latin-1").decode()
        except UnicodeError as error:
            raise RequestProblem("InvalidRequest", f"the {part} is not UTF-8: {error}") from error
        if "\0" in read:
            raise RequestProblem("InvalidRequest", f"the {part} has a null character")


def _check_encoding(environ: dict[str, Any], error: Exception) -> None:
    if isinstance(error, RecursionError):
        raise RequestProblem("SerializationException", "the body is nested too deeply")
    if "HTTP_CONTENT_ENCODING" in environ and isinstance(error, OSError | EOFError):
        raise RequestProblem("SerializationException", f"the body is not encoded as it says: {error}")


def _check_body(environ: dict[str, Any], body: bytes) -> None:
    kind = environ.get("CONTENT_TYPE", "").lower()
    code = "MalformedXML" if service_of(environ) == "s3" else "SerializationException"
    try:
        if "json" in kind and body:
            if not isinstance(json.loads(body), dict):
                raise RequestProblem("SerializationException", "the body is not a JSON object")
        elif kind.startswith(FORM):
            unquote(body.decode(), errors="strict")
        elif body.lstrip().startswith(b"<"):
            expat.ParserCreate().Parse(body, True)
    except RecursionError as error:
        raise RequestProblem("SerializationException", "the body is nested too deeply") from error
    except (ValueError, LookupError, expat.ExpatError) as error:
        raise RequestProblem(code, f"the body cannot be read: {error}") from error


def _check_error(error: Exception) -> None:
    """Tell by what a service raised whether it is the client's fault."""
    if isinstance(error, NotImplementedError):
        raise RequestProblem("NotImplemented", f"the local cloud cannot do this: {error}", HTTPStatus.NOT_IMPLEMENTED)
    if isinstance(error, KeyError) and str(error.args[0]).startswith("HTTP_"):
        header = str(error.args[0]).removeprefix("HTTP_").replace("_", "-").lower()
        raise RequestProblem("InvalidRequest", f"the header {header} is missing")
    if _raised_in(error) in _READS_REQUESTS or isinstance(
        error, UnicodeError | expat.ExpatError | json.JSONDecodeError
    ):
        raise RequestProblem("SerializationException", f"the request cannot be read: {error}")


def _raised_in(error: Exception) -> str:
    """Return the module, of moto's or of ours, that an error comes from."""
    trace, modules = error.__traceback__, [""]
    while trace is not None:
        modules.append(str(trace.tb_frame.f_globals.get("__name__")))
        trace = trace.tb_next
    return next((each for each in reversed(modules) if each.startswith(("moto.", "stepweave."))), "")


def _xml(text: str) -> str:
    legal = "".join(each if each.isprintable() or each in "\t\n" else "\ufffd" for each in text)
    return legal.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
