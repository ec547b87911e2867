"""A task with a timeout and retries of its own."""

from datetime import timedelta

from lambdas.clerk.contract import Done, clerk
from stepweave import workflow


@workflow(timeout=timedelta(hours=1))
def retry_and_timeout() -> Done:
    """Book a courier, who takes up to half a minute to answer, and does not always."""
    book = clerk("book_courier", order="A-17")
    book.timeout(timedelta(seconds=30))
    book.retry(attempts=5, interval=timedelta(seconds=2), backoff=1.5, errors=("TransientError", "States.Timeout"))
    return clerk("ship", order="A-17", given=[book])
