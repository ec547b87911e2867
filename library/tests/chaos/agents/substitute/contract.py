"""Contract of the substitute: it answers without the backend."""

from datetime import timedelta

from stepweave.contract.agent import Agent

from ..caller.contract import Answer, Question

substitute = Agent(name="substitute", input=Question, output=Answer, timeout=timedelta(seconds=10), memory_mb=256)
