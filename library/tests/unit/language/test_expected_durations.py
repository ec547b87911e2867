"""Durations that an author expects, and how much waiting is tolerated."""

import math
from datetime import timedelta

import pytest
from pydantic import BaseModel

from stepweave.contract.agent import Agent
from stepweave.graph.errors import WorkflowError
from stepweave.language.workflow import workflow


class Nothing(BaseModel):
    pass


quick = Agent(name="quick", input=Nothing, output=Nothing, expected=timedelta(seconds=2))
unknown = Agent(name="unknown", input=Nothing, output=Nothing)


def test_a_task_is_expected_to_take_what_its_agent_does_unless_its_author_says_otherwise() -> None:
    @workflow(tolerance=0.1)
    def mixed() -> None:
        quick("contract")
        quick("task").expect(timedelta(minutes=1))
        unknown()

    dag = mixed.trace()
    assert [task.expected for task in dag.tasks] == [timedelta(seconds=2), timedelta(minutes=1), None]
    assert dag.tolerance == 0.1


@pytest.mark.parametrize("tolerance", [-0.1, math.nan, math.inf])
def test_a_tolerance_is_a_number_of_at_least_0(tolerance: float) -> None:
    with pytest.raises(WorkflowError, match=r"test_expected_durations\.py:\d+: workflow 'odd': tolerance must be"):

        @workflow(tolerance=tolerance)
        def odd() -> None:
            unknown()


def test_a_task_takes_some_time() -> None:
    @workflow()
    def odd() -> None:
        unknown().expect(timedelta())

    with pytest.raises(
        WorkflowError,
        match=r"task 'unknown': expect must be above 0, at most 365 days, not 0:00:00; give a time above 0",
    ):
        odd.trace()


@pytest.mark.parametrize("expected", [timedelta(), timedelta(minutes=2)])
def test_an_agent_is_expected_to_end_before_its_timeout(expected: timedelta) -> None:
    with pytest.raises(ValueError, match="agent late: expected"):
        Agent(name="late", input=Nothing, output=Nothing, timeout=timedelta(minutes=1), expected=expected)
