"""``stepweave requirements``: pin what agents need."""

import typer


def requirements() -> None:
    """Pin what each agent needs, with hashes: compile its requirements.in, with the runtime's, to requirements.txt.

    Versions that are pinned already stay where they still will do. An agent without a requirements.in needs nothing
    but what the runtime has.
    """
    from stepweave.command.requirements.pins import compile_requirements, wanted_files
    from stepweave.command.terminal.console import say
    from stepweave.project.settings import require_project

    project = require_project()
    wanted = wanted_files(project)
    for wants in wanted:
        compiled = compile_requirements(project, wants)
        typer.echo(f"{compiled.relative_to(project.root)}: compiled")
    if not wanted:
        say("no agent has a requirements.in; each runs with what the runtime has")
