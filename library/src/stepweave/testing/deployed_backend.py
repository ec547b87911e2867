"""Workflows that are deployed, in an AWS account or behind another endpoint."""

from __future__ import annotations

from typing import Any, Final, NoReturn

import boto3

from stepweave.cdk.project_settings import PROJECT, names_of, read_project
from stepweave.command.target.deployment import Deployment, find_deployment
from stepweave.contract.agent import Agent
from stepweave.testing.agent_control import AgentControl
from stepweave.testing.backend import Backend, Runnable, name_of
from stepweave.testing.errors import NotAvailableOnAwsError
from stepweave.testing.service_control import ServiceControl

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
        super().__init__(session)
        self._where = where
        self._workflow = ""

    @property
    def payload_bucket(self) -> str:
        """The bucket of repositories and large results."""
        return self._find(self._workflow).payload_bucket

    def deploy(self, *workflows: Runnable) -> None:
        """Make sure that workflows are deployed. Raises `CommandError` for one that is not."""
        for workflow in workflows:
            self._workflow = name_of(workflow)
            self.state_machine_arn(self._workflow)

    def state_machine_arn(self, workflow: str) -> str:
        """Return the ARN of a deployed workflow's state machine."""
        return self._find(workflow).state_machine_arn

    def agent(self, agent: Agent[Any, Any] | str, task: str | None = None) -> AgentControl:  # noqa: ARG002
        """Refuse: no fault can be injected here."""
        self._refuse("faults of agents")

    def service(self, service: str) -> ServiceControl:  # noqa: ARG002
        """Refuse: no fault can be injected here."""
        self._refuse("faults of services")

    def _find(self, workflow: str) -> Deployment:
        client = self.client("cloudformation")
        return find_deployment(client, workflow, self._where, _HOW, names_of(read_project(PROJECT)))

    def _refuse(self, what: str) -> NoReturn:
        raise NotAvailableOnAwsError(f"{what} are not available on {self._where}: use the fixture local_cloud")
