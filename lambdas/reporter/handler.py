"""Write one report of everything that the agents found, in four formats."""

from lambdas.reporter.assembly import assemble
from lambdas.reporter.contract import ReportInput, ReviewReport, reporter
from lambdas.reporter.publication import publish
from stepweave import TaskContext, agent_handler, payload_bucket


@agent_handler(reporter)
def handler(task: ReportInput, context: TaskContext) -> ReviewReport:
    """Report what the agents found, and which of them failed."""
    review = assemble(task, context.execution_path)
    return ReviewReport(
        repository=review.repository.name,
        commit=review.repository.commit,
        complete=review.complete,
        failures=review.failures,
        summary=review.summary,
        reports=publish(review, payload_bucket()),
    )
