"""The input of an execution: what the workflow's parameters ask for, checked before anything starts."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from pydantic import JsonValue, ValidationError
from pydantic_core import ErrorDetails

from lambdas.shared.repository.contract import RepoRef
from stepweave.command.errors import CommandError
from stepweave.command.input_options import read_options
from stepweave.contract.json_values import JsonType, NotJsonError, json_text
from stepweave.language.workflow import Workflow

MAX_INPUT_BYTES = 262_144
"""What Step Functions takes as an execution's input."""


@dataclass(frozen=True)
class ExecutionInput:
    """An input that was checked, but for a repository that is still to be uploaded.

    Parameters
    ----------
    values : dict[str, JsonValue]
        The input by parameter name.
    repository : str | None
        The parameter that the uploaded repository fills; None if there is none.
    """

    values: dict[str, JsonValue]
    repository: str | None = None

    def to_json(self, repo: RepoRef | None = None) -> str:
        """Return the JSON text that starts the execution.

        Parameters
        ----------
        repo : RepoRef | None
            The repository that was uploaded.

        Raises
        ------
        CommandError
            If it is more than Step Functions takes.
        """
        values = dict(self.values)
        if self.repository is not None and repo is not None:
            values[self.repository] = JsonType.of(RepoRef).dump(repo)
        text = json_text(values)
        if len(text) > MAX_INPUT_BYTES:
            raise CommandError(
                f"the input is {len(text)} bytes; Step Functions takes {MAX_INPUT_BYTES}",
                "put what is large into S3, and pass where it is",
            )
        return text.decode()


def check_input(
    workflow: Workflow, text: str | None, *, repository: bool, options: Sequence[str] = ()
) -> ExecutionInput:
    """Check what was given for a workflow's parameters.

    Parameters
    ----------
    workflow : Workflow
        What is to be run.
    text : str | None
        The value of ``--input``: a JSON object, or ``@FILE`` for a file that holds one.
    repository : bool
        Whether ``--repo`` was given.
    options : Sequence[str]
        Options that are named after inputs which have defaults, such as ``--isolated`` or ``--depth 3``.

    Raises
    ------
    CommandError
        If an input is missing, unknown or of the wrong type; it names all that are.
    """
    given = {} if text is None else _read_object(text)
    for name, value in read_options(workflow, options).items():
        if name in given:
            raise CommandError(f"both --{name.replace('_', '-')} and --input give {name!r}", "leave one of them out")
        given[name] = value
    filled = _repository_parameter(workflow, given, repository=repository)
    expected = [field for field in workflow.inputs if field.name != filled]
    known = {field.name for field in expected}
    problems = [f"input {name!r} is unknown" for name in given if name not in known]
    problems += [f"input {field.name!r} is missing" for field in expected if field.required and field.name not in given]
    values: dict[str, JsonValue] = {}
    for field in expected:
        if field.name in given:
            # One adapter per input, not one model of all: an input may bear a name that a model cannot have.
            written = JsonType.of(field.annotation)
            try:
                values[field.name] = written.dump(written.load(given[field.name]))
            except NotJsonError as error:
                problems.append(f"input {field.name!r}: {error}")
            except ValidationError as error:
                problems += [_problem(field.name, detail) for detail in error.errors(include_url=False)]
    if problems:
        takes = ", ".join(field.name for field in workflow.inputs) or "no input"
        raise CommandError("; ".join(problems), f"{workflow.name} takes {takes}: see `stepweave list`")
    return ExecutionInput(values, filled)


def takes_repository(annotation: object) -> bool:
    """Tell whether a parameter of this type is filled from ``--repo``."""
    return annotation is RepoRef


def _repository_parameter(workflow: Workflow, given: dict[str, JsonValue], *, repository: bool) -> str | None:
    takers = [field.name for field in workflow.inputs if takes_repository(field.annotation)]
    required = {field.name for field in workflow.inputs if field.required}
    missing = [name for name in takers if name in required and name not in given]
    if not repository:
        if missing:
            raise CommandError(
                f"workflow {workflow.name} needs a repository: its input {missing[0]!r}",
                "add --repo PATH, a folder or a Git URL",
            )
        return None
    if not takers:
        raise CommandError(f"workflow {workflow.name} takes no repository", "leave --repo out")
    if len(missing) == 1:
        return missing[0]
    if not missing:
        raise CommandError(f"both --repo and --input give {takers[0]!r}", "leave one of them out")
    raise CommandError(
        f"workflow {workflow.name} takes several repositories: {', '.join(takers)}",
        "give all but one of them by reference in --input",
    )


def _read_object(text: str) -> dict[str, JsonValue]:
    place = "--input"
    if text.startswith("@"):
        place = text[1:]
        try:
            text = Path(place).read_text(encoding="utf-8-sig")
        except OSError as error:
            why = f"cannot read {place}: {error.strerror}" if place else "no file is named behind the @"
            raise CommandError(f"--input {text}: {why}") from error
        except UnicodeDecodeError as error:
            raise CommandError(f"{place}: not UTF-8 text, at byte {error.start}") from error
        except ValueError as error:  # a null byte
            raise CommandError(f"--input {text}: not a path: {error}") from error
    try:
        value = json.loads(text, parse_constant=_no_such_number, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        raise CommandError(
            f"{place}: not valid JSON, at line {error.lineno}, column {error.colno}: {error.msg}",
            "pass a JSON object, or @FILE for a file that holds one",
        ) from error
    except (ValueError, RecursionError) as error:
        raise CommandError(f"{place}: not valid JSON: {error}") from error
    if not isinstance(value, dict):
        raise CommandError(f"{place}: must be a JSON object, not {_json_type(value)}", 'for example {"name": "value"}')
    return value


def _no_such_number(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")


def _unique(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    values = dict(pairs)
    if len(values) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)!r} is given twice")
    return values


def _json_type(value: JsonValue) -> str:
    names = {bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "an array"}
    return names.get(type(value), "null")


def _problem(name: str, detail: ErrorDetails) -> str:
    where = ".".join(str(part) for part in (name, *detail["loc"]))
    message = detail["msg"]
    return f"input {where!r}: {message[:1].lower()}{message[1:]}"
