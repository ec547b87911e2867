"""Contract of the waiter: it asks the same backend as the caller, and its tasks wait while the breaker is open."""

from datetime import timedelta

from stepweave.contract.agent import Agent
from stepweave.contract.breaker import Breaker
from stepweave.contract.permission import Permission

from ..caller.contract import BACKEND, BACKEND_ARN, CONFIG, Answer, Question

waiter = Agent(
    name="waiter",
    input=Question,
    output=Answer,
    timeout=timedelta(seconds=10),
    memory_mb=256,
    breaker=Breaker(BACKEND, CONFIG, waits=True),
    permissions=(Permission(actions=("dynamodb:GetItem",), resources=(BACKEND_ARN,)),),
)
