"""Inputs, which the first state checks and fills in before any agent runs."""

from datetime import timedelta

from lambdas.clerk.contract import Done, clerk
from stepweave import workflow


@workflow(timeout=timedelta(hours=1))
def input_with_default(order: str, express: bool = False) -> Done:
    """Ship an order that is named when the execution starts."""
    pack = clerk("pack", order=order)
    return clerk("ship", order=order, given=[pack], express=express)
