"""Add a workflow to a project."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from stepweave.command.errors import CommandError, first_line
from stepweave.command.new.annotation import NoSourceError, annotation_of
from stepweave.command.new.formatting import format_files
from stepweave.command.new.name import checked_name
from stepweave.command.template import filled
from stepweave.command.terminal.file_writing import replace_file, writing
from stepweave.compiler.compile import compile_workflow
from stepweave.contract.agent import Agent
from stepweave.project.agents import LIBRARY_AGENTS, agent_contract, agent_names, agent_package, contract_file
from stepweave.project.catalog import workflows
from stepweave.project.golden import golden_file
from stepweave.project.settings import Project

_TEMPLATE: Final = Path(__file__).parent / "template" / "workflow.py.template"


@dataclass(frozen=True)
class _Call:
    """How a workflow calls an agent with all that it must be given."""

    agent: str
    imports: frozenset[tuple[str, str]]
    inputs: tuple[tuple[str, str], ...]
    output: str


def add_workflow(project: Project, name: str, agent: str | None = None) -> list[Path]:
    """Write a workflow that calls one agent, and the ASL that it compiles to, and return the files.

    Parameters
    ----------
    project : Project
        Where it is added.
    name : str
        The workflow's name.
    agent : str | None
        The agent; the first of the project that can be called so if not given.

    Raises
    ------
    CommandError
        If the name will not do, something of that name is there, or no agent can be called. Nothing is left behind.
    WorkflowError
        If a workflow that is there cannot be imported.
    """
    function = checked_name("a workflow", name)
    shown = function.replace("_", "-")
    file = project.workflows_folder / f"{function}.py"
    for taken in (file, file.with_suffix("")):
        if taken.exists() or taken.is_symlink():
            raise CommandError(f"{taken.relative_to(project.root)} is there already", "choose another name")
    there = workflows(project).get(shown)
    if there is not None:
        raise CommandError(f"a workflow {shown} is there already, at {there.location}", "choose another name")
    text = _text(function, _chosen(project, function, agent))
    golden = golden_file(project, shown)
    with writing(file):
        project.workflows_folder.mkdir(parents=True, exist_ok=True)
        try:
            replace_file(file, text)
            format_files(project, [file])
            replace_file(golden, compile_workflow(workflows(project)[shown]).to_json())
        except BaseException:
            with suppress(OSError):
                file.unlink()
            raise
    return [file, golden]


def _chosen(project: Project, function: str, agent: str | None) -> _Call:
    own = [name for name in agent_names(project) if name not in LIBRARY_AGENTS]
    if agent is not None and agent not in own:
        raise CommandError(f"there is no agent {agent!r}", f"the project has: {', '.join(own) or 'none'}")
    if not own:
        raise CommandError("a workflow calls agents, and the project has none", "make one: stepweave new agent NAME")
    refusal: CommandError | None = None
    for name in own if agent is None else [agent]:
        try:
            return _call(project, function, name)
        except CommandError as error:
            refusal = refusal or error
    raise refusal or CommandError("no agent can be called")


def _call(project: Project, function: str, name: str) -> _Call:
    where = contract_file(name, project)
    try:
        contract = agent_contract(name, project)
    except Exception as error:
        raise CommandError(f"{where}: {type(error).__name__} while it was imported: {first_line(error)}") from error
    if contract is None:
        raise CommandError(
            f"{where}: no agent called {name!r} is defined there", f'add {name} = Agent(name="{name}", ...)'
        )
    variable = _variable(project, name, contract)
    try:
        output = annotation_of(contract.output)
        inputs = {
            field: annotation_of(info.annotation)
            for field, info in contract.input.model_fields.items()
            if info.is_required()
        }
    except NoSourceError as error:
        raise CommandError(
            f"{where}: a workflow cannot name the type {error}",
            "define it at the top level of a module, or write the workflow by hand",
        ) from error
    imports = {(f"{agent_package(name, project)}.contract", variable)}
    imports |= {one for annotation in (output, *inputs.values()) for one in annotation.imports}
    names = [imported for _, imported in imports]
    for hidden in (function, *inputs):
        if hidden in names:
            raise CommandError(
                f"{where}: {hidden!r} would mean two things in the workflow", "choose another name or agent"
            )
    if len(set(names)) < len(names):
        raise CommandError(f"{where}: two of the types that it needs have the same name", "choose another agent")
    return _Call(variable, frozenset(imports), tuple((field, one.text) for field, one in inputs.items()), output.text)


def _variable(project: Project, name: str, contract: Agent[Any, Any]) -> str:
    import importlib

    module = importlib.import_module(f"{agent_package(name, project)}.contract")
    return next(variable for variable, value in vars(module).items() if value is contract)


def _text(function: str, call: _Call) -> str:
    imports = sorted({*call.imports, ("datetime", "timedelta"), ("stepweave", "workflow")})
    return filled(
        _TEMPLATE,
        {
            "imports": "\n".join(f"from {module} import {name}" for module, name in imports),
            "sentence": function.replace("_", " ").capitalize(),
            "workflow": function,
            "inputs": ", ".join(f"{field}: {text}" for field, text in call.inputs),
            "output": call.output,
            "agent": call.agent,
            "arguments": "".join(f", {field}={field}" for field, _ in call.inputs),
        },
    )
