"""Steps one after the other, and steps side by side: what sequences and ``Parallel`` states can express."""

from datetime import timedelta

from lambdas.clerk.contract import Done, clerk
from stepweave import workflow


@workflow(timeout=timedelta(hours=1))
def sequence_and_parallel() -> Done:
    """Pick an order, then pack it and write its invoice at once, then ship it."""
    pick = clerk("pick", order="A-17")
    pack = clerk("pack", order="A-17", given=[pick])
    invoice = clerk("invoice", order="A-17", given=[pick])
    return clerk("ship", order="A-17", given=[pack, invoice])
