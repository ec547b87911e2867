"""Lambda handler of the price list."""

from lambdas.price_list.contract import price_list
from lambdas.supplier.contract import Order, Price
from stepweave import TaskContext, agent_handler


@agent_handler(price_list)
def handler(order: Order, _: TaskContext) -> Price:
    """Look the price up: older than the supplier's, but always there."""
    return Price(cents=120 * len(order.order), source="price list")
