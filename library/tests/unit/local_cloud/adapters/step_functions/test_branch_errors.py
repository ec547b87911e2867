"""Errors that Step Functions names itself, inside a branch or an iteration."""

from types import ModuleType

import pytest
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import iteration_worker
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel import branches_decl

from stepweave.local_cloud.adapters.step_functions.branch_errors import branch_errors

MODULES = pytest.mark.parametrize("module", [branches_decl, iteration_worker], ids=["parallel", "map"])


@MODULES
def test_upstream_refuses_the_name(module: ModuleType) -> None:
    with pytest.raises(ValueError, match="MUST NOT begin"):
        module.CustomErrorName(error_name="States.Timeout")


@MODULES
@pytest.mark.parametrize("name", ["States.Timeout", "States.TaskFailed", "Boom"])
def test_the_name_is_kept(module: ModuleType, name: str) -> None:
    with branch_errors():
        assert module.CustomErrorName(error_name=name).error_name == name
