"""Many results for one task: those that are too large to travel together go by reference."""

from datetime import timedelta

from lambdas.clerk.contract import Done, clerk
from stepweave import workflow


@workflow(timeout=timedelta(hours=1))
def results_by_reference() -> Done:
    """Collect what twelve branches report."""
    reports = [clerk(f"report_{number}", order="A-17") for number in range(1, 13)]
    return clerk("collect", order="A-17", given=reports)
