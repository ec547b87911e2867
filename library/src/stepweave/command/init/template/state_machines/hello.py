"""Greet somebody."""

from datetime import timedelta

from stepweave import workflow

from lambdas.greeter.contract import Greeting, greeter


@workflow(timeout=timedelta(minutes=5))
def hello(person: str) -> Greeting:
    """Greet somebody by name."""
    return greeter("greet", person=person)
