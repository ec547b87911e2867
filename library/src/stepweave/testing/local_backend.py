"""Workflows in a local cloud of one's own."""

from __future__ import annotations

import datetime
import hashlib
import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from time import monotonic, sleep  # by their names: a test may put others in their place
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from botocore.exceptions import HTTPClientError

from stepweave.cdk.errors import SynthesisError
from stepweave.cdk.naming import ADMISSION, DEFAULT_ENVIRONMENT, LIVE
from stepweave.cdk.project_names import names_of
from stepweave.compiler.compile import CompiledWorkflow
from stepweave.contract.agent import Agent
from stepweave.graph.errors import WorkflowError
from stepweave.local_client.errors import ControlRefusedError, LocalCloudError
from stepweave.local_client.process import LocalCloudProcess
from stepweave.project.settings import find_project
from stepweave.testing.agent_control import AgentControl, FunctionControl
from stepweave.testing.backend import Backend, Runnable, compiled
from stepweave.testing.controlled_process import start_controlled
from stepweave.testing.errors import ExecutionStuckError, TestApiError, is_the_tests
from stepweave.testing.service_control import ServiceControl
from stepweave.testing.synthesis import synthesize

if TYPE_CHECKING:
    from stepweave.cdk.bundle import Bundler

Time = Literal["real", "skipped"]
"""How time passes: as it does, or in leaps whenever nothing runs and a test waits for it."""

__tracebackhide__ = is_the_tests

_HOW = "deploy it first"
_ROLE = "arn:aws:iam::123456789012:role/any"
_SETTLING_SECONDS = 0.1
_LOOK_SECONDS = 0.02
_NOTHING_DUE = "nothing due"


