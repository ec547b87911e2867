"""The stacks of a list of workflows: storage, functions, state machines."""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import aws_cdk as cdk

from stepweave.cdk.agents import AgentsStack
from stepweave.cdk.bundle import Bundler
from stepweave.cdk.deployed_agents import deployed_agents
from stepweave.cdk.deployment import Deployment
from stepweave.cdk.errors import SynthesisError
from stepweave.cdk.naming import DAG_CONSTRUCT
from stepweave.cdk.settings import Settings
from stepweave.cdk.storage_stack import StorageStack
from stepweave.cdk.workflows import WorkflowsStack
from stepweave.compiler.compile import CompiledWorkflow
from stepweave.contract.agent import Agent
from stepweave.project.settings import find_project, require_project


def create_app(
    outdir: Path | None = None, context: Mapping[str, object] | None = None, *, validate: bool = False
) -> cdk.App:
    """Return an application whose templates come out the same with and without the ``cdk`` command.

    Parameters
    ----------
    outdir : Path | None
        Where the cloud assembly is written: where the ``cdk`` command says, else ``cdk.out``, if not given.
    context : Mapping[str, object] | None
        Settings and feature flags. They win over those of ``cdk.json``, which are read in any case; ``cdk -c`` wins
        over both.
    validate : bool
        Whether the CDK checks the templates itself. It takes longer than all the rest, so the tests do it.
    """
    configuration = json.loads((require_project().root / "cdk.json").read_text(encoding="utf-8"))
    return cdk.App(
        outdir=str(outdir or os.environ.get("CDK_OUTDIR") or require_project().root / "cdk.out"),
        context={**configuration["context"], **(context or {})},
        analytics_reporting=False,
        builtin_cloud_formation_validation=validate,
        stack_traces=False,
        tree_metadata=False,
    )


def add_stacks(  # noqa: PLR0913, PLR0917
    app: cdk.App,
    workflows: Iterable[CompiledWorkflow],
    bundler: Bundler | None = None,
    dag: CompiledWorkflow | None = None,
    kept: Iterable[Agent[Any, Any]] = (),
    settings: Settings | None = None,
) -> Deployment:
    """Add what the workflows need: storage, their agents' functions, their state machines.

    Parameters
    ----------
    app : cdk.App
        The application.
    workflows : Iterable[CompiledWorkflow]
        The workflows to deploy, at least one.
    bundler : Bundler | None
        What makes the functions' bundles, if not the project's own.
    dag : CompiledWorkflow | None
        The workflow of a DAG file. It gets a stack of its own, so that those of other files stay where they are.
    kept : Iterable[Agent]
        Agents that have a function whether or not one of these workflows calls them: those of DAG files that were
        deployed before.
    settings : Settings | None
        What was chosen about the deployment; if not given, what the context and the project's ``pyproject.toml`` say.

    Returns
    -------
    Deployment
        What was added.

    Raises
    ------
    SynthesisError
        If a setting is wrong, two workflows or two agents have one name, or an agent cannot be bundled.

    Example
    -------
    >>> app = create_app(Path("cdk.out"))  # doctest: +SKIP
    >>> add_stacks(app, [compile_workflow(code_review)])  # doctest: +SKIP
    >>> app.synth()  # doctest: +SKIP
    """
    settings = settings or Settings.from_context(app.node, find_project())
    deployed = sorted(workflows, key=lambda workflow: workflow.name)
    if not deployed:
        raise SynthesisError("there is no workflow to deploy; add one to the folder of workflows")
    added = [] if dag is None else [dag]
    given = [workflow.name for workflow in [*deployed, *added]]
    if len(set(given)) < len(given):
        raise SynthesisError(f"each workflow needs a name of its own, but these were given: {', '.join(given)}")

    called = deployed_agents([*deployed, *added])
    idle = [agent for agent in kept if agent.name not in {one.name for one in called}]
    tag(app, settings)
    names = settings.names
    agents = [*called, *idle]
    storage = StorageStack(app, names.storage_stack, settings=settings, agents=agents).storage
    agents_stack = AgentsStack(
        app,
        names.agents_stack,
        agents=agents,
        storage=storage,
        bundler=bundler or Bundler.of(require_project(), settings),
    )
    stacks = [WorkflowsStack(app, names.workflows_stack, workflows=deployed, storage=storage)]
    stacks += [
        WorkflowsStack(
            app, names.dag_stack(one.name), workflows=[one], storage=storage, construct_name=lambda _: DAG_CONSTRUCT
        )
        for one in added
    ]
    for stack in stacks:
        stack.add_stack_dependency(agents_stack)
    return Deployment(
        app,
        settings,
        storage,
        tuple(agents_stack.functions),
        tuple(machine for stack in stacks for machine in stack.machines),
    )


def tag(app: cdk.App, settings: Settings) -> None:
    """Give every resource the tags of the project, the environment, and those that were chosen."""
    for key, value in settings.all_tags.items():
        cdk.Tags.of(app).add(key, value)
