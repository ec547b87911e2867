"""``stepweave init``: make a project."""

from pathlib import Path
from typing import Annotated

import typer


def init(
    folder: Annotated[Path, typer.Argument(metavar="NAME", help="The project's folder; its last part is its name.")],
    namespace: Annotated[
        str | None,
        typer.Option(help="With what the names of all that is deployed begin; the project's name if not given."),
    ] = None,
    find_links: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="A folder with Stepweave's wheel, which is copied into the project."),
    ] = None,
) -> None:
    """Make a project: one agent, one workflow, one test, a CDK app, a CI file, a Makefile, a README.

    Its `make demo`, `make test` and `make check` pass at once. Nothing is installed before the first of them runs.
    """
    import stepweave.command.init.project as new_project
    from stepweave.command.init.wheel import installed_version, matching_wheel
    from stepweave.command.terminal.console import say

    wheel = None if find_links is None else matching_wheel(find_links)
    made = new_project.make(folder, namespace, installed_version(), wheel)
    typer.echo(f"{folder}: made, with the agent greeter and the workflow hello")
    if wheel is None:
        say(
            "`make setup` will take Stepweave from your package index. It is on no public one yet: where yours has "
            "it not either, make the project by --find-links DIR"
        )
    say("next: " + ("" if made == Path() else f"cd {made}, then ") + "make demo, make test")
