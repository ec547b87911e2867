"""What an agent's function raises. Step Functions matches the name of the class, so the names are an interface."""


class TransientError(Exception):
    """Another attempt may succeed: a service throttled, timed out or failed. The state's Retry matches this name."""


class InvalidInputError(Exception):
    """The event or the task's input does not fit the contract; never retried, since the next attempt gets the same."""


class InvalidOutputError(Exception):
    """The handler returned what its contract does not promise, or what JSON cannot hold."""


class ObjectMissingError(Exception):
    """An object in S3 that the input refers to does not exist: it was deleted or has expired."""


class ObjectCorruptError(Exception):
    """An object in S3 is not what its reference says: its size or its digest differs."""


class ResultNotPublishedError(Exception):
    """A result that another task of the execution should have published is not there."""


class ConfigurationError(Exception):
    """The function's environment lacks a setting that its stack should have given it."""
