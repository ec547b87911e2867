"""Why a server of the local cloud does not take a request."""

from __future__ import annotations

from http import HTTPStatus
from typing import ClassVar


class RefusedRequestError(Exception):
    """A request is not answered but by this error's status and message; the connection ends."""

    status: ClassVar[HTTPStatus] = HTTPStatus.BAD_REQUEST


class MalformedRequestError(RefusedRequestError):
    """What the client sent is not HTTP as this server speaks it."""


class ForeignRequestError(RefusedRequestError):
    """The request comes from a web page, or is addressed to another machine."""

    status = HTTPStatus.FORBIDDEN


class NoAuthorityError(ForeignRequestError):
    """The request is addressed to what is neither a host nor a host and a port."""

    status = HTTPStatus.BAD_REQUEST


class UnfinishedRequestError(MalformedRequestError, ConnectionResetError):
    """The client sent less than it said, or left."""
