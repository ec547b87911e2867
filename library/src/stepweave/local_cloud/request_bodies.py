"""Tells whether a request failed because of its body: then the client is at fault, and not the service.

Services parse bodies in many places and answer for few of the ways in which that can fail. A body is looked at here
only after a service has failed, so that requests which are answered pay nothing.
"""

from __future__ import annotations

import json
from typing import IO, Any, Final
from xml.parsers import expat

_FORM: Final = "application/x-www-form-urlencoded"


def body_problem(environ: dict[str, Any], error: Exception) -> str | None:
    """Return what is wrong with the body of a request that a service failed to answer, or None if nothing is.

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
    >>> body_problem(environ, AttributeError("get"))
    'the body is no JSON object'
    """
    if isinstance(error, RecursionError):
        return "the body is nested too deeply"
    stream: IO[bytes] | None = environ.get("wsgi.input")
    if stream is None or stream.closed or not stream.seekable():
        return None
    stream.seek(0)
    body, kind = stream.read(), environ.get("CONTENT_TYPE", "").lower()
    if not body:
        return None
    if "json" in kind:
        return _json_problem(body)
    if kind.startswith(_FORM):
        return _text_problem(body)
    return _xml_problem(body) if body.lstrip().startswith(b"<") else None


def serialization_error(message: str) -> bytes:
    """Return the error by which AWS's services say that they cannot parse a body."""
    return json.dumps({"__type": "SerializationException", "message": message}).encode()


def _json_problem(body: bytes) -> str | None:
    try:
        value = json.loads(body)
    except RecursionError:
        return "the body is nested too deeply"
    except ValueError as error:
        return f"the body is not JSON: {error}"
    return None if isinstance(value, dict) else "the body is no JSON object"


def _text_problem(body: bytes) -> str | None:
    try:
        body.decode()
    except UnicodeDecodeError as error:
        return f"the body is not UTF-8: {error}"
    return None


def _xml_problem(body: bytes) -> str | None:
    try:
        expat.ParserCreate().Parse(body, True)
    except expat.ExpatError as error:
        return f"the body is not XML: {error}"
    return None
