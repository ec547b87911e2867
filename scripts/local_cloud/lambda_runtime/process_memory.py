"""How much memory a process uses, where the system tells (Linux's /proc)."""

import os
from pathlib import Path

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_MIB = 1024 * 1024


def resident_mb(pid: int) -> float:
    """The resident memory in MiB; 0 if it cannot be told."""
    try:
        fields = Path(f"/proc/{pid}/statm").read_text().split()
    except OSError:
        return 0.0
    return int(fields[1]) * _PAGE_BYTES / _MIB


def peak_mb(pid: int) -> int:
    """The largest resident memory so far in MiB, rounded up; 0 if it cannot be told."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    _, found, rest = status.partition("VmHWM:")
    return -(-int(rest.split()[0]) // 1024) if found else 0
