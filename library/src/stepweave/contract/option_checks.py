"""Checks of what an author sets: whole numbers, numbers, times, choices and lists of names.

Python takes ``True`` for 1, a text for a sequence of its letters, and NaN for a number that is never too large. AWS
would refuse such a value when the stack is deployed, or worse, would never act on it. Each check names the option,
what it may be, and what it was given.
"""

from __future__ import annotations

import math
from datetime import timedelta

ANY_ERROR = "States.ALL"
"""What Step Functions calls every error that can be retried or caught."""

_NEVER_RETRIED = "States.Runtime"


def check_whole_number(what: str, value: object, least: int, most: int) -> None:
    """Refuse what is no whole number in a range.

    Raises
    ------
    TypeError
        If it is no ``int``; a ``bool`` is none.
    ValueError
        If it is out of range.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{what} must be a whole number, not {value!r}")
    if not least <= value <= most:
        raise ValueError(f"{what} must be {least} to {most}, not {value}")


def check_number(what: str, value: object, least: float, most: float) -> None:
    """Refuse what is no finite number in a range.

    Raises
    ------
    TypeError
        If it is neither ``int`` nor ``float``; a ``bool`` is none.
    ValueError
        If it is NaN, infinite or out of range.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{what} must be a number, not {value!r}")
    # An int may be too large for a float, so it is compared before it is asked whether it is finite.
    if not least <= value <= most or not math.isfinite(value):
        raise ValueError(f"{what} must be a number from {least:,g} to {most:,g}, not {value}")


def check_time(what: str, value: object, least: timedelta, most: timedelta) -> None:
    """Refuse what is no time in a range.

    Raises
    ------
    TypeError
        If it is no ``timedelta``: a bare number does not say its unit.
    ValueError
        If it is out of range.
    """
    if not least <= _time(what, value) <= most:
        allowed = f"{_shown(least)} to" if least > timedelta.resolution else "above 0, at most"
        raise ValueError(f"{what} must be {allowed} {_shown(most)}, not {value}")


def check_whole_seconds(what: str, value: object, least: int, most: int) -> None:
    """Refuse what is no time of whole seconds in a range.

    Raises
    ------
    TypeError
        If it is no ``timedelta``: a bare number does not say its unit.
    ValueError
        If it has a fraction of a second, or is out of range.
    """
    time = _time(what, value)
    if time.microseconds or not timedelta(seconds=least) <= time <= timedelta(seconds=most):
        raise ValueError(f"{what} must be whole seconds, {least} to {most}, not {value}")


def check_flag(what: str, value: object) -> None:
    """Refuse what is neither True nor False.

    Raises
    ------
    TypeError
        If it is something else: the text ``"no"`` counts as true.
    """
    if not isinstance(value, bool):
        raise TypeError(f"{what} must be True or False, not {value!r}")


def check_instance(what: str, value: object, kind: type, example: str) -> None:
    """Refuse what is not of a class.

    Raises
    ------
    TypeError
        If it is of another.
    """
    if not isinstance(value, kind):
        raise TypeError(f"{what} must be a {kind.__name__}, as in {example}, not {value!r}")


def check_text(what: str, value: object) -> None:
    """Refuse what is no text.

    Raises
    ------
    TypeError
        If it is something else.
    """
    if not isinstance(value, str):
        raise TypeError(f"{what} must be a text, not {value!r}")


def check_choice(what: str, value: object, choices: tuple[str, ...]) -> None:
    """Refuse what is none of a few texts.

    Raises
    ------
    TypeError
        If it is no text.
    ValueError
        If it is another one.
    """
    check_text(what, value)
    if value not in choices:
        raise ValueError(f"{what} must be one of {', '.join(choices)}, not {value!r}")


def check_texts(what: str, value: object, example: str) -> None:
    """Refuse what is no tuple of texts. A lone text is none: it would count as a list of its letters.

    Raises
    ------
    TypeError
        If it is something else.
    """
    check_tuple(what, value, str, repr(example))


def check_tuple(what: str, value: object, kind: type | tuple[type, ...], example: str) -> None:
    """Refuse what is no tuple of some kind of value, or has a value twice.

    Raises
    ------
    TypeError
        If it is no tuple, or a value is of another kind.
    ValueError
        If a value stands there twice.
    """
    if not isinstance(value, tuple) or not all(isinstance(one, kind) for one in value):
        raise TypeError(f"{what} must be a tuple, as in ({example},), not {value!r}")
    for index, one in enumerate(value):
        if one in value[:index]:
            raise ValueError(f"{what} has {one!r} twice: leave one out")


def check_error_names(what: str, value: object) -> None:
    """Refuse what is no tuple of the names of errors.

    Raises
    ------
    ValueError
        If it is no tuple of texts, or one is empty. A lone text is no tuple: it would count as a list of its letters.
    """
    _error_names(what, value)


def check_retried_errors(what: str, value: object) -> None:
    """Refuse errors that no retrier of Step Functions can name.

    Raises
    ------
    ValueError
        If it is no tuple of names, ``States.ALL`` stands beside others, or an error is named that is never retried.
    """
    names = _error_names(what, value)
    if ANY_ERROR in names and len(names) > 1:
        raise ValueError(f"{what}: {ANY_ERROR!r} must stand alone, since it covers the others: leave them out, or it")
    if _NEVER_RETRIED in names:
        raise ValueError(f"{what}: Step Functions never retries {_NEVER_RETRIED!r}: leave it out")


def _error_names(what: str, value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        raise ValueError(f"{what} must be a tuple of the names of errors, so write ({value!r},), with a comma")
    if not isinstance(value, tuple) or not all(isinstance(name, str) for name in value):
        raise ValueError(f"{what} must be a tuple of the names of errors, not {value!r}")
    if not all(name.strip() for name in value):
        raise ValueError(f"{what} holds an empty name of an error: leave it out")
    return value


def _time(what: str, value: object) -> timedelta:
    if not isinstance(value, timedelta):
        raise TypeError(f"{what} must be a timedelta, as in timedelta(seconds=30), not {value!r}")
    return value


def _shown(time: timedelta) -> str:
    for unit, name, fewest in ((86_400, "day", 2), (3600, "hour", 1), (60, "minute", 1), (1, "second", 1)):
        count, rest = divmod(time.total_seconds(), unit)
        if count >= fewest and not rest:
            return f"{count:g} {name}{'' if count == 1 else 's'}"
    return str(time)
