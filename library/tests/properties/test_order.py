"""The order and its decomposition, against networkx and against the definition."""

from collections.abc import Iterator
from itertools import permutations

import networkx as nx
from hypothesis import given

from stepweave.graph.decomposition import Block, Leaf, Parallel, Prime, Series, decompose, tasks_in
from stepweave.graph.order import Order, levels, members, order_of
from tests.properties.graphs import dependency_maps, series_parallel_maps


def _order(edges: dict[str, dict[str, bool]]) -> Order:
    return order_of({task: frozenset(needs) for task, needs in edges.items()})


def _graph(edges: dict[str, dict[str, bool]]) -> "nx.DiGraph[str]":
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(edges)
    graph.add_edges_from((needed, task) for task, needs in edges.items() for needed in needs)
    return graph


@given(dependency_maps())
def test_closure_and_reduction_agree_with_networkx(edges: dict[str, dict[str, bool]]) -> None:
    order, graph = _order(edges), _graph(edges)
    for position, task in enumerate(order.tasks):
        assert {order.tasks[other] for other in members(order.before[position])} == nx.ancestors(graph, task)
        assert {order.tasks[other] for other in members(order.after[position])} == nx.descendants(graph, task)
    reduced = {
        (order.tasks[needed], task)
        for task, direct in zip(order.tasks, order.direct, strict=True)
        for needed in members(direct)
    }
    assert reduced == set(nx.transitive_reduction(graph).edges)


@given(dependency_maps())
def test_levels_are_antichains_that_respect_the_order(edges: dict[str, dict[str, bool]]) -> None:
    order = _order(edges)
    seen = 0
    for level in levels(order):
        for task in members(level):
            assert order.before[task] & ~seen == 0
        seen |= level
    assert seen == order.everything


def _holds_n(order: Order) -> bool:
    """Look for four tasks whose order is exactly a<c, b<c, b<d."""

    def less(one: int, other: int) -> bool:
        return bool(order.before[other] >> one & 1)

    for a, b, c, d in permutations(range(len(order.tasks)), 4):
        related = {(x, y) for x, y in permutations((a, b, c, d), 2) if less(x, y)}
        if related == {(a, c), (b, c), (b, d)}:
            return True
    return False


@given(dependency_maps(max_tasks=7))
def test_a_prime_block_is_left_exactly_where_the_order_holds_an_n(edges: dict[str, dict[str, bool]]) -> None:
    order = _order(edges)
    assert any(isinstance(block, Prime) for block in _blocks(decompose(order))) == _holds_n(order)


def _pairs(block: Block) -> tuple[int, set[tuple[int, int]]]:
    """Return the tasks of a series-parallel block, and the pairs that its shape puts in order."""
    match block:
        case Leaf(task):
            return 1 << task, set()
        case Parallel(parts) | Series(parts):
            tasks, pairs = 0, set[tuple[int, int]]()
            for part in parts:
                inside, ordered = _pairs(part)
                if isinstance(block, Series):
                    pairs |= {(one, other) for one in members(tasks) for other in members(inside)}
                assert not tasks & inside
                tasks |= inside
                pairs |= ordered
            return tasks, pairs
    raise AssertionError("a series-parallel order was left with a prime block")


@given(series_parallel_maps())
def test_a_series_parallel_order_is_rebuilt_exactly_from_its_decomposition(edges: dict[str, dict[str, bool]]) -> None:
    order = _order(edges)
    tasks, pairs = _pairs(decompose(order))
    assert tasks == order.everything
    assert pairs == {(one, other) for other in range(len(order.tasks)) for one in members(order.before[other])}


def _blocks(block: Block) -> Iterator[Block]:
    yield block
    if isinstance(block, Series | Parallel | Prime):
        for part in block.parts:
            yield from _blocks(part)


@given(dependency_maps(max_tasks=8))
def test_the_parts_of_a_prime_block_are_its_maximal_modules(edges: dict[str, dict[str, bool]]) -> None:
    order = _order(edges)
    for block in _blocks(decompose(order)):
        if not isinstance(block, Prime):
            continue
        whole = tasks_in(block)
        candidates = [tasks for tasks in range(1, whole) if tasks & ~whole == 0]
        modules = [tasks for tasks in candidates if _is_module_within(order, tasks, whole)]
        maximal = {one for one in modules if not any(one != other and one & other == one for other in modules)}
        assert {tasks_in(part) for part in block.parts} == maximal


def _is_module_within(order: Order, tasks: int, whole: int) -> bool:
    return all(
        order.before[other] & tasks in (0, tasks) and order.after[other] & tasks in (0, tasks)
        for other in members(whole & ~tasks)
    )


@given(dependency_maps(max_tasks=8))
def test_the_quotient_of_a_prime_block_is_the_order_of_its_parts(edges: dict[str, dict[str, bool]]) -> None:
    order = _order(edges)
    for block in _blocks(decompose(order)):
        if isinstance(block, Prime):
            for position, part in enumerate(block.parts):
                before = order.before[next(members(tasks_in(part)))]
                waits_for = {number for number, other in enumerate(block.parts) if tasks_in(other) & before}
                assert set(members(block.quotient.before[position])) == waits_for
