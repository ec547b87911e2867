"""Gates inside a branch of a workflow that has a gate itself."""

from datetime import timedelta

from lambdas.clerk.contract import Done, clerk
from stepweave import workflow


@workflow(timeout=timedelta(hours=1))
def nested_gates() -> Done:
    """Pick and pack in the shape of an N, itself a branch of one with the checks and the invoice."""
    credit = clerk("check_credit", order="A-17")
    stock = clerk("check_stock", order="A-17")

    shelf = clerk("find_shelf", order="A-17", given=[stock])
    box = clerk("find_box", order="A-17", given=[stock])
    pick = clerk("pick", order="A-17", given=[shelf])
    pack = clerk("pack", order="A-17", given=[shelf, box])
    parcel = clerk("weigh", order="A-17", given=[pick, pack])

    invoice = clerk("invoice", order="A-17", given=[stock, credit])
    return clerk("ship", order="A-17", given=[parcel, invoice])
