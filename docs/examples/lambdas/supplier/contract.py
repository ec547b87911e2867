"""Contract of the supplier, who is asked over the network what an order costs."""

from datetime import timedelta

from pydantic import BaseModel, ConfigDict

from stepweave import Agent, Breaker, CircuitBreakerConfig


class Order(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    order: str


class Price(BaseModel):
    model_config = ConfigDict(frozen=True)

    cents: int
    source: str


supplier = Agent(
    name="supplier",
    input=Order,
    output=Price,
    timeout=timedelta(seconds=20),
    memory_mb=256,
    breaker=Breaker("supplier-api", CircuitBreakerConfig(failure_threshold=3)),
)
