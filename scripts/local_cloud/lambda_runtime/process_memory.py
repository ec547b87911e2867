"""How much memory a process uses, where the system tells (Linux's /proc)."""

import os

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_MIB = 1024 * 1024
_READ_BYTES = 16 * 1024


def resident_mb(pid: int) -> float:
    """The resident memory in MiB; 0 if it cannot be told."""
    try:
        fields = _read(f"/proc/{pid}/statm").split()
    except OSError:
        return 0.0
    return int(fields[1]) * _PAGE_BYTES / _MIB


def peak_mb(pid: int) -> int:
    """The largest resident memory so far in MiB, rounded up; 0 if it cannot be told."""
    try:
        status = _read(f"/proc/{pid}/status")
    except OSError:
        return 0
    _, found, rest = status.partition(b"VmHWM:")
    return -(-int(rest.split(maxsplit=1)[0]) // 1024) if found else 0


def _read(path: str) -> bytes:
    """Read a file that the system makes up; after each call of a function, so with nothing that is not needed."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(file, _READ_BYTES)
    finally:
        os.close(file)
