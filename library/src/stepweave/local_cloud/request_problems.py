"""Tells whether a request failed because of how it is written: then the client is at fault, and not the service.

Services look at requests in many places, and answer for few of the ways in which one can be wrong. A request is looked
at here only after a service has failed, so that those which are answered pay nothing. Whether it is one that the
service's API has, `adapters.refused_operations` looks at.
"""

from __future__ import annotations

import json
import re
from typing import IO, Any, Final
from urllib.parse import unquote
from xml.parsers import expat

from stepweave.local_cloud.api_call import Answer, ApiCall

_FORM: Final = "application/x-www-form-urlencoded"
_AUTHORIZATION: Final = re.compile(
    r"AWS4-HMAC-SHA256\s+Credential=[^/,\s]+/\d{8}/[a-z0-9-]+/[a-z0-9.-]+/aws4_request(,.*)?", re.ASCII
)
_TOO_DEEP: Final = "the body is nested too deeply"
_READERS: Final = frozenset(
    {"moto.core.parse", "moto.core.request", "moto.dynamodb.models.dynamo_type", "moto.moto_server.werkzeug_app"}
)
"""What does nothing but read requests, or values in them: where it fails, the request cannot be read."""


def request_problem(environ: dict[str, Any], error: Exception) -> str | None:
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
    >>> request_problem(environ, AttributeError("get"))
    'the body is not a JSON object'
    """
    return _head_problem(environ, error) or _body_problem(environ, error) or _reading_problem(error)


def problem_answer(environ: dict[str, Any], problem: str) -> Answer:
    """Return the answer that reports a problem, as the service spells it that the request is for."""
    try:
        call = ApiCall.of(environ)
    except Exception:  # noqa: BLE001 - what cannot be read need not say whom it is for
        call = ApiCall("", "", "json")
    return call.error("MalformedXML" if call.service == "s3" else "SerializationException", 400, problem)


def _head_problem(environ: dict[str, Any], error: Exception) -> str | None:
    authorization = environ.get("HTTP_AUTHORIZATION")
    if authorization is not None and _AUTHORIZATION.fullmatch(authorization) is None:
        return "the Authorization header is not one of signature version 4"
    for part, text in (("path", environ.get("PATH_INFO", "")), ("query", environ.get("QUERY_STRING", ""))):
        try:
            if "\0" in unquote(text, "latin-1").encode("latin-1").decode():
                return f"the {part} has a null character"
        except UnicodeError as problem:
            return f"the {part} is not UTF-8: {problem}"
    if "HTTP_CONTENT_ENCODING" in environ and isinstance(error, OSError | EOFError):
        return f"the body is not encoded as it says: {error}"
    return None


def _body_problem(environ: dict[str, Any], error: Exception) -> str | None:
    if isinstance(error, RecursionError):
        return _TOO_DEEP
    stream: IO[bytes] | None = environ.get("wsgi.input")
    if stream is None or stream.closed or not stream.seekable():
        return None
    stream.seek(0)
    body, kind = stream.read(), environ.get("CONTENT_TYPE", "").lower()
    try:
        if body and "json" in kind:
            return None if isinstance(json.loads(body), dict) else "the body is not a JSON object"
        if kind.startswith(_FORM):
            unquote(body.decode(), errors="strict")
        elif body.lstrip().startswith(b"<"):
            expat.ParserCreate().Parse(body, True)
    except RecursionError:
        return _TOO_DEEP
    except (ValueError, LookupError, expat.ExpatError) as problem:
        return f"the body cannot be read: {problem}"
    return None


def _reading_problem(error: Exception) -> str | None:
    """Return what an error says of the request, if reading that is what failed."""
    if isinstance(error, KeyError) and str(error.args[0]).startswith("HTTP_"):
        return f"the header {str(error.args[0]).removeprefix('HTTP_').replace('_', '-').lower()} is missing"
    if isinstance(error, UnicodeError | expat.ExpatError | json.JSONDecodeError) or _raised_in(error) in _READERS:
        return f"the request cannot be read: {error}"
    return None


def _raised_in(error: Exception) -> str:
    """Return the module, of moto's or of ours, that an error comes from."""
    trace, modules = error.__traceback__, [""]
    while trace is not None:
        modules.append(str(trace.tb_frame.f_globals.get("__name__")))
        trace = trace.tb_next
    return next((each for each in reversed(modules) if each.startswith(("moto.", "stepweave."))), "")
