"""What an execution fails with whose input does not fit. Its name is what Step Functions reports."""


class InvalidInput(Exception):  # noqa: N818 - the name that people look for in the console
    """An input is missing or of the wrong type: the message says which."""
