"""A workflow whose history would be too long for one execution."""

from datetime import timedelta

from lambdas.clerk.contract import Done, clerk
from stepweave import workflow


@workflow(timeout=timedelta(days=7))
def nested_executions() -> Done:
    """Wait for four customs offices: each is asked every few minutes, up to two thousand times."""
    cleared = [
        clerk(f"await_customs_{number}", order="A-17").retry(
            attempts=2000, interval=timedelta(minutes=5), max_delay=timedelta(minutes=6), backoff=1
        )
        for number in range(1, 5)
    ]
    return clerk("ship", order="A-17", given=cleared)
