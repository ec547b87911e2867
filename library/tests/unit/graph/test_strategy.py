"""Where barriers replace gates, and where they must not."""

import pytest

from stepweave.graph.decomposition import Block, Gated, Leaf, Parallel, Series
from stepweave.graph.order import Order, order_of
from stepweave.graph.strategy import arrange

# a before c; a and b before d
N_SHAPE = order_of({"a": frozenset(), "b": frozenset(), "c": frozenset("a"), "d": frozenset("ab")})


def _has_gate(block: Block) -> bool:
    match block:
        case Gated():
            return True
        case Series(parts) | Parallel(parts):
            return any(map(_has_gate, parts))
        case _:
            return False


def test_a_barrier_is_chosen_where_it_costs_no_time() -> None:
    # c may as well be over before d starts: one Parallel does
    assert arrange(N_SHAPE, "auto", {0: 1.0, 1: 2.0, 2: 1.0, 3: 1.0}, 0.0) == Series(
        (Parallel((Series((Leaf(0), Leaf(2))), Leaf(1))), Leaf(3))
    )


def test_a_gate_stays_where_every_barrier_costs_too_much() -> None:
    # b and c are slow: waiting for b holds c up, and waiting for c holds d up
    slow = {0: 1.0, 1: 9.0, 2: 9.0, 3: 9.0}
    assert _has_gate(arrange(N_SHAPE, "auto", slow, 0.02))
    assert not _has_gate(arrange(N_SHAPE, "auto", slow, 1.0))


@pytest.mark.parametrize("known", [{}, {0: 1.0, 1: 2.0, 2: 1.0}])
def test_no_barrier_is_guessed(known: dict[int, float]) -> None:
    assert arrange(N_SHAPE, "auto", known, 0.5) == arrange(N_SHAPE, "gates", {}, 0.0)


def test_levels_are_those_of_the_whole_graph() -> None:
    assert arrange(N_SHAPE, "levels", {}, 0.0) == Series((Parallel((Leaf(0), Leaf(1))), Parallel((Leaf(2), Leaf(3)))))


def _two_ns() -> Order:
    needs = {"a": "", "b": "", "c": "a", "d": "ab", "e": "cd", "f": "cd", "g": "e", "h": "ef"}
    return order_of({task: frozenset(needed) for task, needed in needs.items()})


def test_a_part_of_known_durations_gets_a_barrier_beside_one_that_keeps_its_gate() -> None:
    order = _two_ns()
    block = arrange(order, "auto", {0: 1.0, 1: 2.0, 2: 1.0, 3: 1.0}, 0.0)
    assert isinstance(block, Series)
    known = [part for part in block.parts if not _has_gate(part)]
    assert Leaf(3) in known
    assert _has_gate(block.parts[-1])
