"""What an execution's ARN says. Names of executions are unique in their state machine, not in their account."""


def execution_path(arn: str) -> str:
    """Return the names of an execution's state machine and of the execution, with a slash between.

    Keys of objects that belong to an execution begin with it, after their kind. Account and region are not in it: they
    are those of the bucket.

    Parameters
    ----------
    arn : str
        ARN of the execution; that of an express one has an id behind its name, which belongs to it.

    Example
    -------
    >>> execution_path("arn:aws:states:us-east-1:123456789012:execution:stepweave-code-review:nightly")
    'stepweave-code-review/nightly'
    """
    return "/".join(arn.split(":", 7)[-2:])
