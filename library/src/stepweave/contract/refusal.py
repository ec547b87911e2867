"""What a project raises when it cannot do what a person asked for."""


class RefusedError(Exception):
    """What was asked for cannot be done. The message names the place and says what to do.

    The command shows the message, without a traceback, and ends with exit code 2.
    """
