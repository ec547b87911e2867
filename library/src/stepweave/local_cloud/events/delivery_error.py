"""What goes wrong when something is handed to a target."""

from __future__ import annotations


class DeliveryError(Exception):
    """A target did not take an event.

    Attributes
    ----------
    code : str
        EventBridge's name of the error, as ``NO_RESOURCE``.
    is_retriable : bool
        Whether another attempt may succeed.
    """

    def __init__(self, code: str, message: str, *, is_retriable: bool) -> None:
        super().__init__(message)
        self.code = code
        self.is_retriable = is_retriable
