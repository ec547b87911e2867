"""The modules of Python's standard library, by version and system."""

import sys
from collections.abc import Mapping
from typing import Final

from stepweave.cdk.bundling.target import Target

_ADDED: Final[Mapping[tuple[int, int], str]] = {(3, 14): "annotationlib compression"}
"""What came with a version, of those that Stepweave runs in and the ones after the first."""

_REMOVED: Final[Mapping[tuple[int, int], str]] = {
    (3, 12): "asynchat asyncore distutils imp smtpd",
    (3, 13): "aifc audioop cgi cgitb chunk crypt imghdr lib2to3 mailcap msilib nis nntplib ossaudiodev pipes sndhdr "
    "spwd sunau telnetlib uu xdrlib",
}
"""What went with a version (PEP 594, PEP 632 and the notes on each release)."""

_WINDOWS: Final = frozenset({"msilib", "msvcrt", "nt", "winreg", "winsound"})


def standard_library(target: Target) -> frozenset[str]:
    """Return the names of the top-level modules that an interpreter comes with."""
    names = set(sys.stdlib_module_names)
    for version, added in _ADDED.items():
        names = names | set(added.split()) if version <= target.python else names - set(added.split())
    for version, removed in _REMOVED.items():
        names = names - set(removed.split()) if version <= target.python else names | set(removed.split())
    return frozenset(names - _WINDOWS)
