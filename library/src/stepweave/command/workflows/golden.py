"""``stepweave golden``: keep the compiled ASL beside the workflows."""

from typing import Annotated

import typer


def golden(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit with 1 if a file is out of date.")
    ] = False,
) -> None:
    """Write each workflow's compiled ASL beside it, as NAME.asl.json, so that reviews see what changes.

    Nested executions have files of their own: NAME.nested_1.asl.json, and so on.

    Files of workflows that are no longer there are removed.
    """
    from stepweave.project.golden import out_of_date, write_golden_files
    from stepweave.project.settings import require_project

    project = require_project()
    if not check:
        for path in write_golden_files(project):
            typer.echo(f"{path.relative_to(project.root)}: {'written' if path.exists() else 'removed'}")
        return
    stale = out_of_date(project)
    for path in stale:
        typer.echo(f"{path.relative_to(project.root)}: out of date; run 'stepweave golden' and read the difference")
    if stale:
        raise typer.Exit(1)
