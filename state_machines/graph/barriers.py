"""Turns every prime block into a sequence of levels, with a barrier between them."""

from state_machines.graph.decomposition import Block, Gated, Leaf, Parallel, Prime, Series
from state_machines.graph.order import levels, members


def level_primes(block: Block) -> Block:
    """Replace the prime blocks of a decomposed order.

    A barrier makes tasks wait for others that they do not depend on: it costs no transition, but time.
    """
    match block:
        case Leaf():
            return block
        case Gated(part, awaited):
            return Gated(level_primes(part), awaited)
        case Series(parts):
            return Series(tuple(level_primes(part) for part in parts))
        case Parallel(parts):
            return Parallel(tuple(level_primes(part) for part in parts))
        case Prime(parts, quotient):
            return Series(
                tuple(
                    _side_by_side(tuple(level_primes(parts[part]) for part in members(level)))
                    for level in levels(quotient, quotient.everything)
                )
            )


def _side_by_side(parts: tuple[Block, ...]) -> Block:
    return parts[0] if len(parts) == 1 else Parallel(parts)
