"""Workflows that are deployed, in an AWS account or behind another endpoint."""

from __future__ import annotations

from typing import Any, Final, NoReturn

import boto3

from stepweave.cdk.project_names import project_names
from stepweave.contract.agent import Agent
from stepweave.testing.agent_control import AgentControl
from stepweave.testing.backend import Backend, Runnable, name_of
from stepweave.testing.errors import NotAvailableOnAwsError, is_the_tests
from stepweave.testing.service_control import ServiceControl

__tracebackhide__ = is_the_tests

_HOW: Final = "tests never change an account: deploy it first, npx cdk deploy --all"


class DeployedBackend(Backend):
    """Runs what others have deployed; tests deploy nothing and break nothing there.

    Which environment that is, the variable ``STEPWEAVE_ENVIRONMENT`` says.

    Parameters
    ----------
    session : boto3.Session
        Makes the clients.
    where : str
        What to call the place in messages.
    """

    def __init__(self, session: boto3.Session, where: str) -> None:
        super().__init__(session, project_names())
        self._where = where
        self._workflow = ""

    @property
    def payload_bucket(self) -> str:
        """The bucket of stored inputs, large results and reports."""
        return self._deployment(self._workflow, self._where, _HOW).payload_bucket

    def deploy(self, *workflows: Runnable) -> None:
        """Make sure that workflows are deployed. Raises `CommandError` for one that is not."""
        for workflow in workflows:
            self._workflow = name_of(workflow)
            self.state_machine_arn(self._workflow)

    def state_machine_arn(self, workflow: str) -> str:
        """Return the ARN of a deployed workflow's state machine."""
        return self._deployment(workflow, self._where, _HOW).state_machine_arn

    def agent(self, agent: Agent[Any, Any] | str, task: str | None = None) -> AgentControl:  # noqa: ARG002
        """Refuse: no fault can be injected here."""
        self._refuse("faults of agents")

    def service(self, service: str) -> ServiceControl:  # noqa: ARG002
        """Refuse: no fault can be injected here."""
        self._refuse("faults of services")

    def _refuse(self, what: str) -> NoReturn:
        raise NotAvailableOnAwsError(f"{what} are not available on {self._where}: use the fixture local_cloud")