class LocalBackend(Backend):
    """A local cloud that tests share.

    Workflows stay deployed, and functions warm, from test to test; all else begins anew with :meth:`begin`.

    Parameters
    ----------
    bundler : Bundler | None
        What makes the functions' bundles, where they are not those of this project.
    process : LocalCloudProcess | None
        Of `start_controlled`, if it was started before; it is stopped with this object.

    Example
    -------
    >>> with LocalBackend() as cloud:  # doctest: +SKIP
    ...     cloud.agent("counter").fails(times=2)
    ...     assert cloud.run(word_count, texts=Path("texts")).status == "SUCCEEDED"
    """

    def __init__(self, bundler: Bundler | None = None, process: LocalCloudProcess | None = None) -> None:
        self._bundler = bundler
        self.cloud = process or start_controlled()
        try:
            super().__init__(self.cloud.session(), names_of(find_project(), DEFAULT_ENVIRONMENT))
        except BaseException:
            self.cloud.stop()
            raise
        self._deployed: dict[str, tuple[str, CompiledWorkflow]] = {}
        self._definitions: dict[str, str] = {}
        self._time: Time = "real"

    @property
    def endpoint_url(self) -> str:
        """Where any AWS client reaches the local cloud."""
        return self.cloud.endpoint_url

    @property
    def payload_bucket(self) -> str:
        """The bucket of stored inputs, large results and reports."""
        if not self._deployed:
            raise TestApiError("deploy the workflow first: no bucket is there yet")
        return self._deployment(next(iter(self._deployed)), self.endpoint_url, _HOW).payload_bucket

    def begin(self, time: Time = "real") -> None:
        """Begin a test: no faults, no data.

        Parameters
        ----------
        time : {"real", "skipped"}
            How time passes in it.
        """
        if time not in {"real", "skipped"}:
            raise TestApiError(f"time is 'real' or 'skipped', not {time!r}")
        self._time = time
        self._tell("isolation/begin", real_time=time == "real")

    def end(self) -> None:
        """End a test: its faults, its rules, its executions, and what it left in tables, queues and buckets."""
        self._tell("isolation/quiet")
        self.stop_runs()
        self._tell("isolation/empty")

    def deploy(self, *workflows: Runnable) -> None:
        """Deploy workflows by the project's own stacks, unless they are deployed already as they are."""
        wanted = [compiled(workflow) for workflow in workflows]
        changed = [one for one in wanted if self._deployed.get(one.name, ("", one))[0] != _digest(one)]
        if not changed:
            return
        together = {name: one for name, (_, one) in self._deployed.items()} | {one.name: one for one in changed}
        with tempfile.TemporaryDirectory(prefix="stepweave-assembly-") as folder:
            try:
                self.cloud.deploy(synthesize(list(together.values()), Path(folder), self._bundler))
            except (LocalCloudError, SynthesisError, WorkflowError) as error:
                raise TestApiError(str(error)) from None  # it says what to do; where it was raised helps nobody
        self._deployed |= {one.name: (_digest(one), one) for one in changed}

    def deploy_definition(self, name: str, definition: Mapping[str, Any]) -> str:
        """Deploy a state machine in Amazon States Language, and return its ARN, which `start` and `run` take.

        ``${agent_counter}`` stands for the ARN of an agent's live function, as in a compiled workflow; a workflow that
        uses the agent must have been deployed before.
        """
        text = json.dumps(definition)
        for compiled_workflow in [one for _, one in self._deployed.values()]:
            for agent in compiled_workflow.agents:
                arn = f"arn:aws:lambda:us-east-1:123456789012:function:{self._names.function(agent.name)}:{LIVE}"
                text = text.replace(f"${{agent_{agent.name}}}", arn)
        text = text.replace(
            "${admission}", f"arn:aws:lambda:us-east-1:123456789012:function:{self._names.function(ADMISSION)}:{LIVE}"
        )
        client = self.client("stepfunctions")
        known = self._definitions.get(name)
        if known is None:
            made = client.create_state_machine(name=name, definition=text, roleArn=_ROLE)
            known = self._definitions[name] = str(made["stateMachineArn"])
        else:
            client.update_state_machine(stateMachineArn=known, definition=text)
        return known

    def state_machine_arn(self, workflow: str) -> str:
        """Return the ARN of a deployed workflow's state machine."""
        return self._deployment(workflow, self.endpoint_url, _HOW).state_machine_arn

    def agent(self, agent: Agent[Any, Any] | str, task: str | None = None) -> AgentControl:
        """Return what makes an agent fail, return, wait or die; for one task only, if that is given."""
        return AgentControl(self._tell, agent, task, self._names)

    def function(self, name: str) -> FunctionControl:
        """Return what makes a function that is no agent fail, wait or die, by the function's name."""
        return FunctionControl(self._tell, name)

    @property
    def injected(self) -> dict[str, int]:
        """How often faults have happened in this test, by their kind."""
        injected: dict[str, int] = self._tell("faults/injected")["injected"]
        return injected

    @property
    def refused_permissions(self) -> list[str]:
        """What policies have refused since the local cloud was started, each once, in AWS's words."""
        return [refused["message"] for refused in self._tell("permissions")["refused"]]

    def stop_faults(self) -> None:
        """Inject no more faults."""
        self._tell("faults/stop")

    def service(self, service: str) -> ServiceControl:
        """Return what makes calls of an AWS service fail."""
        return ServiceControl(self._tell, service)

    def now(self) -> datetime.datetime:
        """Return the time of the local cloud, aware and in UTC."""
        return datetime.datetime.fromtimestamp(self._tell("clock/now")["now"], tz=datetime.UTC)

    def sleep(self, seconds: float) -> None:
        """Let time pass, in leaps if time is skipped."""
        if self._time == "skipped":
            self._tell("clock/advance", seconds=seconds)
        else:
            super().sleep(seconds)

    def await_(self, is_done: Callable[[], bool], timeout: float) -> bool:
        """Wait until something is so, at most for seconds of real time; skip time meanwhile if the test wants that."""
        try:
            return super().await_(is_done, timeout) if self._time == "real" else self._await_skipping(is_done, timeout)
        except HTTPClientError:
            self.cloud.check()
            raise

    @property
    def ending(self) -> str | None:
        """How the local cloud ended though nobody stopped it, with the end of its log; None while it runs."""
        return self.cloud.ending

    def stop(self) -> None:
        """Stop the local cloud."""
        self.cloud.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _await_skipping(self, is_done: Callable[[], bool], timeout: float) -> bool:
        deadline = monotonic() + timeout
        is_idle = False
        while not is_done():
            if (left := deadline - monotonic()) <= 0:
                return False
            # What an execution leaves running, as what reports its failure, does not keep a test that is done.
            look = min(left, _LOOK_SECONDS)
            if not is_idle:
                is_idle = self._tell("clock/await-idle", seconds=look)["idle"]
                continue
            skipped = self._tell("clock/skip", seconds=look)
            is_idle = skipped["idle"]
            if skipped["outcome"] == _NOTHING_DUE:
                self._check_not_stuck(is_done)
        return True

    def _check_not_stuck(self, is_done: Callable[[], bool]) -> None:
        """Make sure, by a second look, that no time to come would bring what is waited for."""
        sleep(_SETTLING_SECONDS)
        if is_done() or self._tell("clock/skip", seconds=0)["outcome"] != _NOTHING_DUE:
            return
        tokens = [f"{each.task}" for run in self._started for each in run.pending_tokens()]
        if tokens:
            raise ExecutionStuckError(
                f"nothing runs, and the task token of {', '.join(tokens)} was not sent back: "
                "use run.wait_for_token() and cloud.send_success()"
            )
        raise ExecutionStuckError("nothing runs and nothing waits for a time, yet the execution has not ended")

    def _tell(self, operation: str, **given: Any) -> dict[str, Any]:
        try:
            return self.cloud.control.call(operation, **given)
        except ControlRefusedError as error:
            raise TestApiError(str(error)) from None


def _digest(workflow: CompiledWorkflow) -> str:
    text = json.dumps([workflow.definition, dict(workflow.nested)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
