"""What the test API refuses to do, and what it noticed."""


class TestApiError(Exception):
    """A test asked for what cannot be done; the message says what to do."""

    __test__ = False


class ExecutionStuckError(TestApiError):
    """Nothing runs and nothing waits for a time, yet the execution has not ended."""


class ExecutionTimeoutError(TestApiError):
    """The execution did not end, or did not come so far, in the real time that the test gives it."""


class NotAvailableOnAwsError(TestApiError):
    """Only a local cloud can do this."""
