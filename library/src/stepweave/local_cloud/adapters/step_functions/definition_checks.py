"""A definition that AWS refuses is refused, with the place of the mistake.

Upstream defects: transitions to states that do not exist, states that cannot be reached, fields that no state has, what
is no JSONata and the like are accepted, and fail the execution or are ignored; a refusal repeats the whole definition
and does not say in which state the mistake is; and a name that is taken by another definition is silently given away.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from moto.core.exceptions import AWSError
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser, ASLParserException
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.adapters.step_functions.definition_problems import Problem, problems, states_of
from stepweave.local_cloud.adapters.step_functions.jsonata_problems import language_problems


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
    """Check definitions when state machines are made or changed."""
    upstream_create = StepFunctionsParserBackend.create_state_machine

    def create_state_machine(self: Any, name: str, definition: str, *args: Any, **kwargs: Any) -> Any:
        known = next((machine for machine in self.state_machines if machine.name == name), None)
        if known is not None:
            kind = kwargs.get("sm_type") or "STANDARD"
            if (known.definition, known.type) != (definition, kind):
                raise StateMachineAlreadyExists(f"State Machine Already Exists: '{known.arn}'")
        return upstream_create(self, name, definition, *args, **kwargs)

    with ExitStack() as patches:
        patches.enter_context(replaced(StepFunctionsParserBackend, "create_state_machine", create_state_machine))
        patches.enter_context(
            replaced(StepFunctionsParserBackend, "_validate_definition", staticmethod(check_definition))
        )
        yield


def check_definition(definition: str) -> None:
    """Check a definition.

    Parameters
    ----------
    definition
        Its text.

    Raises
    ------
    InvalidDefinition
        If AWS would refuse it, or the engine does not understand it; the message names the places.
    """
    try:
        parsed = json.loads(definition)
    except ValueError as error:
        raise InvalidDefinition(f"Invalid State Machine Definition: 'INVALID_JSON_DESCRIPTION: {error}'") from error
    found = list(problems(parsed))
    if not found:
        found = [Problem(*found) for found in language_problems(parsed, states_of(parsed))]
    if not found:
        reason = _why_not_parsed(definition)
        if reason is None:
            return
        found = [_located(parsed, reason)]
    raise InvalidDefinition(f"Invalid State Machine Definition: '{', '.join(map(str, found))}'")


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
