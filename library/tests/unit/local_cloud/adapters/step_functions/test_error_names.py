"""The names of errors, and what catches them."""

from typing import Any

import pytest
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import CustomErrorName

from stepweave.local_cloud.adapters.step_functions.error_names import error_names, is_caught


@pytest.mark.parametrize(
    ("error", "names", "caught"),
    [
        ("Boom", ["Boom"], True),
        ("Boom", ["Bang"], False),
        ("Boom", ["States.ALL"], True),
        ("Boom", ["States.TaskFailed"], True),
        (None, ["States.ALL"], True),
        ("States.Own", ["States.Own"], True),
        ("States.Own", ["States.TaskFailed"], True),
        ("States.Timeout", ["States.TaskFailed"], False),
        ("States.Timeout", ["States.Timeout"], True),
        ("States.Timeout", ["States.HeartbeatTimeout"], False),
        ("States.HeartbeatTimeout", ["States.HeartbeatTimeout"], True),
        ("States.HeartbeatTimeout", ["States.Timeout"], True),
        ("States.HeartbeatTimeout", ["States.TaskFailed"], False),
        ("States.DataLimitExceeded", ["States.ALL"], True),
        ("States.Runtime", ["States.ALL"], False),
        ("States.Runtime", ["States.TaskFailed"], False),
        ("States.Runtime", ["States.Runtime"], True),
    ],
)
def test_an_error_is_caught_by_its_name_or_a_wildcard(error: str | None, names: list[str], caught: bool) -> None:
    assert is_caught(error, names) is caught


def test_upstream_refuses_the_name() -> None:
    with pytest.raises(ValueError, match="MUST NOT begin"):
        CustomErrorName(error_name="States.Own")


@pytest.mark.parametrize("kind", ["Parallel", "Map"])
@pytest.mark.parametrize("name", ["States.QuorumMet", "States.TaskFailed", "Boom"])
def test_what_ends_a_part_ends_the_whole_under_the_same_name(engine: Any, kind: str, name: str) -> None:
    engine.adapt(error_names())
    part = {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": name, "Cause": "c"}}}
    whole = {"Branches": [part]} if kind == "Parallel" else {"ItemsPath": "$.items", "ItemProcessor": part}
    state = {"Type": kind, **whole, "End": True}
    caught = {**state, "Catch": [{"ErrorEquals": [name], "Next": "Z"}]}
    ended = engine.end(engine.start({"StartAt": "A", "States": {"A": state}}, {"items": [1]}))
    assert (ended["status"], ended["error"]) == ("FAILED", name)
    machine = {"StartAt": "A", "States": {"A": caught, "Z": {"Type": "Succeed"}}}
    assert engine.end(engine.start(machine, {"items": [1]}))["output"] == f'{{"Error":"{name}","Cause":"c"}}'
