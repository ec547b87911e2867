"""The ``stepweave`` command."""

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from stepweave.command.breaker.command import breaker
from stepweave.command.dlq.command import dlq
from stepweave.command.init.command import init
from stepweave.command.local.command import local
from stepweave.command.new.command import new
from stepweave.command.plan.command import plan
from stepweave.command.profile.command import profile
from stepweave.command.reporting import output_delivered, reported
from stepweave.command.requirements.command import requirements
from stepweave.command.run.command import run
from stepweave.command.run.help import RunCommand
from stepweave.command.terminal.standard_streams import use_standard_streams
from stepweave.command.terminal.stop_signals import stoppable
from stepweave.command.workflows.golden import golden
from stepweave.command.workflows.list import list_workflows
from stepweave.command.workflows.synth import synth
from stepweave.project.settings import find_project


class ReportingGroup(TyperGroup):
    """The group of all subcommands: whatever one of them raises is reported in one place."""

    def invoke(self, ctx: Any) -> Any:
        """Run a subcommand."""
        with reported(), stoppable():
            project = find_project()
            if project is not None:
                project.use()
            return super().invoke(ctx)


app = typer.Typer(
    name="stepweave",
    cls=ReportingGroup,
    help="Weave a DAG of agents into AWS Step Functions, and run it: on AWS, or on this machine without any account.",
    epilog="What there is to run: stepweave list",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["--help", "-h"]},
)
app.command("init")(init)
app.add_typer(new, name="new")
app.command("list")(list_workflows)
app.command("synth")(synth)
# Inputs are options too, which only the workflow knows.
app.command("run", cls=RunCommand, context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(run)
app.command("golden")(golden)
app.command("requirements")(requirements)
app.command("plan")(plan)
app.command("profile")(profile)
app.add_typer(dlq, name="dlq")
app.add_typer(breaker, name="breaker")
app.add_typer(local, name="local")


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"stepweave {version('stepweave')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Take the options that belong to no subcommand."""


def main() -> None:
    """Run the command."""
    use_standard_streams()
    with reported(), output_delivered():
        app()
