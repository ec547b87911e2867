"""A task without which the workflow goes on, and a dependent that sees why it failed."""

from datetime import timedelta

from lambdas.clerk.contract import Done, clerk
from stepweave import workflow


@workflow(timeout=timedelta(hours=1))
def optional_task() -> Done:
    """Pack an order with a gift, or without one if there is none."""
    pick = clerk("pick", order="A-17")
    gift = clerk("find_gift", order="A-17").optional()
    return clerk("pack", order="A-17", given=[pick], extra=gift)
