"""What an agent's function raises. Step Functions matches the name of the class, so the names are an interface."""


class TransientError(Exception):
    """Another attempt may succeed: a service throttled, timed out or failed. The state's Retry matches this name."""


class PlatformError(TransientError):
    """An AWS service failed the runtime, before the agent's own code ran or after its result was stored; or what the
    runtime was given is of a later release, which a deployment under way may bring.

    The state retries this name by the rule for the platform, at no cost to the attempts that the author gave.
    """


class OverlappingAttemptError(TransientError):
    """An earlier attempt, for which this one waited, has ended without a result: the next one has all of its time.

    The state retries this name at no cost to the attempts that the author gave.
    """


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
