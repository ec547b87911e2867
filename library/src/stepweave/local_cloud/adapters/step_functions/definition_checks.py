"""A definition that AWS refuses is refused, with the place of the mistake.

Upstream defects: transitions to states that do not exist, states that cannot be reached, fields that no state has,
values of a wrong type, what is no JSONata, what Express workflows cannot do and the like are accepted, and fail the
execution or are ignored; a refusal repeats the whole definition and does not say in which state the mistake is; a name
that is taken by another definition is silently given away; and ``ValidateStateMachineDefinition`` is missing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from moto.core.exceptions import AWSError
from moto.core.responses import ActionResult
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser, ASLParserException
from moto.stepfunctions.parser.models import StepFunctionsParserBackend
from moto.stepfunctions.responses import StepFunctionResponse

from stepweave.local_cloud.adapters.patch import added, replaced
from stepweave.local_cloud.adapters.step_functions.definition_problems import (
    Problem,
    express_problems,
    problems,
    states_of,
)
from stepweave.local_cloud.adapters.step_functions.jsonata_problems import language_problems
from stepweave.local_cloud.adapters.step_functions.strict_json import loads

_EXPRESS: Final = "EXPRESS"
_MOST_DIAGNOSTICS: Final = 100
_ANY_WORD: Final = re.compile(r"\w+")


class InvalidDefinition(AWSError):  # type: ignore[misc]  # noqa: N818 - AWS's name
    """The definition is refused."""

    TYPE = "InvalidDefinition"
    STATUS = 400


class StateMachineAlreadyExists(AWSError):  # type: ignore[misc]  # noqa: N818 - AWS's name
    """The name is taken by another state machine."""

    TYPE = "StateMachineAlreadyExists"
    STATUS = 400


@contextmanager
def definition_checks() -> Iterator[None]:
    """Check definitions when state machines are made or changed, and when that is asked for."""
    upstream_create = StepFunctionsParserBackend.create_state_machine
    upstream_update = StepFunctionsParserBackend.update_state_machine

    def create_state_machine(self: Any, name: str, definition: str, *args: Any, **kwargs: Any) -> Any:
        kind = kwargs.get("sm_type") or "STANDARD"
        known = next((machine for machine in self.state_machines if machine.name == name), None)
        if known is not None and (known.definition, known.type) != (definition, kind):
            raise StateMachineAlreadyExists(f"State Machine Already Exists: '{known.arn}'")
        if kind == _EXPRESS:
            self._validate_definition(definition)
            check_definition(definition, kind)
        return upstream_create(self, name, definition, *args, **kwargs)

    def update_state_machine(self: Any, arn: str, definition: str | None = None, *args: Any, **kwargs: Any) -> Any:
        known = next((machine for machine in self.state_machines if machine.arn == arn), None)
        if definition and known is not None and known.type == _EXPRESS:
            self._validate_definition(definition)
            check_definition(definition, _EXPRESS)
        return upstream_update(self, arn, definition, *args, **kwargs)

    with ExitStack() as patches:
        for owner, name, method in (
            (StepFunctionsParserBackend, "create_state_machine", create_state_machine),
            (StepFunctionsParserBackend, "update_state_machine", update_state_machine),
            (StepFunctionsParserBackend, "_validate_definition", staticmethod(check_definition)),
        ):
            patches.enter_context(replaced(owner, name, method))
        patches.enter_context(added(StepFunctionResponse, "validate_state_machine_definition", _validate))
        yield


def check_definition(definition: str, kind: str = "STANDARD") -> None:
    """Check a definition.

    Parameters
    ----------
    definition
        Its text.
    kind
        The type of the state machine.

    Raises
    ------
    InvalidDefinition
        If AWS would refuse it, or the engine does not understand it; the message names the places.
    """
    if found := diagnostics(definition, kind):
        raise InvalidDefinition(f"Invalid State Machine Definition: '{', '.join(map(str, found))}'")


def diagnostics(definition: str, kind: str) -> list[Problem]:
    """Return what is wrong with a definition; the parameters are those of ``check_definition``."""
    if not definition.strip():
        return [Problem("SCHEMA_VALIDATION_FAILED", "Definition must be a valid JSON object", None)]
    try:
        parsed = loads(definition)
    except ValueError as error:
        return [_no_json(definition, str(error))]
    found = [*problems(parsed), *(express_problems(parsed) if kind == _EXPRESS else ())]
    if not found:
        found = [Problem(*found) for found in language_problems(parsed, states_of(parsed))]
    if not found and (reason := _why_not_parsed(definition)) is not None:
        found = [_located(parsed, reason)]
    return found


def _validate(self: Any) -> ActionResult:
    found = diagnostics(self._get_param("definition"), self._get_param("type") or "STANDARD")
    most = self._get_param("maxResults") or _MOST_DIAGNOSTICS
    told = [
        {
            "severity": "ERROR",
            "code": problem.code,
            "message": problem.text,
            **({} if problem.place is None else {"location": problem.place}),
        }
        for problem in found
    ]
    result = "FAIL" if found else "OK"
    return ActionResult({"result": result, "diagnostics": told[:most], "truncated": len(told) > most})


def _no_json(text: str, reason: str) -> Problem:
    """Tell of text that is no JSON as AWS's parser does: it points behind the word that it stumbles over."""
    position = getattr(_first_error(text), "pos", 0)
    word = _ANY_WORD.match(text, position)
    line = text.count("\n", 0, position) + 1
    column = (word.end() if word else position) - text.rfind("\n", 0, position)
    source = f'[Source: (String)"{text}"; line: {line}, column: {column}]'
    return Problem("INVALID_JSON_DESCRIPTION", f"{reason}\n at {source}", source)


def _first_error(text: str) -> ValueError | None:
    try:
        json.loads(text)
    except ValueError as error:
        return error
    return None


def _why_not_parsed(text: str) -> str | None:
    try:
        AmazonStateLanguageParser.parse(text)
    except ASLParserException as error:
        return "; ".join(error.errors) or "The definition cannot be parsed"
    except Exception as error:  # noqa: BLE001 - whatever the parser stumbles over is the definition's fault
        return str(error) or type(error).__name__
    return None


def _located(definition: Any, reason: str) -> Problem:
    """Find the innermost state that is not understood on its own either."""
    place = "/"
    for here, state in states_of(definition):
        alone = {key: value for key, value in state.items() if key not in {"Next", "Catch"}}
        if state.get("Type") in {"Task", "Pass", "Wait", "Parallel", "Map"}:
            alone["End"] = True
        machine = {"StartAt": "It", "States": {"It": alone}}
        if "QueryLanguage" in definition:
            machine["QueryLanguage"] = definition["QueryLanguage"]
        own_reason = _why_not_parsed(json.dumps(machine))
        if own_reason is not None:
            place, reason = here, own_reason
    return Problem("SCHEMA_VALIDATION_FAILED", reason, place)
