"""The input of an execution: what the workflow's parameters ask for, checked before anything starts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from pydantic import JsonValue, ValidationError
from pydantic_core import ErrorDetails

from stepweave.command.errors import CommandError
from stepweave.command.json_input import read_object
from stepweave.command.run.input_options import read_options, usage_of
from stepweave.contract.argument import argument_of
from stepweave.contract.json_values import JsonType, NotJsonError, json_text
from stepweave.language.workflow import Workflow

MAX_INPUT_BYTES: Final = 262_144
"""What Step Functions takes as an execution's input."""


@dataclass(frozen=True)
class GivenInput:
    """What a person gave for a workflow's inputs, checked.

    Parameters
    ----------
    values : Mapping[str, JsonValue]
        What is complete, by input.
    words : Mapping[str, str]
        What is still to be made of one word, by input: see `stepweave.contract.argument`.
    """

    values: Mapping[str, JsonValue] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)


def given_input(workflow: Workflow, text: str | None, options: Sequence[str] = ()) -> GivenInput:
    """Check what was given on the command line for a workflow's parameters.

    Parameters
    ----------
    workflow : Workflow
        What is to be run.
    text : str | None
        The value of ``--input``: a JSON object, or ``@FILE`` for a file that holds one.
    options : Sequence[str]
        Options that are named after inputs, such as ``--isolated`` or ``--depth 3``.

    Raises
    ------
    CommandError
        If an input is missing, unknown, given twice or of the wrong type; it names all that are.
    """
    optional = read_options(workflow, options)
    given = {} if text is None else read_object(text)
    for name in optional:
        if name in given:
            raise CommandError(f"both --{name.replace('_', '-')} and --input give {name!r}", "leave one of them out")
    by_word = {each.name for each in workflow.inputs if argument_of(each.annotation) is not None}
    words = {name: value for name, value in optional.items() if name in by_word and isinstance(value, str)}
    given |= {name: value for name, value in optional.items() if name not in words}
    return GivenInput(check_input(workflow, given, words), words)


def check_input(
    workflow: Workflow, given: Mapping[str, JsonValue], prepared: Collection[str] = ()
) -> dict[str, JsonValue]:
    """Check values for a workflow's parameters, and return them as their types write them.

    Parameters
    ----------
    workflow : Workflow
        What is to be run.
    given : Mapping[str, JsonValue]
        The values by input.
    prepared : Collection[str]
        The inputs whose values are made otherwise.

    Raises
    ------
    CommandError
        If an input is missing, unknown or of the wrong type; it names all that are.
    """
    expected = [each for each in workflow.inputs if each.name not in prepared]
    known = {each.name for each in workflow.inputs}
    missing = [each for each in expected if each.required and each.name not in given]
    problems = [f"input {name!r} is unknown" for name in given if name not in known]
    problems += [f"input {each.name!r} is missing" for each in missing]
    values: dict[str, JsonValue] = {}
    for each in expected:
        if each.name in given:
            # One adapter per input, not one model of all: an input may bear a name that a model cannot have.
            written = JsonType.of(each.annotation)
            try:
                values[each.name] = written.dump(written.load(given[each.name]))
            except NotJsonError as error:
                problems.append(f"input {each.name!r}: {error}")
            except ValidationError as error:
                problems += [_problem(each.name, detail) for detail in error.errors(include_url=False)]
    if problems:
        takes = f"{workflow.name} takes {', '.join(each.name for each in workflow.inputs) or 'no input'}"
        add = f"add {' '.join(map(usage_of, missing))}; " if missing else ""
        raise CommandError("; ".join(problems), f"{add}{takes}: see `stepweave run {workflow.name} --help`")
    return values


def input_text(values: Mapping[str, JsonValue]) -> str:
    """Return the JSON text that starts the execution.

    Raises
    ------
    CommandError
        If it is more than Step Functions takes.
    """
    text = json_text(dict(values))
    if len(text) > MAX_INPUT_BYTES:
        raise CommandError(
            f"the input is {len(text)} bytes; Step Functions takes {MAX_INPUT_BYTES}",
            "put what is large into S3, and pass where it is",
        )
    return text.decode()


def _problem(name: str, detail: ErrorDetails) -> str:
    where = ".".join(str(part) for part in (name, *detail["loc"]))
    message = detail["msg"]
    return f"input {where!r}: {message[:1].lower()}{message[1:]}"
