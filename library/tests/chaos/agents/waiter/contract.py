"""Contract of the waiter: it asks the same backend as the caller, and its tasks wait while the breaker is open."""

from datetime import timedelta

from stepweave.contract.agent import Agent
from stepweave.contract.breaker import Breaker

from ..caller.contract import BACKEND, CONFIG, Answer, Question

waiter = Agent(
    name="waiter",
    input=Question,
    output=Answer,
    timeout=timedelta(seconds=10),
    memory_mb=256,
    breaker=Breaker(BACKEND, CONFIG, waits=True),
)
