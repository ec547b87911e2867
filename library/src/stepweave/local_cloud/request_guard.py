"""Lets in this machine's own programs, and no web page.

Whoever talks to the local cloud may run code as its user: a function is code. Listening on loopback does not keep web
pages out, since their reader's browser is on this machine. What a browser cannot do is hide what it is:

- A page's request that may change something bears the page's ``Origin`` (``null`` for a page that has none), also a
  preflight and the opening of a WebSocket. Current browsers send ``Sec-Fetch-Site`` with any request to this machine,
  be it a link's or an image's. Either must be absent or name the local cloud itself.
- A page whose name was made to resolve to this machine (DNS rebinding) is of one origin with what answers there, so
  that neither header tells; but its ``Host`` is that name. ``Host`` must be one that no other machine can have:
  ``localhost``, a name below it (such as a bucket's), or a loopback address. The port may be any: tunnels change it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from stepweave.local_cloud.http_errors import ForeignRequestError, MalformedRequestError, NoAuthorityError

_AUTHORITY: Final = re.compile(r"(\[(?P<v6>[0-9a-f:.]+)\]|(?P<name>[a-z0-9_.-]+))(:(?P<port>[0-9]{1,5}))?", re.ASCII)
_LOCAL_NAME: Final = re.compile(r"([a-z0-9_]([a-z0-9_-]*[a-z0-9_])?\.)*localhost", re.ASCII)
_LONGEST_AUTHORITY: Final = 300
_LARGEST_PORT: Final = 65535
_OWN_SITES: Final = frozenset({"none", "same-origin"})
_SHOWN: Final = 80


def check_request(headers: Iterable[tuple[str, str]], target_authority: str | None = None) -> None:
    """Make sure that a request comes from a program of this machine. To be called before anything is done for it.

    Parameters
    ----------
    headers
        Names in any case, and values; a name may come more than once.
    target_authority
        ``host:port`` of a request target that is a whole URL; None if the target is a path.

    Raises
    ------
    ForeignRequestError
        If a web page sent it, or it is addressed to another machine; `NoAuthorityError` if to no machine at all.
    MalformedRequestError
        If it says not once, or more than once, whom it is addressed to.

    Example
    -------
    >>> check_request([("Host", "localhost:4566")])
    >>> check_request([("Host", "localhost:4566"), ("Origin", "https://example.com")])
    Traceback (most recent call last):
    stepweave.local_cloud.http_errors.ForeignRequestError: a web page sent this (Origin: 'https://example.com'): ...
    """
    hosts: list[str] = []
    origins: list[str] = []
    for name, value in headers:
        match name.lower():
            case "host":
                hosts.append(value)
            case "origin":
                origins.append(value)
            case "sec-fetch-site" if value not in _OWN_SITES:
                raise _sent_by_page("Sec-Fetch-Site", value)
    for authority in [*hosts, *([] if target_authority is None else [target_authority])]:
        if not is_local_authority(authority):
            kind = ForeignRequestError if _is_authority(authority) else NoAuthorityError
            raise kind(
                f"this is addressed to {authority[:_SHOWN]!r}: the local cloud answers to localhost, names below it "
                "and loopback addresses only"
            )
    if len(hosts) != 1:
        raise MalformedRequestError(f"a request has one Host header, not {len(hosts)}")
    own = f"http://{target_authority or hosts[0]}".lower()
    for origin in origins:
        if origin != own:
            raise _sent_by_page("Origin", origin)


@lru_cache(maxsize=256)
def is_local_authority(authority: str) -> bool:
    """Tell whether ``host:port`` can be no other machine than this one; the port may be left out.

    Example
    -------
    >>> [is_local_authority(each) for each in ("localhost:4566", "[::1]", "bucket.localhost", "localhost.example")]
    [True, True, True, False]
    """
    found = _AUTHORITY.fullmatch(authority.lower())
    if found is None or not _is_authority(authority):
        return False
    if found["name"] is not None and _LOCAL_NAME.fullmatch(found["name"]):
        return True
    try:
        if found["v6"] is not None:
            return ipaddress.IPv6Address(found["v6"]).is_loopback
        return ipaddress.IPv4Address(found["name"]).is_loopback
    except ValueError:
        return False


def _is_authority(authority: str) -> bool:
    found = _AUTHORITY.fullmatch(authority.lower()) if len(authority) <= _LONGEST_AUTHORITY else None
    return found is not None and int(found["port"] or 0) <= _LARGEST_PORT


def _sent_by_page(header: str, value: str) -> ForeignRequestError:
    return ForeignRequestError(
        f"a web page sent this ({header}: {value[:_SHOWN]!r}): the local cloud answers programs of this machine only"
    )
