"""A task that a circuit breaker guards, and one that takes its place."""

from datetime import timedelta

from lambdas.price_list.contract import price_list
from lambdas.supplier.contract import Price, supplier
from stepweave import workflow


@workflow(timeout=timedelta(hours=1))
def breaker_with_fallback() -> Price:
    """Ask the supplier for a price, or the price list while the supplier is down."""
    asked = supplier("ask_supplier", order="A-17")
    return asked.fallback(price_list("look_up", order="A-17"))
