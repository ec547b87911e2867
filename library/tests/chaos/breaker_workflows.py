"""Workflows that ask a backend which may be down."""

from datetime import timedelta

from stepweave.language.workflow import workflow
from tests.chaos.agents.caller.contract import Answer, caller
from tests.chaos.agents.substitute.contract import substitute
from tests.chaos.agents.waiter.contract import waiter


@workflow(timeout=timedelta(hours=2))
def ask() -> Answer:
    """Ask the backend; the execution ends with the task."""
    return caller("call")


@workflow(timeout=timedelta(hours=2))
def ask_or_substitute() -> Answer:
    """Ask the backend, or somebody else."""
    return caller("call").fallback(substitute("stand_in"))


@workflow(timeout=timedelta(hours=2))
def ask_later() -> Answer:
    """Ask the backend, when it may be asked."""
    return waiter("wait")
