"""Lambda handler of the supplier."""

from lambdas.supplier.contract import Order, Price, supplier
from stepweave import TaskContext, agent_handler


@agent_handler(supplier)
def handler(order: Order, _: TaskContext) -> Price:
    """Ask the supplier. This one is made up: a real handler would send a request here."""
    return Price(cents=100 * len(order.order), source="supplier")
