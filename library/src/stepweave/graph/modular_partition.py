"""Finds the modules of a prime block: parts that every task outside relates to as if they were one task.

A block that is neither in series nor parallel has a unique partition into maximal modules, and the order between them
is as small a prime block as there is (Gallai 1967). The partition comes from refinement: start with all tasks but one,
and split every class by each task outside that tells its members apart (Ehrenfeucht, Gabow, McConnell and Sullivan
1994).
"""

from stepweave.graph.order import Order, members


def maximal_modules(order: Order, within: int) -> list[int]:
    """Partition a prime block into its maximal modules.

    Parameters
    ----------
    order : Order
        The order of all tasks.
    within : int
        The tasks of a block of at least four, neither in series nor parallel.

    Returns
    -------
    list of int
        The modules as sets, in the order of their first tasks: a topological order of the block's quotient.
    """
    pivot = next(members(within))
    classes = _modules_without(order, within, pivot)
    own, others = 1 << pivot, []
    for module in classes:
        joined = _closure(order, within, pivot, next(members(module)))
        if joined == within:
            others.append(module)
        else:
            own |= module
    return sorted([own, *others], key=lambda module: module & -module)


def _modules_without(order: Order, within: int, outside: int) -> list[int]:
    """Return the maximal modules that do not hold one given task."""
    classes = [part for part in _split(order, within & ~(1 << outside), outside) if part]
    # A task can only split the classes that it is not in, so what it could not split is tried again once it is outside.
    pending = [(part, within & ~(1 << outside) & ~part) for part in classes]
    done = []
    while pending:
        part, pivots = pending.pop()
        if part & (part - 1) == 0:
            done.append(part)
            continue
        for pivot in members(pivots):
            pieces = [piece for piece in _split(order, part, pivot) if piece]
            if len(pieces) > 1:
                rest = pivots & (-2 << pivot)  # those before this one split neither the part nor its pieces
                pending.extend((piece, rest | part & ~piece) for piece in pieces)
                break
        else:
            done.append(part)
    return done


def _split(order: Order, part: int, pivot: int) -> tuple[int, int, int]:
    before, after = part & order.before[pivot], part & order.after[pivot]
    return before, after, part & ~before & ~after


def _closure(order: Order, within: int, first: int, second: int) -> int:
    """Return the smallest module that holds two tasks."""
    module = 1 << first
    waiting = 1 << second
    while waiting:
        task = (waiting & -waiting).bit_length() - 1
        module |= 1 << task
        differing = (order.before[task] ^ order.before[first]) | (order.after[task] ^ order.after[first])
        waiting = (waiting | differing & within) & ~module
    return module
