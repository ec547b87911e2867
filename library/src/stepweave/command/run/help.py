"""``stepweave run WORKFLOW --help``: what a workflow takes, too."""

from typing import Any, Final

from typer.core import TyperCommand

_WORDS: Final = "stepweave.words"


class RunCommand(TyperCommand):
    """The subcommand ``run``, whose help shows the inputs of the workflow that is named."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Remember what was given: help is asked for before the workflow is known."""
        ctx.meta[_WORDS] = tuple(args)
        return super().parse_args(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help, and the inputs below it."""
        super().format_help(ctx, formatter)
        _print_inputs(ctx.meta.get(_WORDS, ()))


def _print_inputs(words: tuple[str, ...]) -> None:
    from stepweave.command.run.words import workflow_index

    index = workflow_index(words)
    if index is None:
        return
    from stepweave.command.terminal.console import standard_output, styled
    from stepweave.command.workflows.input_lines import input_lines
    from stepweave.command.workflows.workflow_choice import find_workflow

    workflow = find_workflow(words[index])
    console = standard_output()
    console.print(styled(f" Inputs of {workflow.name}:", "bold"))
    for line in input_lines(workflow) or ["none"]:
        console.print(styled(f"   {line}"), soft_wrap=True)
