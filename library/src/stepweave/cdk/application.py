"""The CDK application of a project, which its ``app.py`` names."""

import sys
from collections.abc import Callable
from typing import TypeAlias

import aws_cdk as cdk

from stepweave.cdk.dag_deployment import DagDeployment
from stepweave.cdk.deployment import Deployment
from stepweave.cdk.errors import SynthesisError
from stepweave.cdk.kept_agents import kept_agents
from stepweave.cdk.settings import Settings
from stepweave.cdk.stacks import add_stacks, create_app
from stepweave.cdk.synthesis_request import SynthesisRequest, current_request
from stepweave.compiler.compile import compile_workflow
from stepweave.graph.errors import WorkflowError
from stepweave.project.catalog import workflows
from stepweave.project.errors import ProjectError
from stepweave.project.settings import require_project

Customize: TypeAlias = Callable[[Deployment], None]
"""A function of the project that changes what is deployed, before the templates are written."""


class Application:
    """The stacks of all workflows of a project, of their agents, and of what both store.

    ``cdk deploy``, ``stepweave run``, ``stepweave local up`` and the tests all run ``app.py``, so that all of them have
    what `customize` adds. The tests ask for their own workflows in place of the project's.

    Parameters
    ----------
    customize : Callable[[Deployment], None] | None
        Is given all that is deployed, to change it or to add to it.

    Example
    -------
    >>> Application(customize).synth()  # doctest: +SKIP
    """

    def __init__(self, customize: Customize | None = None) -> None:
        self._customize = customize

    def build(self, app: cdk.App | None = None) -> Deployment:
        """Make the constructs, and write nothing yet.

        Parameters
        ----------
        app : cdk.App | None
            Where they belong; a new application, if not given.

        Raises
        ------
        SynthesisError, WorkflowError, ProjectError
            If the project cannot be deployed as it is.
        """
        request = current_request()
        deployment = _of_project(app) if request is None else _of_request(request)
        if self._customize is not None:
            self._customize(deployment)
        return deployment

    def synth(self) -> None:
        """Write the cloud assembly. What a person has to mend is printed in one line, and the process ends."""
        try:
            deployment = self.build()
        except (SynthesisError, WorkflowError, ProjectError) as error:
            if current_request() is not None:
                raise  # to the test that asked
            sys.exit(f"app.py: {error}")
        deployment.app.synth()


def _of_project(app: cdk.App | None) -> Deployment:
    app = app or create_app()
    project = require_project()
    settings = Settings.from_context(app.node, project)
    compiled = [compile_workflow(workflow) for workflow in workflows().values()]
    dag = DagDeployment.from_context(app.node.try_get_context)
    return add_stacks(
        app,
        compiled,
        dag=None if dag is None else dag.compile(),
        kept=kept_agents(settings, project),
        settings=settings,
    )


def _of_request(request: SynthesisRequest) -> Deployment:
    return add_stacks(create_app(request.outdir, request.context), request.workflows, request.bundler)
