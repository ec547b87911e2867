"""What a workflow itself says of its output, for a person."""

from pydantic import JsonValue, ValidationError

from stepweave.command.errors import CommandError, first_line
from stepweave.command.terminal.console import say_warning
from stepweave.contract.function_name import load_function
from stepweave.contract.json_values import JsonType, NotJsonError
from stepweave.language.types import type_name
from stepweave.language.workflow import Summarize, Workflow

Lines = list[tuple[str, str]]


class Summary:
    """Makes of a workflow's output the lines that a person reads.

    Parameters
    ----------
    workflow : Workflow
        The workflow.

    Raises
    ------
    CommandError
        If the workflow names a function that cannot be imported.
    """

    def __init__(self, workflow: Workflow) -> None:
        self._output = workflow.output
        self._summarize = _summarize(workflow)

    def lines(self, output: JsonValue) -> Lines | None:
        """Return pairs of label and text; None if the workflow has no summary, or it cannot be made.

        An execution that succeeded is reported whatever becomes of its summary: a warning says why there is none.
        """
        if self._summarize is None:
            return None
        try:
            value = JsonType.of(self._output).load(output)
        except (ValidationError, NotJsonError):
            say_warning(f"the output has no summary: it is no {type_name(self._output)} as this project defines it")
            return None
        try:
            return [(str(label), str(text)) for label, text in self._summarize(value)]
        except Exception as error:  # noqa: BLE001 - whatever the project's own code raises
            say_warning(f"the output has no summary: {type(error).__name__}: {first_line(error)}")
            return None


def _summarize(workflow: Workflow) -> Summarize | None:
    if not isinstance(workflow.summary, str):
        return workflow.summary
    try:
        found = load_function(workflow.summary)
    except (ImportError, AttributeError) as error:
        raise CommandError(
            f"the summary of workflow {workflow.name}, {workflow.summary}, cannot be imported: {error}",
            f"mend it at {workflow.location}",
        ) from error
    if not callable(found):
        raise CommandError(
            f"the summary of workflow {workflow.name}, {workflow.summary}, is no function",
            f"mend it at {workflow.location}",
        )
    return found
