"""Which fault happens to which call."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepweave.local_cloud.faults.function_fault import Crashes, CrashPoint, Delays, Fails, Returns
from stepweave.local_cloud.faults.plan import FaultPlan
from stepweave.local_cloud.faults.service_fault import Interference, Kind, ServiceFault

FAILS, RETURNS, CRASHES = Fails("Broken", "beyond repair"), Returns(1), Crashes(CrashPoint.STARTED)
LOST = Interference(Kind.LOST, "InternalServerError", 500)


@given(st.lists(st.tuples(st.sampled_from([FAILS, RETURNS, CRASHES]), st.integers(1, 4)), max_size=5))
def test_faults_happen_in_their_order_and_as_often_as_they_say(
    faults: list[tuple[Fails | Returns | Crashes, int]],
) -> None:
    plan = FaultPlan()
    for fault, times in faults:
        plan.add("f", fault, times=times)
    expected = [fault for fault, times in faults for _ in range(times)]
    assert [plan.take("f", None)[1] for _ in expected] == expected
    assert plan.take("f", None) == (0.0, None)
    assert plan.calls("f") == len(expected) + 1


def test_a_fault_without_a_number_stays() -> None:
    plan = FaultPlan()
    plan.add("f", FAILS, times=1)
    plan.add("f", RETURNS)
    assert [plan.take("f", None)[1] for _ in range(4)] == [FAILS, RETURNS, RETURNS, RETURNS]


def test_faults_concern_their_function_and_their_task() -> None:
    plan = FaultPlan()
    plan.add("f", FAILS, task="a")
    assert plan.take("g", "a") == (0.0, None)
    assert plan.take("f", "b") == (0.0, None)
    assert plan.take("f", None) == (0.0, None)
    assert plan.take("f", "a") == (0.0, FAILS)
    assert (plan.calls("f"), plan.calls("f", "a"), plan.calls("f", "c")) == (3, 1, 0)


def test_delays_come_on_top() -> None:
    plan = FaultPlan()
    plan.add("f", Delays(2.0), times=1)
    plan.add("f", FAILS, times=2)
    plan.add("f", Delays(3.0))
    assert plan.take("f", None) == (5.0, FAILS)
    assert plan.take("f", None) == (3.0, FAILS)
    assert plan.take("f", None) == (3.0, None)


@given(st.integers(), st.floats(0, 1), st.integers(0, 50))
def test_the_same_seed_chooses_the_same_calls_of_a_function(seed: int, probability: float, calls: int) -> None:
    chosen = []
    for _ in range(2):
        plan = FaultPlan()
        plan.add("f", CRASHES, probability=probability, seed=seed)
        chosen.append([plan.take("f", None)[1] for _ in range(calls)])
    assert chosen[0] == chosen[1]


def test_a_share_of_the_calls_is_left_to_the_next_fault() -> None:
    plan = FaultPlan()
    plan.add("f", CRASHES, probability=0.0)
    plan.add("f", FAILS, probability=0.5, seed=3)
    found = [plan.take("f", None)[1] for _ in range(1000)]
    assert CRASHES not in found
    assert 400 < found.count(FAILS) < 600
    with pytest.raises(ValueError, match="between 0 and 1"):
        plan.add("f", FAILS, probability=2.0)


def test_what_happened_is_counted_until_the_plan_is_cleared() -> None:
    plan = FaultPlan()
    plan.add("f", Delays(1.0), times=1)
    plan.add("f", CRASHES, times=2)
    plan.add_service(ServiceFault("sqs", LOST, 1.0, 0))
    for _ in range(3):
        plan.take("f", None)
    plan.take_service("sqs", "SendMessage")
    happened = {"Delays": 1, "Crashes started": 2, "sqs InternalServerError lost": 1}
    assert plan.injected == happened
    plan.stop()
    assert (plan.take("f", None), plan.take_service("sqs", "SendMessage")) == ((0.0, None), None)
    assert plan.injected == happened
    plan.clear()
    assert plan.injected == {}


def test_a_plan_that_was_cleared_plans_nothing() -> None:
    plan = FaultPlan()
    plan.add("f", FAILS)
    plan.add_service(ServiceFault("sqs", LOST, 1.0, 0))
    plan.take("f", None)
    plan.clear()
    assert not plan.has_service_faults()
    assert plan.take_service("sqs", "SendMessage") is None
    assert plan.calls("f") == 0
    assert plan.take("f", None) == (0.0, None)


@given(st.integers(), st.floats(0, 1), st.integers(0, 50))
def test_the_same_seed_chooses_the_same_calls(seed: int, probability: float, calls: int) -> None:
    first, second = (ServiceFault("dynamodb", LOST, probability, seed) for _ in range(2))
    assert [first.draw("dynamodb", "PutItem") for _ in range(calls)] == [
        second.draw("dynamodb", "PutItem") for _ in range(calls)
    ]


def test_calls_of_others_are_left_alone_and_use_up_nothing() -> None:
    fault = ServiceFault("dynamodb", LOST, 1.0, 0, frozenset({"PutItem"}), times=2)
    assert fault.draw("sqs", "PutItem") is None
    assert fault.draw("dynamodb", "GetItem") is None
    assert [fault.draw("dynamodb", "PutItem") for _ in range(3)] == [LOST, LOST, None]
    assert ServiceFault("dynamodb", LOST, 0.0, 0).draw("dynamodb", "PutItem") is None


@pytest.mark.parametrize("probability", [-0.1, 1.1])
def test_a_probability_is_one(probability: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        ServiceFault("dynamodb", LOST, probability, 0)
