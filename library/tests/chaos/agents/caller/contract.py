"""Contract of the caller: it asks a backend that may be down, behind a circuit breaker."""

from datetime import timedelta
from typing import Final

from pydantic import BaseModel, ConfigDict

from stepweave.contract.agent import Agent
from stepweave.contract.breaker import Breaker, CircuitBreakerConfig
from stepweave.contract.permission import Permission

BACKEND_TABLE: Final = "chaos-backend"
"""The backend: one item, which says whether it is healthy, and counts who called."""

BACKEND_ARN: Final = f"arn:${{AWS::Partition}}:dynamodb:${{AWS::Region}}:${{AWS::AccountId}}:table/{BACKEND_TABLE}"

BACKEND: Final = "backend"

CONFIG: Final = CircuitBreakerConfig(
    failure_threshold=3, window=timedelta(minutes=10), recovery_timeout=timedelta(minutes=2), success_threshold=1
)


class Question(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Answer(BaseModel):
    model_config = ConfigDict(frozen=True)

    by: str


caller = Agent(
    name="caller",
    input=Question,
    output=Answer,
    timeout=timedelta(seconds=10),
    memory_mb=256,
    breaker=Breaker(BACKEND, CONFIG),
    permissions=(Permission(actions=("dynamodb:UpdateItem",), resources=(BACKEND_ARN,)),),
)
