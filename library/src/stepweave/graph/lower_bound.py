"""How few states an order can be run with at the best."""

from collections import Counter

from stepweave.graph.order import Order


def least_states(order: Order) -> int:
    """Return a number of ``Parallel`` states and gates which every state machine needs that never waits without need.

    Parameters
    ----------
    order : Order
        The order of the tasks.

    Notes
    -----
    Whatever a task follows in the state machine has ended by then: a task, if it depends on that one directly and on
    no other, else a ``Parallel`` or a gate. The end of a state tells one set of tasks to have ended. So there are as
    many of them as there are different sets of two or more direct dependencies. Likewise a state leads to one state:
    where several tasks have the same dependencies, a ``Parallel`` starts there, or one of them waits at a gate that no
    other set needs.

    It is not always reached: a ``Parallel`` that ends where no task needs it counts for nothing here.
    """
    joins = {direct for direct in order.direct if direct & (direct - 1)}
    forks = [before for before, tasks in Counter(order.before).items() if tasks > 1]
    return max(len(joins), len(forks))
