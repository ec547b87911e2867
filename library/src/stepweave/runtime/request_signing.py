"""Signature Version 4 for one kind of request: a POST to ``/`` without a query, as services with a JSON protocol take.

botocore signs any request of any service, which takes ten times as long.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, Protocol

_ALGORITHM: Final = "AWS4-HMAC-SHA256"
_UNSIGNED: Final = frozenset({"user-agent", "x-amzn-trace-id"})


class Credentials(Protocol):
    """What a request is signed with."""

    @property
    def access_key(self) -> str:
        """Who signs."""

    @property
    def secret_key(self) -> str:
        """What only the signer and AWS know."""

    @property
    def token(self) -> str | None:
        """What belongs to temporary credentials; None for others."""


def signed_headers(  # noqa: PLR0913 - what a signature is made of
    headers: Mapping[str, str], body: bytes, *, service: str, region: str, host: str, credentials: Credentials
) -> dict[str, str]:
    """Return the headers that say who sends a request, when, and that it is as it was sent.

    Parameters
    ----------
    headers : mapping of str to str
        What else is said of the request; all of it is signed but for what is on its way changed by others.
    body : bytes
        What is sent.
    service, region : str
        For whom the request is meant, as signatures name them.
    host : str
        The header ``Host``: with a port, if that is not the scheme's own.
    credentials : Credentials
        Of the sender.

    Returns
    -------
    dict[str, str]
        All headers of the request, by their names in lower case.

    Notes
    -----
    The algorithm is that of AWS's page "Create a signed AWS API request".
    """
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    sent = {name.lower(): " ".join(value.split()) for name, value in headers.items()}
    sent |= {"host": host, "x-amz-date": moment}
    if credentials.token:
        sent["x-amz-security-token"] = credentials.token
    signed = sorted(sent.keys() - _UNSIGNED)
    names, scope = ";".join(signed), f"{moment[:8]}/{region}/{service}/aws4_request"
    lines = "".join(f"{name}:{sent[name]}\n" for name in signed)
    canonical = f"POST\n/\n\n{lines}\n{names}\n{hashlib.sha256(body).hexdigest()}"
    text = f"{_ALGORITHM}\n{moment}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = _signing_key(credentials.secret_key, moment[:8], region, service)
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    sent["authorization"] = (
        f"{_ALGORITHM} Credential={credentials.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return sent


@lru_cache(maxsize=4)
def _signing_key(secret: str, day: str, region: str, service: str) -> bytes:
    """Return the key of a day; a request is signed with it, not with the secret itself."""
    key = f"AWS4{secret}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key
