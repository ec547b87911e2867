"""Lets the program that started a local cloud control it: JSON by POST below a path of its own.

It is served beside the AWS services, behind the same guard against web pages. Besides, each request must bear a token
that is told to who started the process and to nobody else, in a header that no web page can send to another origin.
"""

from __future__ import annotations

import hmac
import json
import logging
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from stepweave.local_cloud.errors import LocalCloudError

if TYPE_CHECKING:
    from stepweave.local_cloud.control.operations import Operation
    from stepweave.local_cloud.server import WsgiApplication

PREFIX: Final = "/_control/"  # no bucket's name can begin like this
TOKEN_HEADER: Final = "X-Control-Token"  # noqa: S105 - a name
_TOKEN: Final = "HTTP_" + TOKEN_HEADER.upper().replace("-", "_")
_LOG: Final = logging.getLogger(__name__)


class ControlApi:
    """A WSGI application that answers what is below `PREFIX`, and leaves the rest to another.

    Parameters
    ----------
    application : WsgiApplication
        The services.
    token : str
        What a request must bear.
    operations : Mapping of str to Operation
        What can be asked for.
    """

    def __init__(self, application: WsgiApplication, token: str, operations: Mapping[str, Operation[Any]]) -> None:
        self._application = application
        self._token = token.encode()
        self._operations = operations

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request."""
        path = str(environ.get("PATH_INFO", ""))
        if not path.startswith(PREFIX):
            return self._application(environ, start_response)
        status, answer = self._answer(path.removeprefix(PREFIX), environ)
        start_response(f"{status.value} {status.phrase}", [("Content-Type", "application/json")])
        return [json.dumps(answer).encode()]

    def _answer(self, name: str, environ: dict[str, Any]) -> tuple[HTTPStatus, dict[str, Any]]:
        if not hmac.compare_digest(str(environ.get(_TOKEN, "")).encode(), self._token):
            return HTTPStatus.FORBIDDEN, _error("Forbidden", "only who started this local cloud may control it")
        operation = self._operations.get(name)
        if operation is None or environ.get("REQUEST_METHOD") != "POST":
            return HTTPStatus.NOT_FOUND, _error("NotFound", f"this local cloud cannot be told to {name!r}")
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        try:
            return HTTPStatus.OK, operation.run(operation.given.model_validate(json.loads(body))) or {}
        except ValidationError as error:
            return HTTPStatus.BAD_REQUEST, _error("ValidationError", _first_problem(error))
        except (LocalCloudError, ValueError, RecursionError, TimeoutError) as error:
            return HTTPStatus.BAD_REQUEST, _error(type(error).__name__, str(error))
        except Exception as error:  # noqa: BLE001 - whatever it is, the client must get an answer
            _LOG.exception("%s failed", name)
            return HTTPStatus.INTERNAL_SERVER_ERROR, _error(type(error).__name__, str(error))


def _error(kind: str, message: str) -> dict[str, Any]:
    return {"error": {"kind": kind, "message": message}}


def _first_problem(error: ValidationError) -> str:
    problem = error.errors()[0]
    where = ".".join(str(part) for part in problem["loc"])
    return f"{where}: {problem['msg']}" if where else str(problem["msg"])
