"""What can go wrong on the way to a template through no fault of the code."""


class SynthesisError(Exception):
    """A template cannot be made; the message says why and what to do. It is shown without a traceback."""
