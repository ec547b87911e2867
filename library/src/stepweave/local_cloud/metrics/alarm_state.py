"""In which state an alarm is, by what was measured."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

OK: Final = "OK"
ALARM: Final = "ALARM"
INSUFFICIENT_DATA: Final = "INSUFFICIENT_DATA"
SPARE_PERIODS: Final = 2
"""How many periods more than it needs CloudWatch looks at, for measurements that are missing."""

_COMPARISONS: Final[dict[str, tuple[Callable[[float, float], bool], str]]] = {
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "LessThanThreshold": (operator.lt, "less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
}

COMPARISONS: Final = frozenset(_COMPARISONS)


@dataclass(frozen=True)
class Criterion:
    """When an alarm goes off.

    Attributes
    ----------
    comparison : str
        One of `COMPARISONS`.
    threshold : float
        What values are compared with.
    periods : int
        How many periods are looked at.
    breaching_periods : int
        In how many of them the value must breach the threshold.
    missing : str
        What a period without a value counts for: ``missing``, ``ignore``, ``breaching`` or ``notBreaching``.
    """

    comparison: str
    threshold: float
    periods: int
    breaching_periods: int
    missing: str = "missing"

    def state(self, values: Sequence[tuple[float, float | None]], current: str) -> tuple[str, str]:
        """Return the state, and the reason in AWS's words.

        Parameters
        ----------
        values
            The starts of the periods, and their values or None, in order: `periods` and `SPARE_PERIODS` of them.
        current
            The state until now.

        Example
        -------
        >>> criterion = Criterion("GreaterThanThreshold", 5.0, 1, 1)
        >>> criterion.state([(0.0, None), (60.0, None), (120.0, 7.0)], "OK")[0]
        'ALARM'
        """
        known = [(at, value) for at, value in values if value is not None][-self.periods :]
        breaching = [pair for pair in known if self._breaches(pair[1])]
        missing = self.periods - len(known)
        if not known and self.missing in {"missing", "ignore"}:
            if self.missing == "ignore" and current != INSUFFICIENT_DATA:
                return current, ""
            return INSUFFICIENT_DATA, self._no_data()
        wanted = self.breaching_periods
        match self.missing:
            case "breaching":
                is_alarm = len(breaching) + missing >= wanted
            case "ignore":
                if len(breaching) < wanted <= len(breaching) + missing:
                    return current, ""
                is_alarm = len(breaching) >= wanted
            case "notBreaching":
                is_alarm = len(breaching) >= wanted
            case _:
                is_alarm = len(breaching) >= min(wanted, len(known))
        return (ALARM if is_alarm else OK), self._reason(known, missing, is_alarm=is_alarm)

    def _breaches(self, value: float) -> bool:
        return _COMPARISONS[self.comparison][0](value, self.threshold)

    def _no_data(self) -> str:
        were = "datapoint was" if self.periods == 1 else "datapoints were"
        return f"Insufficient Data: {self.periods} {were} unknown."

    def _reason(self, known: Sequence[tuple[float, float]], missing: int, *, is_alarm: bool) -> str:
        words = _COMPARISONS[self.comparison][1]
        if not known:
            were = "no datapoints were received for 1 period and 1 missing datapoint was"
            if missing > 1:
                were = f"no datapoints were received for {missing} periods and {missing} missing datapoints were"
            treated = "Breaching" if is_alarm else "NonBreaching"
            return f"Threshold Crossed: {were} treated as [{treated}]."
        shown = ", ".join(
            f"{value} ({datetime.fromtimestamp(at, UTC):%d/%m/%y %H:%M:%S})" for at, value in reversed(known)
        )
        negation = "" if is_alarm else "not "
        threshold = f"{negation}{words} the threshold ({self.threshold})"
        if self.breaching_periods < self.periods:
            change = "OK -> ALARM" if is_alarm else "ALARM -> OK"
            needed = self.breaching_periods if is_alarm else self.periods - self.breaching_periods + 1
            return (
                f"Threshold Crossed: {len(known)} out of the last {self.periods} datapoints [{shown}] were {threshold} "
                f"(minimum {needed} datapoint{'s' * (needed > 1)} for {change} transition)."
            )
        were = "datapoint" if len(known) == 1 else "datapoints"
        verb = "was" if len(known) == 1 else "were"
        return f"Threshold Crossed: {len(known)} {were} [{shown}] {verb} {threshold}."
