"""Workflows in a local cloud of this process."""

from __future__ import annotations

import datetime
import hashlib
import json
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from stepweave.cdk.errors import SynthesisError
from stepweave.cdk.naming import ADMISSION, DEFAULT_ENVIRONMENT, LIVE
from stepweave.cdk.project_names import names_of
from stepweave.compiler.compile import CompiledWorkflow
from stepweave.contract.agent import Agent
from stepweave.graph.errors import WorkflowError
from stepweave.local_cloud.cloud import LocalCloud
from stepweave.local_cloud.controls import Controls
from stepweave.local_cloud.errors import LocalCloudError
from stepweave.project.settings import find_project
from stepweave.testing.agent_control import AgentControl, FunctionControl
from stepweave.testing.backend import Backend, Runnable, compiled
from stepweave.testing.emptying import empty_services
from stepweave.testing.errors import ExecutionStuckError, TestApiError, is_the_tests
from stepweave.testing.own_rules import OwnRules
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


class LocalBackend(Backend):
    """A local cloud that tests share.

    Workflows stay deployed, and functions warm, from test to test; all else begins anew with :meth:`begin`.

    Parameters
    ----------
    bundler : Bundler | None
        What makes the functions' bundles, where they are not those of this project.

    Example
    -------
    >>> with LocalBackend() as cloud:  # doctest: +SKIP
    ...     cloud.agent("counter").fails(times=2)
    ...     assert cloud.run(word_count, texts=Path("texts")).status == "SUCCEEDED"
    """

    def __init__(self, bundler: Bundler | None = None) -> None:
        self._bundler = bundler
        self._controls = Controls()
        try:
            self.cloud = LocalCloud.start(controls=self._controls)
        except BaseException:
            self._controls.close()
            raise
        super().__init__(self.cloud.session(), names_of(find_project(), DEFAULT_ENVIRONMENT))
        self._deployed: dict[str, tuple[str, CompiledWorkflow]] = {}
        self._definitions: dict[str, str] = {}
        self._own_rules = OwnRules(self.client)
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
        self._controls.faults.clear()
        self._time = time
        if time == "real" and self._controls.clock.offset:
            # Time never goes back for a process: those that saw a later one make way.
            self._controls.clock.reset()
            self.cloud.renew_workers()
        self._own_rules.begin()

    def end(self) -> None:
        """End a test: its faults, its rules, its executions, and what it left in tables, queues and buckets."""
        self._controls.faults.clear()
        self._own_rules.delete()
        self.stop_runs()
        self._controls.clock.await_idle(_SETTLING_SECONDS)
        empty_services(self.client)

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
        return AgentControl(self._controls.faults, agent, task, self._names)

    def function(self, name: str) -> FunctionControl:
        """Return what makes a function that is no agent fail, wait or die, by the function's name."""
        return FunctionControl(self._controls.faults, name)

    @property
    def injected(self) -> dict[str, int]:
        """How often faults have happened in this test, by their kind."""
        return self._controls.faults.injected

    @property
    def refused_permissions(self) -> list[str]:
        """What policies have refused since the local cloud was started, each once, in AWS's words."""
        return [refused.message for refused in self.cloud.authority.refusals]

    def stop_faults(self) -> None:
        """Inject no more faults."""
        self._controls.faults.stop()

    def service(self, service: str) -> ServiceControl:
        """Return what makes calls of an AWS service fail."""
        return ServiceControl(self._controls.faults, service)

    def now(self) -> datetime.datetime:
        """Return the time of the local cloud, aware and in UTC."""
        return self._controls.clock.now()

    def sleep(self, seconds: float) -> None:
        """Let time pass, in leaps if time is skipped."""
        if self._time == "skipped":
            self._controls.clock.advance(seconds)
        else:
            super().sleep(seconds)

    def await_(self, is_done: Callable[[], bool], timeout: float) -> bool:
        """Wait until something is so, at most for seconds of real time; skip time meanwhile if the test wants that."""
        if self._time == "real":
            return super().await_(is_done, timeout)
        deadline = time.monotonic() + timeout
        while not is_done():
            if (left := deadline - time.monotonic()) <= 0:
                return False
            # What an execution leaves running, as what reports its failure, does not keep a test that is done.
            if (
                self._controls.clock.await_idle(min(left, _LOOK_SECONDS))
                and not is_done()
                and not self._controls.clock.skip()
            ):
                self._check_not_stuck(is_done)
        return True

    def stop(self) -> None:
        """Stop the local cloud."""
        self.cloud.stop()
        self._controls.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _check_not_stuck(self, is_done: Callable[[], bool]) -> None:
        """Make sure, by a second look, that no time to come would bring what is waited for."""
        time.sleep(_SETTLING_SECONDS)
        clock = self._controls.clock
        if is_done() or not clock.await_idle(0) or clock.skip():
            return
        tokens = [f"{each.task}" for run in self._started for each in run.pending_tokens()]
        if tokens:
            raise ExecutionStuckError(
                f"nothing runs, and the task token of {', '.join(tokens)} was not sent back: "
                "use run.wait_for_token() and cloud.send_success()"
            )
        raise ExecutionStuckError("nothing runs and nothing waits for a time, yet the execution has not ended")


def _digest(workflow: CompiledWorkflow) -> str:
    text = json.dumps([workflow.definition, dict(workflow.nested)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
