"""Python's own ideas of the present, shifted: `time.time`, `datetime.datetime.now` and their like.

Runs in worker processes too, which have nothing but the standard library: imports nothing of the project.
"""

import copyreg
import datetime
import mmap
import os
import struct
import time
from collections.abc import Callable
from typing import Any

SIZE = struct.calcsize("d")
_Real = datetime.datetime


def shifted_datetime(now: Callable[[], float]) -> type[datetime.datetime]:
    """Return a class that stands for `datetime.datetime`, and whose present is another.

    It makes plain `datetime.datetime` objects, and takes them for its own.

    Parameters
    ----------
    now
        Returns the seconds since the epoch.
    """

    class Kind(type):
        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, _Real) if cls is Shifted else type.__instancecheck__(cls, instance)

        def __subclasscheck__(cls, subclass: type) -> bool:
            return issubclass(subclass, _Real) if cls is Shifted else type.__subclasscheck__(cls, subclass)

    class Shifted(_Real, metaclass=Kind):
        def __new__(cls, *arguments: Any, **options: Any) -> Any:
            return _Real.__new__(_Real if cls is Shifted else cls, *arguments, **options)

        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Any:
            return (_Real if cls is Shifted else cls).fromtimestamp(now(), tz)

        @classmethod
        def today(cls) -> Any:
            return cls.now()

        @classmethod
        def utcnow(cls) -> Any:
            return cls.now(datetime.UTC).replace(tzinfo=None)

    Shifted.__name__ = Shifted.__qualname__ = "datetime"
    Shifted.__module__ = "datetime"
    return Shifted


class _Builtin:
    """A function that, like those of C, does not become a method when a class has it for an attribute."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __call__(self, *arguments: Any) -> Any:
        return self._function(*arguments)


def install(file: str) -> None:
    """Shift the time of this process by what a file says.

    To be called before any other module is imported, lest one keep the real functions.

    Parameters
    ----------
    file
        Holds the shift in seconds, as a C ``double``; read at every use.
    """
    descriptor = os.open(file, os.O_RDONLY)
    shift = mmap.mmap(descriptor, SIZE, access=mmap.ACCESS_READ)
    os.close(descriptor)
    real_time, read = time.time, struct.Struct("d").unpack_from

    def now() -> float:
        return float(real_time() + read(shift)[0])

    def with_now(function: Callable[..., Any]) -> Callable[..., Any]:
        return _Builtin(lambda seconds=None: function(now() if seconds is None else seconds))

    time.time = _Builtin(now)
    time.time_ns = _Builtin(lambda: int(now() * 1e9))
    for name in ("gmtime", "localtime", "ctime"):
        setattr(time, name, with_now(getattr(time, name)))
    shifted = shifted_datetime(now)
    # The real class is no longer what its name says, which pickle would refuse.
    copyreg.pickle(_Real, lambda moment: (shifted, tuple(moment.__reduce_ex__(4)[1])))
    datetime.datetime = shifted  # type: ignore[misc]
