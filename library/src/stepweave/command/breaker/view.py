"""Circuit breakers as a person reads them, and as a program does."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypedDict

from rich.box import SIMPLE_HEAD
from rich.table import Table

from stepweave.command.terminal.console import seconds, show_pairs, standard_output, styled
from stepweave.contract.breaker import CircuitBreakerConfig
from stepweave.contract.breaker_item import BreakerItem, Lease, State, utc
from stepweave.contract.breaker_transition import milliseconds

_COLUMNS = ("name", "state", "for", "failures", "probes", "agents")
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
        return len(self.leases)

    @property
    def leases(self) -> Mapping[int, Lease]:
        """The leases of the probes that may be under way."""
        return self.item.live_leases(self._milliseconds)

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
            column,
            justify="right" if column in {"failures", "probes"} else "left",
            no_wrap=column not in {"name", "agents"},
            overflow="fold",
        )
    for view in views:
        table.add_row(
            styled(view.name, "bold"),
            styled(_state(view), _STYLES[view.item.state]),
            styled("" if view.since is None else _age(view.since, view.now)),
            styled(_failures(view)),
            styled(_probes(view)),
            styled(", ".join(view.agents) or "-"),
        )
    console.print(table)


def show_one(view: BreakerView) -> None:
    """Print all that is known of a breaker on standard output."""
    show_pairs(_details(view), {"state": _STYLES[view.item.state]})


def _details(view: BreakerView) -> Iterator[tuple[str, str]]:
    item, config = view.item, view.config
    yield "name", view.name
    yield "state", _state(view)
    if view.since is not None:
        yield "since", f"{view.since.astimezone():%Y-%m-%d %H:%M:%S %Z}, {_age(view.since, view.now)} ago"
        yield "because", item.reason or "not said"
    if item.state is State.OPEN:
        yield "probes at", _retry(view)
    if config is None:
        yield "failures", f"{view.failures}, none of the contracts here says how many open it"
    else:
        window = seconds(config.window.total_seconds())
        counted = f"{view.failures} within {window}; " if item.state is State.CLOSED else ""
        yield "failures", f"{counted}{config.failure_threshold} within {window} open it"
        recovery = seconds(config.recovery_timeout.total_seconds())
        yield "recovery", f"open for {recovery}, then probes; {config.success_threshold} that succeed close it"
    if item.state is State.HALF_OPEN:
        yield "successes", _of(item.successes, None if config is None else config.success_threshold)
    yield "probes", _of(view.in_flight, None if config is None else config.half_open_max_calls)
    for lease in view.leases.values():
        yield "", f"{lease.owner}, until {utc(lease.until).astimezone():%H:%M:%S} at the latest"
    yield "generation", str(item.generation)
    yield "agents", ", ".join(view.agents) or "none of this project"


def _state(view: BreakerView) -> str:
    return f"{view.item.state.value.lower().replace('_', '-')}{' (by hand)' if view.forced else ''}"


def _retry(view: BreakerView) -> str:
    if view.retry_at is None:
        return "when somebody closes it"
    left = (view.retry_at - view.now).total_seconds()
    return f"{view.retry_at.astimezone():%H:%M:%S}, " + (f"in {seconds(left)}" if left > 0 else "with the next call")


def _failures(view: BreakerView) -> str:
    """Say what a closed breaker counts; the others count none."""
    most = None if view.config is None else view.config.failure_threshold
    return _of(view.failures, most) if view.item.state is State.CLOSED else ""


def _probes(view: BreakerView) -> str:
    """Say briefly how many probes are under way, or when an open breaker lets them through."""
    if view.item.state is State.HALF_OPEN:
        return _of(view.in_flight, None if view.config is None else view.config.half_open_max_calls)
    if view.retry_at is None:
        return ""
    left = (view.retry_at - view.now).total_seconds()
    return f"in {seconds(left)}" if left > 0 else "next call"


def _of(count: int, most: int | None) -> str:
    return str(count) if most is None else f"{count} of {most}"


def _age(moment: datetime, now: datetime) -> str:
    return seconds(max(0.0, (now - moment).total_seconds()))


def _written(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="milliseconds")
