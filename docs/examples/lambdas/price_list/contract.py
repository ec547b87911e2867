"""Contract of the price list: what an order cost according to the last catalogue."""

from datetime import timedelta

from lambdas.supplier.contract import Order, Price
from stepweave import Agent

price_list = Agent(name="price_list", input=Order, output=Price, timeout=timedelta(seconds=20), memory_mb=256)
