"""Read the definition of a state machine, and those of the nested executions that it starts."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stepweave.command.executions.definition_tasks import DefinedTask, defined_tasks, nested_state_machines
from stepweave.compiler.jsonpath_dialect.reading import StateJson

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient


@dataclass(frozen=True)
class Definitions:
    """The definitions of a workflow.

    Parameters
    ----------
    main : StateJson
        The state machine that is started.
    nested : dict[str, StateJson]
        Those that it starts, and those that they start, by ARN.
    """

    main: StateJson
    nested: dict[str, StateJson]

    def tasks(self) -> tuple[DefinedTask, ...]:
        """List the tasks of all of them."""
        return defined_tasks(self.main, self.nested)


def read_definitions(client: "SFNClient", state_machine_arn: str) -> Definitions:
    """Read what is deployed of a workflow.

    Parameters
    ----------
    client : SFNClient
        Where it is deployed.
    state_machine_arn : str
        The state machine that is started.
    """
    main = _read(client, state_machine_arn)
    nested: dict[str, StateJson] = {}
    ahead = list(nested_state_machines(main))
    while ahead:
        arn = ahead.pop()
        if arn not in nested:
            nested[arn] = _read(client, arn)
            ahead += nested_state_machines(nested[arn])
    return Definitions(main, nested)


def _read(client: "SFNClient", arn: str) -> StateJson:
    definition: StateJson = json.loads(client.describe_state_machine(stateMachineArn=arn)["definition"])
    return definition
