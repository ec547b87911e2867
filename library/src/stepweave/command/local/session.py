"""Start, look at and stop the local cloud of the project."""

import json
from pathlib import Path

from stepweave.cdk.naming import Names
from stepweave.cdk.project_names import project_names
from stepweave.command.errors import CommandError
from stepweave.command.local.usage import usage
from stepweave.command.target.deployment import state_machines
from stepweave.command.target.open_target import at_local_endpoint, deploy_project, require_local_cloud
from stepweave.command.target.running_daemon import local_cloud_root
from stepweave.command.terminal.console import say, say_warning, standard_output, styled
from stepweave.command.terminal.step import step
from stepweave.local_client.control import ControlClient
from stepweave.local_client.errors import AlreadyRunningError, LocalCloudEndedError, PortInUseError
from stepweave.local_client.process import LocalCloudProcess
from stepweave.local_client.project_cloud import down, process_options, status, up
from stepweave.local_client.session import LocalSession
from stepweave.local_client.state import CloudState
from stepweave.project.settings import Project, find_project, require_project


def start_in_background(
    port: int,
    *,
    deploy: bool,
    persist: Path | None = None,
    environment: str | None = None,
    assembly: Path | None = None,
) -> None:
    """Start the local cloud unless it is up, and return when it can be used.

    Parameters
    ----------
    port : int
        Where it listens; 0 takes a free port.
    deploy : bool
        Whether the project is deployed into it.
    persist : Path | None
        The folder that keeps its state across restarts.
    environment : str | None
        Which deployment of the project goes there.
    assembly : Path | None
        The cloud assembly that goes there instead; there need be no project then.

    Raises
    ------
    CommandError
        If what it needs is not installed.
    LocalCloudError
        If it cannot be started.
    """
    require_local_cloud()
    content, names = _content(deploy=deploy, assembly=assembly), project_names(environment)
    with step("starting the local cloud", "started") as starting:
        state, is_new = up(local_cloud_root(), port, persist)
        if not is_new:
            starting.done = "found it up already"
    if not is_new and port not in {0, state.port}:
        say_warning(f"it listens on port {state.port}; to change that: stepweave local down")
    if not is_new and persist is not None and persist.resolve() != state.persist:
        kept = "does not keep its state" if state.persist is None else f"keeps its state in {state.persist}"
        say_warning(f"it {kept}; to change that: stepweave local down")
    # Asking a new one that holds nothing would only wait until all of it is loaded.
    is_empty = is_new and not state.began_with_stacks
    _present(content, names, state, "stepweave local down", is_empty=is_empty)


def start_in_foreground(
    port: int,
    *,
    deploy: bool,
    persist: Path | None = None,
    environment: str | None = None,
    assembly: Path | None = None,
) -> None:
    """Run the local cloud in this terminal until Ctrl-C, or until it is told to stop.

    Parameters
    ----------
    port, deploy, persist, environment, assembly
        See `start_in_background`.

    Raises
    ------
    CommandError
        If what it needs is not installed, or the port is taken.
    LocalCloudError
        If it is up already.
    """
    require_local_cloud()
    content, names = _content(deploy=deploy, assembly=assembly), project_names(environment)
    try:
        with LocalCloudProcess(process_options(local_cloud_root(), port, persist), shows_log=True) as cloud:
            state = cloud.state
            _present(content, names, state, "Ctrl-C", is_empty=not state.began_with_stacks)
            if cloud.wait():
                raise LocalCloudEndedError(cloud.ending)
    except PortInUseError as error:
        raise CommandError(str(error)) from error
    except AlreadyRunningError:
        raise AlreadyRunningError("the local cloud of this folder is up already: `stepweave local status`") from None
    except KeyboardInterrupt:
        pass  # it is what was asked for, and no failure
    say("stopped")


def stop() -> None:
    """Stop the local cloud of the project or folder, if it is up."""
    root = local_cloud_root()
    state = status(root).state
    if not down(root):
        say("no local cloud was up")
    elif state is None or state.persist is None:
        say("stopped")
    else:
        say(f"stopped; its state is kept in {state.persist}")


def show_status(*, as_json: bool, environment: str | None = None) -> bool:
    """Print whether the local cloud of the project or folder is up; tell whether it is."""
    found = status(local_cloud_root())
    state = found.state
    running = state is not None and found.answers
    deployed = _deployed(state, project_names(environment)) if state is not None and running else {}
    if as_json:
        details = {} if state is None else state.model_dump(mode="json")
        print(json.dumps({"running": running, **details, "state_machines": deployed}))  # noqa: T201 - the result
    elif state is None:
        say("no local cloud is up; start one: stepweave local up")
    elif not running:
        say_warning(
            f"process {state.pid} should answer at {state.endpoint_url}, but does not; stepweave local down ends it"
        )
    else:
        _print_state(state, deployed)
    return running


def _content(*, deploy: bool, assembly: Path | None) -> Project | Path | None:
    """Return what is to be deployed: a cloud assembly, the project, or nothing.

    Raises
    ------
    ProjectError
        If it is the project, and there is none.
    """
    if assembly is not None:
        return assembly
    return require_project() if deploy else None


def _present(content: Project | Path | None, names: Names, state: CloudState, stop: str, *, is_empty: bool) -> None:
    control = ControlClient(state.port, state.token)
    if isinstance(content, Project):
        deploy_project(content, None, names, control.deploy)
    elif content is not None:
        _deploy_assembly(content, control)
    deployed = {} if is_empty and content is None else _deployed(state, names)
    _print_state(state, deployed)
    console = standard_output()
    for purpose, lines in usage(state.endpoint_url, None if find_project() is None else deployed, stop):
        console.print()
        console.print(styled(f"  # {purpose}", "dim"), soft_wrap=True)
        for line in lines:
            console.print(styled(f"  {line}"), soft_wrap=True)


def _deploy_assembly(assembly: Path, control: ControlClient) -> None:
    with step(f"deploying {assembly}", "deployed") as deploying:
        outcomes = control.deploy(assembly)
        deploying.done = f"deployed {', '.join(outcomes)}"
        if set(outcomes.values()) <= {"unchanged"}:
            deploying.done = "found nothing to deploy"


def _deployed(state: CloudState, names: Names) -> dict[str, str]:
    """Return the state machines of the project by their workflows; of a folder that is none, all by their names."""
    if find_project() is None:
        client = LocalSession(state.endpoint_url).client("stepfunctions")
        pages = client.get_paginator("list_state_machines").paginate()
        return {one["name"]: one["stateMachineArn"] for page in pages for one in page["stateMachines"]}
    return state_machines(at_local_endpoint(state.endpoint_url, names=names).client("cloudformation"), names)


def _print_state(state: CloudState, deployed: dict[str, str]) -> None:
    console = standard_output()
    console.print(styled(f"the local cloud is up at {state.endpoint_url}", "bold green"), soft_wrap=True)
    _print_line("process", f"{state.pid}, since {state.started.astimezone():%Y-%m-%d %H:%M:%S}")
    if state.persist is not None:
        _print_line("kept in", str(state.persist))
    for name, arn in deployed.items():
        _print_line(name, arn)
    if not deployed:
        _print_line("deployed", "nothing yet")


def _print_line(label: str, text: str) -> None:
    standard_output().print(styled(f"  {label:<16}", "dim").append_text(styled(text)), soft_wrap=True)
