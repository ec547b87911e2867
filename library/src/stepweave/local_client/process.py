"""A local cloud that lasts no longer than the process that starts it."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping
from http.client import HTTPException
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from stepweave.local_client.control import ControlClient
from stepweave.local_client.errors import LocalCloudEndedError, LocalCloudError
from stepweave.local_client.launch import announced, end_of_log, launch
from stepweave.local_client.session import LocalSession
from stepweave.local_client.state import CloudState

_STOP_SECONDS: Final = 60.0
_DYING_SECONDS: Final = 2.0


class LocalCloudProcess:
    """A local cloud in a process of its own, which ends when this one does, however that comes about.

    It is started at once, and waited for when it is first asked for something.

    Parameters
    ----------
    options : Mapping | None
        What it is told besides; see ``local_cloud/process_options.py``.
    shows_log : bool
        Whether its log goes to the standard error of this process, instead of to a file.

    Attributes
    ----------
    log : Path | None
        The file of its log, which goes when it has ended in order; None if it is shown.

    Example
    -------
    >>> with LocalCloudProcess() as cloud:  # doctest: +SKIP
    ...     cloud.control.deploy(Path("cdk.out"))
    ...     cloud.session().client("stepfunctions").list_state_machines()
    """

    def __init__(self, options: Mapping[str, Any] | None = None, *, shows_log: bool = False) -> None:
        self.log: Path | None = None
        self._state: CloudState | None = None
        self._control: ControlClient | None = None
        self._is_stopped = False
        if shows_log:
            self._process = launch(options or {}, None, stdin=subprocess.PIPE)
            return
        with tempfile.NamedTemporaryFile(prefix="stepweave-local-cloud-", suffix=".log", delete=False) as log:
            self.log = Path(log.name)
            self._process = launch(options or {}, log.file, stdin=subprocess.PIPE)

    @property
    def state(self) -> CloudState:
        """What it says of itself, once it answers.

        Raises
        ------
        LocalCloudError
            If it cannot start.
        """
        if self._state is None:
            self._state = announced(self._process, self.log)
        return self._state

    @property
    def endpoint_url(self) -> str:
        """Where any AWS client reaches it."""
        return self.state.endpoint_url

    def deploy(self, assembly: Path) -> dict[str, str]:
        """Deploy a synthesized CDK app; see `ControlClient.deploy`."""
        return self.control.deploy(assembly)

    @property
    def control(self) -> ControlClient:
        """What tells it what to do."""
        if self._control is None:
            self._control = ControlClient(self.state.port, self.state.token, self._lost)
        return self._control

    def session(self) -> LocalSession:
        """Return a session whose clients all talk to it, with its credentials and region."""
        return LocalSession(self.endpoint_url)

    @property
    def ending(self) -> str | None:
        """How it ended though nobody stopped it, and the end of its log; None while it runs."""
        code = self._process.poll()
        if code is None or self._is_stopped:
            return None
        how = f"exit code {code}" if code >= 0 else f"signal {-code}"
        where = "" if self.log is None else f"; the end of its log, {self.log}:\n{end_of_log(self.log)}"
        return f"the local cloud, process {self._process.pid}, has ended with {how}{where}"

    def check(self) -> None:
        """Make sure that it has not ended.

        Raises
        ------
        LocalCloudEndedError
            If it has, with the end of its log.
        """
        if (ending := self.ending) is not None:
            raise LocalCloudEndedError(ending)

    def wait(self) -> int:
        """Wait until it ends, and return its exit code."""
        return int(self._process.wait())

    def stop(self) -> None:
        """Have it stop listening, abort all executions, end every worker and forget all state, and wait until it has.

        Stopping twice does no harm.
        """
        is_orderly = self.ending is None
        if self._control is not None:
            self._control.close()
        self._is_stopped = True
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self.log is not None and is_orderly and self._process.returncode == 0:
            self.log.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _lost(self, error: OSError | HTTPException) -> LocalCloudError:
        """Say why it answers no more."""
        try:
            self._process.wait(_DYING_SECONDS)  # its connections close a little earlier
        except subprocess.TimeoutExpired:
            return LocalCloudError(f"the local cloud at {self.endpoint_url} does not answer: {error}")
        return LocalCloudEndedError(self.ending or "the local cloud was stopped")
