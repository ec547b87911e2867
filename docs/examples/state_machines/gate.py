"""Dependencies in the shape of an N, which sequences and ``Parallel`` states cannot express without waiting."""

from datetime import timedelta

from lambdas.clerk.contract import Done, clerk
from stepweave import workflow


@workflow(timeout=timedelta(hours=1))
def gate() -> Done:
    """Reserve as soon as the stock is known; write the invoice when stock and credit are."""
    stock = clerk("check_stock", order="A-17")
    credit = clerk("check_credit", order="A-17")
    reserve = clerk("reserve", order="A-17", given=[stock])
    invoice = clerk("invoice", order="A-17", given=[stock, credit])
    return clerk("ship", order="A-17", given=[reserve, invoice])
