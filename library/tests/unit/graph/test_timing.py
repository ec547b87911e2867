"""How long shapes take."""

import pytest

from stepweave.graph.order import order_of
from stepweave.graph.shape import Parts, parallel, series
from stepweave.graph.timing import Timing

# a before c; a and b before d
ORDER = order_of({"a": frozenset(), "b": frozenset(), "c": frozenset("a"), "d": frozenset("ab")})
A, B, C, D = (Parts(ORDER).one(task) for task in range(4))
PACE = Timing(ORDER, [1.0, 4.0, 5.0, 2.0])


def test_the_critical_path_and_what_lies_before_and_behind_a_task() -> None:
    assert PACE.critical_path == 6.0
    assert PACE.starts == [0.0, 0.0, 1.0, 4.0]
    assert PACE.rests == [5.0, 2.0, 0.0, 0.0]


def test_a_gate_waits_for_the_other_branch_alone() -> None:
    assert PACE.ends(parallel([series([A, C]), series([B, D])]), 10.0) == [1.0, 4.0, 6.0, 6.0]


def test_a_barrier_makes_tasks_wait() -> None:
    levels = series([parallel([A, B]), parallel([C, D])])
    assert PACE.ends(levels, 10.0) == [1.0, 4.0, 9.0, 6.0]
    assert PACE.ends(levels, 8.9) is None


def test_a_shape_that_contradicts_the_order_has_no_end() -> None:
    assert PACE.ends(series([C, A, B, D]), 1000.0) is None


@pytest.mark.parametrize("seconds", [[0.0] * 4, [0.0, 0.0, 0.0, 1.0]])
def test_tasks_of_no_length_still_have_an_order(seconds: list[float]) -> None:
    pace = Timing(ORDER, seconds)
    assert pace.ends(series([D, A, B, C]), 1000.0) is None
    assert pace.ends(parallel([series([A, C]), series([B, D])]), 1000.0) is not None
