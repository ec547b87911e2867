"""Circuit breakers as a person reads them, and as a program does."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypedDict

from rich.box import SIMPLE_HEAD
from rich.table import Table

from lambdas.contract.breaker import CircuitBreakerConfig
from lambdas.contract.breaker_item import BreakerItem, State, utc
from lambdas.contract.breaker_transition import milliseconds
from scripts.command.console import seconds, standard_output, styled

_COLUMNS = ("name", "state", "since", "failures", "probes", "retry at", "generation", "agents")
_STYLES = {State.CLOSED: "green", State.OPEN: "bold red", State.HALF_OPEN: "yellow"}


@dataclass(frozen=True)
class BreakerView:
    """A breaker at a moment.

    Parameters
    ----------
    name : str
        What it is called.
    item : BreakerItem
        Its state.
    config : CircuitBreakerConfig | None
        When it opens and closes; None if no contract names it.
    agents : tuple of str
        The agents that it guards.
    now : datetime
        The moment.
    """

    name: str
    item: BreakerItem
    config: CircuitBreakerConfig | None
    agents: tuple[str, ...]
    now: datetime

    @property
    def failures(self) -> int:
        """How many failures it counts now."""
        window = (self.config or CircuitBreakerConfig()).window
        return self.item.failures_after(self._milliseconds - milliseconds(window))

    @property
    def in_flight(self) -> int:
        """How many probes may be under way."""
        return self.item.in_flight(self._milliseconds)

    @property
    def since(self) -> datetime | None:
        """When it got into its state; None if it has always been closed."""
        return utc(self.item.since) if self.item.generation else None

    @property
    def retry_at(self) -> datetime | None:
        """When an open breaker lets probes through; None if it does not, or is not open."""
        return utc(self.item.retry_at) if self.item.state is State.OPEN and self.item.retry_at else None

    @property
    def forced(self) -> bool:
        """Whether a person opened it."""
        return self.item.state is State.OPEN and self.item.forced

    @property
    def _milliseconds(self) -> int:
        return int(self.now.timestamp() * 1000)


class BreakerJson(TypedDict):
    """What ``--json`` says of a breaker. Times are in UTC, in ISO 8601."""

    name: str
    state: str
    forced: bool
    since: str | None
    reason: str
    generation: int
    failures: int
    failure_threshold: int | None
    window_seconds: float | None
    recovery_timeout_seconds: float | None
    successes: int
    success_threshold: int | None
    probes: int
    half_open_max_calls: int | None
    retry_at: str | None
    agents: list[str]


def breaker_json(view: BreakerView) -> BreakerJson:
    """Return what ``--json`` says of a breaker."""
    config = view.config
    return {
        "name": view.name,
        "state": view.item.state.value,
        "forced": view.forced,
        "since": _written(view.since),
        "reason": view.item.reason,
        "generation": view.item.generation,
        "failures": view.failures,
        "failure_threshold": None if config is None else config.failure_threshold,
        "window_seconds": None if config is None else config.window.total_seconds(),
        "recovery_timeout_seconds": None if config is None else config.recovery_timeout.total_seconds(),
        "successes": view.item.successes,
        "success_threshold": None if config is None else config.success_threshold,
        "probes": view.in_flight,
        "half_open_max_calls": None if config is None else config.half_open_max_calls,
        "retry_at": _written(view.retry_at),
        "agents": list(view.agents),
    }


def show_breakers(views: Sequence[BreakerView], where: str) -> None:
    """Print a table of breakers on standard output."""
    console = standard_output()
    if not views:
        console.print(styled(f"no contract names a circuit breaker, and none is known on {where}"), soft_wrap=True)
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in _COLUMNS:
        table.add_column(
            column, justify="right" if column in {"failures", "probes", "generation"} else "left", overflow="fold"
        )
    for view in views:
        config = view.config
        table.add_row(
            styled(view.name, "bold"),
            styled(_state(view), _STYLES[view.item.state]),
            styled(_ago(view.since, view.now)),
            styled(_of(view.failures, None if config is None else config.failure_threshold)),
            styled(_of(view.in_flight, None if config is None else config.half_open_max_calls)),
            styled(_retry(view)),
            styled(str(view.item.generation)),
            styled(", ".join(view.agents) or "-"),
        )
    console.print(table)


def show_one(view: BreakerView) -> None:
    """Print all that is known of a breaker on standard output."""
    console = standard_output()
    pairs = [*_details(view)]
    width = max(len(label) for label, _ in pairs)
    for label, text in pairs:
        style = _STYLES[view.item.state] if label == "state" else ""
        console.print(styled(f"{label:<{width}}  ", "dim").append_text(styled(text, style)), soft_wrap=True)


def _details(view: BreakerView) -> Iterator[tuple[str, str]]:
    item, config = view.item, view.config
    yield "name", view.name
    yield "state", _state(view)
    if view.since is not None:
        yield "since", f"{view.since.astimezone():%Y-%m-%d %H:%M:%S %Z}, {_ago(view.since, view.now)}"
        yield "because", item.reason or "not said"
    if item.state is State.OPEN:
        yield "retry at", _retry(view)
    if config is None:
        yield "failures", f"{view.failures}, none of the contracts here says how many open it"
    else:
        window = seconds(config.window.total_seconds())
        yield "failures", f"{view.failures} within {window}; {config.failure_threshold} open it"
        yield "recovery", f"open for {seconds(config.recovery_timeout.total_seconds())}, then probes"
    if item.state is State.HALF_OPEN:
        yield "successes", _of(item.successes, None if config is None else config.success_threshold)
    yield "probes", _of(view.in_flight, None if config is None else config.half_open_max_calls)
    now = int(view.now.timestamp() * 1000)
    for lease in item.probes.values():
        if lease.until >= now:
            yield "", f"{lease.owner}, until {utc(lease.until).astimezone():%H:%M:%S} at the latest"
    yield "generation", str(item.generation)
    yield "agents", ", ".join(view.agents) or "none of this project"


def _state(view: BreakerView) -> str:
    return f"{view.item.state.value.lower().replace('_', '-')}{' (by hand)' if view.forced else ''}"


def _retry(view: BreakerView) -> str:
    if view.item.state is not State.OPEN:
        return ""
    if view.retry_at is None:
        return "when somebody closes it"
    left = (view.retry_at - view.now).total_seconds()
    return f"{view.retry_at.astimezone():%H:%M:%S}, " + (f"in {seconds(left)}" if left > 0 else "with the next call")


def _of(count: int, most: int | None) -> str:
    return str(count) if most is None else f"{count} of {most}"


def _ago(moment: datetime | None, now: datetime) -> str:
    return "" if moment is None else f"{seconds(max(0.0, (now - moment).total_seconds()))} ago"


def _written(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="milliseconds")
