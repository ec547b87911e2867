"""The examples in the local cloud, by their real handlers."""

import pytest

from lambdas.clerk.contract import Done
from state_machines.breaker_with_fallback import breaker_with_fallback
from state_machines.gate import gate
from state_machines.input_with_default import input_with_default
from state_machines.nested_executions import nested_executions
from state_machines.optional_task import optional_task
from state_machines.results_by_reference import results_by_reference
from state_machines.retry_and_timeout import retry_and_timeout

pytestmark = pytest.mark.local_cloud(time="skipped")

DEPLOYED = (
    breaker_with_fallback,
    gate,
    input_with_default,
    nested_executions,
    optional_task,
    results_by_reference,
    retry_and_timeout,
)


@pytest.fixture(autouse=True)
def _deployed(local_cloud):
    """Deploy all examples at once: one deployment is quicker than one for each test."""
    local_cloud.deploy(*DEPLOYED)


def test_a_gate_lets_nobody_wait_without_need(local_cloud):
    local_cloud.agent("clerk", task="check_credit").delays(1)
    run = local_cloud.run(gate)
    assert run.output["after"] == ["reserve", "invoice"]
    assert run.task("invoice").output["after"] == ["check_stock", "check_credit"]
    assert run.started_after("invoice", "check_credit")
    assert not run.started_after("reserve", "check_credit")


def test_the_price_list_stands_in_for_the_supplier(local_cloud):
    assert local_cloud.run(breaker_with_fallback).output["source"] == "supplier"

    local_cloud.agent("supplier").fails(error="ConnectionRefused")
    for _ in range(3):
        assert local_cloud.run(breaker_with_fallback).output["source"] == "price list"
    run = local_cloud.run(breaker_with_fallback)
    assert run.task("ask_supplier").error == "CircuitOpenError"
    assert run.output["source"] == "price list"


def test_a_dependent_sees_why_an_optional_task_failed(local_cloud):
    assert local_cloud.run(optional_task).output["after"] == ["pick", "find_gift"]

    local_cloud.agent("clerk", task="find_gift").fails(error="OutOfGifts")
    run = local_cloud.run(optional_task)
    assert run.task("find_gift").caught
    assert (run.output["after"], run.output["failed"]) == (["pick"], ["OutOfGifts"])


def test_a_task_has_retries_of_its_own(local_cloud):
    local_cloud.agent("clerk").fails(times=5, error="TransientError")
    run = local_cloud.run(retry_and_timeout)
    assert run.status == "SUCCEEDED", run.cause
    assert run.task("book_courier").attempts == 6


def test_inputs_that_are_left_out_have_their_defaults(local_cloud):
    assert local_cloud.run(input_with_default, order="B-9").output["step"] == "ship"
    assert local_cloud.run(input_with_default, order="B-9", express=True).output["step"] == "ship (express)"


def test_inputs_are_checked_before_any_agent_runs(local_cloud):
    machine = local_cloud.state_machine_arn("input-with-default")
    run = local_cloud.run(machine, order=9)
    assert run.error == "InvalidInput"
    assert local_cloud.agent("clerk").calls == 0


def test_results_that_are_too_large_together_arrive_all_the_same(local_cloud):
    large = Done(step="x" * 60_000, order="A-17")
    for number in range(1, 13):
        local_cloud.agent("clerk", task=f"report_{number}").returns(large)
    run = local_cloud.run(results_by_reference)
    assert run.status == "SUCCEEDED", run.cause
    assert run.output["after"] == [large.step] * 12


def test_nested_executions_return_their_results(local_cloud):
    run = local_cloud.run(nested_executions)
    assert run.output["after"] == [f"await_customs_{number}" for number in range(1, 5)]
