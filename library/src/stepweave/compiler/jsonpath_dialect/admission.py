"""The state that admits a workflow's inputs, before any task runs.

Its function looks up the execution's input itself: an input may fill a state's quota, so nothing can travel beside it.
What it returns fits into every document: the inputs with their defaults, the large ones by reference.
"""

import json
from collections.abc import Mapping
from typing import Any

from stepweave.compiler.asl import State, Substitution
from stepweave.compiler.jsonpath_dialect.retriers import library_retriers
from stepweave.contract.admission import DeclaredInput
from stepweave.contract.formats import ADMISSION_EVENT, VERSION
from stepweave.graph.dag import Dag

FUNCTION = Substitution.of("admission")
_TIMEOUT_SECONDS = 70


def admission_state(dag: Dag) -> State:
    """Write the state; where it keeps what it is given is for the caller to say.

    Parameters
    ----------
    dag : Dag
        The graph, which has at least one input.
    """
    return {
        "Type": "Task",
        "Comment": "checks the execution's input, before any task",
        "Resource": FUNCTION,
        "Parameters": {
            VERSION: ADMISSION_EVENT.current,
            "execution.$": "$$.Execution.Id",
            "inputs": _declared(dag),
            "limit_bytes": 0,
        },
        "TimeoutSeconds": _TIMEOUT_SECONDS,
        "Retry": library_retriers(),
    }


def _declared(dag: Dag) -> str:
    inputs = {
        one.name: DeclaredInput(
            json_schema=dict(one.schema),
            default=None if one.default is None else one.default.value,
            required=one.default is None,
        ).model_dump(mode="json", by_alias=True, exclude_defaults=True)
        for one in dag.inputs
    }
    return json.dumps(inputs, ensure_ascii=False, separators=(",", ":"))


def is_admission(state: Mapping[str, Any]) -> bool:
    """Tell whether a state admits inputs, in a compiled definition or in a deployed one."""
    given = state.get("Parameters")
    return isinstance(given, Mapping) and given.keys() - {VERSION} == {"execution.$", "inputs", "limit_bytes"}
