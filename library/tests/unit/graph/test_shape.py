"""What shapes cost, on graphs of which the least is known."""

import pytest

from stepweave.graph.decomposition import Block, Gated, Leaf, Parallel, Series, decompose
from stepweave.graph.gates import gate_primes
from stepweave.graph.lower_bound import least_states
from stepweave.graph.order import Order, order_of
from stepweave.graph.shape import Parts, parallel, series


def _order(**needs: str) -> Order:
    return order_of({task: frozenset(needed) for task, needed in needs.items()})


def _gates(block: Block) -> int:
    match block:
        case Gated(part):
            return 1 + _gates(part)
        case Series(parts) | Parallel(parts):
            return sum(map(_gates, parts))
        case _:
            return 0


def _parallels(block: Block) -> int:
    match block:
        case Gated(part):
            return _parallels(part)
        case Series(parts):
            return sum(map(_parallels, parts))
        case Parallel(parts):
            return 1 + sum(map(_parallels, parts))
        case _:
            return 0


N_SHAPE = _order(a="", b="", c="a", d="ab")


def test_an_n_needs_one_parallel_and_one_gate() -> None:
    block = gate_primes(N_SHAPE, decompose(N_SHAPE))
    assert (_parallels(block), _gates(block)) == (1, 1)
    assert least_states(N_SHAPE) == 1


def test_one_gate_in_front_serves_all_branches_behind_it() -> None:
    order = _order(a="", b="", c="a", d="ab", e="ab", f="ab")
    parts = Parts(order)
    a, b, c, *rest = (parts.one(task) for task in range(6))
    shape = parallel([series([a, c]), series([b, parallel(rest)])])
    assert shape.gates() == [0b1]
    assert shape.states == 3
    assert parts.gated(shape) == Parallel(
        (Series((Leaf(0), Leaf(2))), Series((Leaf(1), Gated(Parallel((Leaf(3), Leaf(4), Leaf(5))), 0b1))))
    )


def test_branches_that_wait_for_the_same_share_a_gate_if_there_are_three_of_them() -> None:
    order = _order(a="", b="", c="a", d="a", e="a")
    parts = Parts(order)
    shape = parallel([parts.one(task) for task in range(5)])
    assert shape.states == 3  # both Parallels and the gate between them
    block = parts.gated(shape)
    assert (_parallels(block), _gates(block)) == (2, 1)


@pytest.mark.parametrize(
    ("order", "most"),
    [
        # a join of all, beside a task that needs two of three
        (_order(a="", b="", c="", d="ab", e="abc"), 3),
        # a ladder: each rung joins its two neighbours
        (_order(a="", b="", c="ab", d="b", e="cd", f="d"), 4),
    ],
)
def test_small_prime_graphs_take_few_states(order: Order, most: int) -> None:
    block = gate_primes(order, decompose(order))
    assert least_states(order) <= _parallels(block) + _gates(block) <= most


def test_the_search_is_repeatable() -> None:
    tasks = [f"t{number}" for number in range(30)]
    needs = {task: frozenset(tasks[max(0, at - 5) : at : 1 + at % 3]) for at, task in enumerate(tasks)}
    order = order_of(needs)
    block = decompose(order)
    assert gate_primes(order, block) == gate_primes(order, block)
