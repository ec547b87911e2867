"""Lists the sockets at which a process and its children can be reached (Linux)."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_LISTENING: Final = "0A"
_TABLES: Final = ("tcp", "tcp6", "udp", "udp6")


@dataclass(frozen=True)
class OpenSocket:
    """A socket that others may send to.

    Attributes
    ----------
    protocol
        ``tcp`` or ``udp``, of either version of IP.
    host, port
        Where it is bound.
    """

    protocol: str
    host: ipaddress.IPv4Address | ipaddress.IPv6Address
    port: int


def open_sockets() -> set[OpenSocket]:
    """Return the listening TCP sockets and the bound UDP sockets of this process and of all its children."""
    inodes = set(_inodes())
    return {
        OpenSocket(table[:3], *_address(local))
        for table in _TABLES
        for local, remote, state, inode in _rows(table)
        if inode in inodes and (state == _LISTENING if table[:3] == "tcp" else remote.endswith(":0000"))
    }


def _rows(table: str) -> Iterator[tuple[str, str, str, str]]:
    for line in Path("/proc/net", table).read_text().splitlines()[1:]:
        fields = line.split()
        yield fields[1], fields[2], fields[3], fields[9]


def _inodes() -> Iterator[str]:
    for process in _family():
        with suppress(OSError):  # it has ended, or is another user's
            for descriptor in Path("/proc", str(process), "fd").iterdir():
                with suppress(OSError):  # closed meanwhile
                    target = str(descriptor.readlink())
                    if target.startswith("socket:["):
                        yield target[8:-1]


def _family() -> set[int]:
    parents: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):  # it has ended
                parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    found, new = set[int](), {os.getpid()}
    while new:
        found |= new
        new = {process for process, parent in parents.items() if parent in new}
    return found


def _address(text: str) -> tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, int]:
    host, _, port = text.partition(":")
    words = bytes.fromhex(host)
    packed = b"".join(words[at : at + 4][::-1] for at in range(0, len(words), 4))
    return ipaddress.ip_address(packed), int(port, 16)
