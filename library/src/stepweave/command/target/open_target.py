"""Open the place where a workflow runs, with the project deployed there if the command sees to that."""

import importlib.util
import os
import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3

from stepweave.cdk.dag_deployment import DagDeployment
from stepweave.cdk.naming import DEFAULT_ENVIRONMENT, Names
from stepweave.cdk.platform import this_machine
from stepweave.cdk.project_names import project_names
from stepweave.command.errors import CommandError
from stepweave.command.target.caller import Caller, find_caller, local_user, warn_of_aws
from stepweave.command.target.running_daemon import daemon_control
from stepweave.command.target.synthesis import project_lock, synthesize
from stepweave.command.target.target import Place, Target
from stepweave.command.terminal.console import say, say_warning
from stepweave.command.terminal.step import step
from stepweave.local_client.launch import PYTHON_VARIABLE
from stepweave.local_client.process import LocalCloudProcess
from stepweave.local_client.session import LocalSession
from stepweave.project.settings import Project, require_project

_LOCAL_POLL_SECONDS = 0.1
_REMOTE_POLL_SECONDS = 1.0
"""An account's ``GetExecutionHistory`` calls refill at 20 a second."""


@dataclass(frozen=True)
class OpenTarget:
    """A place that is ready to run workflows.

    Parameters
    ----------
    session : boto3.Session
        Whose clients talk to it.
    endpoint_url : str | None
        Its endpoint; None for AWS itself.
    local : bool
        Whether it is on this machine.
    dag : DagDeployment | None
        The DAG file that is to be run there.
    caller : Caller | None
        Whom the credentials belong to; None for what is not AWS itself.
    names : Names
        The names of the deployment that is looked at.
    """

    session: boto3.Session
    endpoint_url: str | None
    local: bool
    dag: DagDeployment | None = None
    caller: Caller | None = None
    names: Names = field(default_factory=Names)

    @property
    def person(self) -> str:
        """Who works there, for what is written down of it."""
        return local_user() if self.caller is None else self.caller.arn

    @property
    def where(self) -> str:
        """What to call it."""
        environment = self.names.environment
        of = "" if environment == DEFAULT_ENVIRONMENT else f" (environment {environment})"
        if self.endpoint_url is None:
            return f"AWS in {self.session.region_name}{of}"
        return (f"the local cloud at {self.endpoint_url}" if self.local else self.endpoint_url) + of

    @property
    def how_to_deploy(self) -> str:
        """What to do if something is not deployed there."""
        endpoint = "" if self.endpoint_url is None else f"AWS_ENDPOINT_URL={shlex.quote(self.endpoint_url)} "
        chosen = {} if self.dag is None else self.dag.context(self.dag.path)
        if self.local:
            chosen |= this_machine()
        if self.names.environment != DEFAULT_ENVIRONMENT:
            chosen["environment"] = self.names.environment
        context = "".join(f" -c {shlex.quote(f'{name}={value}')}" for name, value in chosen.items())
        return f"deploy it: {endpoint}npx cdk deploy --all{context}"

    @property
    def poll_seconds(self) -> float:
        """How long to wait between two looks at an execution."""
        return _LOCAL_POLL_SECONDS if self.local else _REMOTE_POLL_SECONDS

    @property
    def aws_command(self) -> str:
        """How the AWS CLI is called for it."""
        return "aws" if self.endpoint_url is None else f"aws --endpoint-url {shlex.quote(self.endpoint_url)}"

    def client(self, service: str) -> Any:
        """Return a client of a service, which the callers type: the stubs overload this by literal names."""
        create: Any = self.session.client
        return create(service) if self.endpoint_url is None else create(service, endpoint_url=self.endpoint_url)


@contextmanager
def open_target(target: Target, names: Names, dag: DagDeployment | None = None) -> Iterator[OpenTarget]:
    """Open a place, and bring what is deployed there up to date if it is a local cloud that this command cares for.

    Parameters
    ----------
    target : Target
        The place.
    names : Names
        The names of the deployment that is looked at.
    dag : DagDeployment | None
        The DAG file that is to be run there.

    Raises
    ------
    CommandError
        If the app cannot be synthesized, or the local cloud is not installed.
    """
    if target.place is Place.OWN:
        with _own_local_cloud(require_project(), names, dag) as opened:
            yield opened
    elif target.session is not None:
        yield at_remote_target(target, target.session, names, dag)
    else:
        opened = at_local_endpoint(target.endpoint_url or "", dag, names)
        if target.deploys:
            project = require_project()
            deploy_project(project, opened.dag, names, daemon_control(project).deploy)
        yield opened


def at_remote_target(
    target: Target, session: boto3.Session, names: Names, dag: DagDeployment | None = None
) -> OpenTarget:
    """Return AWS, or an endpoint that is not on this machine, and say on standard error where that is."""
    if target.endpoint_url is not None:
        say_warning(f"at {target.endpoint_url}, with your AWS credentials")
        return OpenTarget(session, target.endpoint_url, local=False, dag=dag, names=names)
    caller = find_caller(session)
    warn_of_aws(session, caller, names.environment)
    return OpenTarget(session, None, local=False, dag=dag, caller=caller, names=names)


def at_local_endpoint(endpoint_url: str, dag: DagDeployment | None = None, names: Names | None = None) -> OpenTarget:
    """Return what is at an endpoint on this machine, opened without anybody's credentials.

    Parameters
    ----------
    endpoint_url : str
        The endpoint.
    dag : DagDeployment | None
        The DAG file that is to be run there.
    names : Names | None
        The names of the deployment that is looked at; those of the current folder's project if not given.
    """
    session = LocalSession(endpoint_url)
    return OpenTarget(session, endpoint_url, local=True, dag=dag, names=names or project_names())


def deploy_project(
    project: Project, dag: DagDeployment | None, names: Names, deploy: Callable[[Path], Mapping[str, str]]
) -> None:
    """Synthesize a project and deploy it into a local cloud, as far as anything changed.

    Parameters
    ----------
    project : Project
        The project.
    dag : DagDeployment | None
        The DAG file that is deployed beside its workflows.
    names : Names
        The names of the deployment.
    deploy : Callable
        Deploys a cloud assembly, and returns what became of each stack.
    """
    with project_lock(project):
        assembly = synthesize(project, dag, names.environment)
        with step("deploying", "deployed") as deploying:
            if set(deploy(assembly).values()) <= {"unchanged"}:
                deploying.done = "found nothing to deploy"


def require_local_cloud() -> None:
    """Make sure that what the local cloud needs is installed, as far as that shows before it is started.

    Raises
    ------
    CommandError
        If it is not.
    """
    if not os.environ.get(PYTHON_VARIABLE) and importlib.util.find_spec("moto") is None:
        raise CommandError(
            "the local cloud is not installed",
            "run `make setup` in the project, or: pip install 'stepweave[cdk,local]'",
        )


@contextmanager
def _own_local_cloud(project: Project, names: Names, dag: DagDeployment | None) -> Iterator[OpenTarget]:
    require_local_cloud()
    say("starting a local cloud for this run (`stepweave local up` starts one that stays)", "dim")
    with LocalCloudProcess() as cloud:
        deploy_project(project, dag, names, cloud.deploy)  # while it starts, the app is synthesized
        yield OpenTarget(cloud.session(), cloud.endpoint_url, local=True, dag=dag, names=names)
