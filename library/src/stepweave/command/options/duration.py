"""Durations as people write them in options: 90s, 30m, 2h, 1d12h."""

import re
from datetime import timedelta
from typing import Final

from stepweave.command.errors import CommandError

_UNITS: Final = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_DURATION: Final = re.compile("".join(rf"(?:(?P<{name}>[0-9]{{1,8}}){unit})?" for unit, name in _UNITS.items()))
_LONGEST: Final = timedelta(days=3650)


def read_duration(option: str, text: str) -> timedelta:
    """Return the duration that an option's value means.

    Parameters
    ----------
    option : str
        The option, for the error.
    text : str
        Days, hours, minutes and seconds, each left out if there are none.

    Raises
    ------
    CommandError
        If it is no duration, or none that is above 0 and below ten years.

    Example
    -------
    >>> read_duration("--for", "1h30m")
    datetime.timedelta(seconds=5400)
    """
    found = _DURATION.fullmatch(text.strip().lower())
    parts = {} if found is None else {name: int(value) for name, value in found.groupdict().items() if value}
    duration = timedelta(**parts)
    if not timedelta() < duration <= _LONGEST:
        raise CommandError(
            f"{option} {text!r}: must be a duration of at most ten years", "for example 90s, 30m, 2h or 1d12h"
        )
    return duration
