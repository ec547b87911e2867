"""Tells a local cloud what to do, beside what AWS's own APIs can tell it."""

from __future__ import annotations

import json
from collections.abc import Callable
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Final

from stepweave.local_client.errors import ControlRefusedError, LocalCloudError

_HOST: Final = "127.0.0.1"
_PREFIX: Final = "/_control/"
_HEALTH_PATH: Final = "/_stepweave/health"
_TIMEOUT_SECONDS: Final = 2.0

Answer = dict[str, Any]


class ControlClient:
    """Speaks to the control API of a local cloud. Thread-safe.

    Parameters
    ----------
    port : int
        Where it answers.
    token : str
        What it told who started it.
    lost : Callable[[OSError | HTTPException], LocalCloudError]
        Makes the error that says why it answers no more.

    Example
    -------
    >>> ControlClient(4566, token).call("clock/now")  # doctest: +SKIP
    {'now': 1795436400.0}
    """

    def __init__(
        self, port: int, token: str, lost: Callable[[OSError | HTTPException], LocalCloudError] | None = None
    ) -> None:
        self._port = port
        self._headers = {"X-Control-Token": token, "Content-Type": "application/json"}
        self._lost = lost or self._unreachable
        self._idle: list[HTTPConnection] = []  # each in use by one thread, or here

    def call(self, operation: str, **given: Any) -> Answer:
        """Have an operation done, and wait until it is.

        Raises
        ------
        ControlRefusedError
            If it is not done; the message says why.
        LocalCloudError
            If the local cloud does not answer.
        """
        connection = self._idle.pop() if self._idle else HTTPConnection(_HOST, self._port)
        try:
            connection.request("POST", f"{_PREFIX}{operation}", json.dumps(given).encode(), self._headers)
            response = connection.getresponse()
            answer: Answer = json.loads(response.read())
        except (OSError, HTTPException) as error:
            connection.close()
            raise self._lost(error) from error
        except BaseException:
            connection.close()  # what is still to come is not the answer to the next request
            raise
        self._idle.append(connection)
        if response.status != HTTPStatus.OK:
            raise ControlRefusedError(answer["error"]["message"])
        return answer

    def deploy(self, assembly: Path) -> dict[str, str]:
        """Deploy a synthesized CDK app.

        Parameters
        ----------
        assembly : Path
            The cloud assembly, usually ``cdk.out``.

        Returns
        -------
        dict
            By the names of stacks ``deployed`` or ``unchanged``.

        Raises
        ------
        ControlRefusedError
            If it cannot be read, a stack fails, or a resource of a template was not created.
        """
        stacks: dict[str, str] = self.call("deploy", assembly=str(assembly.resolve()))["stacks"]
        return stacks

    def close(self) -> None:
        """Close the connections."""
        while self._idle:
            self._idle.pop().close()

    def _unreachable(self, error: OSError | HTTPException) -> LocalCloudError:
        return LocalCloudError(f"the local cloud at port {self._port} does not answer: {error}")


def answering_process(port: int) -> int | None:
    """Return the process id of the local cloud that answers at a port of this machine, or None if none does."""
    connection = HTTPConnection(_HOST, port, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request("GET", _HEALTH_PATH)
        content = json.loads(connection.getresponse().read())
        return int(content["pid"])
    except (OSError, HTTPException, ValueError, KeyError, TypeError):
        return None
    finally:
        connection.close()
