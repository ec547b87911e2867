"""Checks a definition against the quotas of Step Functions, so that they are never discovered in an execution."""

from typing import assert_never, cast

from stepweave.compiler.asl import Branch, Definition, State, definition_json
from stepweave.compiler.jsonpath_dialect.breakers import longest_wait_rounds
from stepweave.compiler.jsonpath_dialect.reading import Purpose, purpose_of, states_in
from stepweave.compiler.jsonpath_dialect.retriers import retries_of
from stepweave.graph.errors import WorkflowError

MAX_DEFINITION_BYTES = 1024 * 1024
MAX_HISTORY_EVENTS = 25_000
PLATFORM_EVENTS = 7_500
"""How many events of a history are kept for attempts on account of the platform: 2,500 over the whole execution.

An author's attempts are counted in full, since each task may need all of its own. The platform's are not, since not
every task can need all of its own: a call is refused because others are under way, and these go on. What is counted is
the fan-out that the attempts are made for, 200 tasks of 30 s where 5 may run at once: a simulation in the tests shows
that fewer than 2,200 calls are refused in all. Smaller definitions count what they could take at the most.

It is no guarantee for wider ones. 1,000 tasks where 10 may run at once can have 6,000 refused calls. There is room for
these as long as authors' attempts leave theirs unused: each task that needs none of its 3 leaves room for 3 more.
"""

_EVENTS_OF_EXECUTION = 2
_EVENTS_OF_ENTRY = 2
_EVENTS_OF_PARALLEL = 2
_EVENTS_OF_ATTEMPT = 3
_EVENTS_OF_TOKEN = 1


def check_limits(name: str, definition: Definition) -> None:
    """Refuse a definition that Step Functions would refuse or could not run to its end.

    Parameters
    ----------
    name : str
        What the definition is of.
    definition : Definition
        The definition.

    Raises
    ------
    WorkflowError
        Naming the limit and by how much it is exceeded.
    """
    size = definition_bytes(definition)
    if size > MAX_DEFINITION_BYTES:
        raise WorkflowError(
            f"the definition of {name} has {size} bytes, more than the {MAX_DEFINITION_BYTES} allowed",
            remedy="give its tasks less constant input, or split the workflow",
        )
    events = history_events(definition)
    if events > MAX_HISTORY_EVENTS:
        raise WorkflowError(
            f"an execution of {name} could write {events} history events with every retry taken, more than "
            f"the {MAX_HISTORY_EVENTS} allowed",
            remedy="lower the retry attempts, shorten the workflow's timeout or lengthen the recovery time of circuit "
            "breakers that tasks wait for, or split the workflow",
        )


def definition_bytes(definition: Definition | State) -> int:
    """Return how long a definition is as JSON text without blanks."""
    return len(definition_json(definition).encode())


def definition_text(definition: Definition) -> str:
    """Return a definition as JSON text that ends with a newline: indented for people, if it is within the limit so."""
    indented = definition_json(definition, indent=2)
    if len(indented) < MAX_DEFINITION_BYTES:
        return indented + "\n"
    return definition_json(definition) + "\n"


def history_events(definition: Definition) -> int:
    """Return how many events an execution writes at the most: `declared_events`, and those of `PLATFORM_EVENTS`."""
    platform = sum(retries_of(state).platform for state in states_of(definition).values()) * _EVENTS_OF_ATTEMPT
    return declared_events(definition) + min(platform, PLATFORM_EVENTS)


def declared_events(definition: Definition) -> int:
    """Return how many events an execution writes at the most if the platform does nothing wrong.

    Every retry that an author asked for is taken, every optional task fails, and every task that may wait for its
    circuit breaker does so until the time is up.
    """
    timeout = definition["TimeoutSeconds"]
    return _EVENTS_OF_EXECUTION + sum(events_of(state, timeout) for state in states_of(definition).values())


def events_of(state: State, timeout_seconds: int) -> int:
    """Return how many events one state writes at the most, without those of its branches and of the platform's errors.

    Parameters
    ----------
    state : State
        The state.
    timeout_seconds : int
        How long its execution may take.
    """
    author = 1 + retries_of(state).author
    match purpose := purpose_of(state):
        case Purpose.PARALLEL:
            return _EVENTS_OF_ENTRY + _EVENTS_OF_PARALLEL
        case Purpose.BREAKER:
            round_trip = 3 * _EVENTS_OF_ENTRY + _EVENTS_OF_ATTEMPT  # this state, the wait, and the task again
            return round_trip * longest_wait_rounds(state, timeout_seconds)
        case Purpose.STEP:
            return _EVENTS_OF_ENTRY
        case Purpose.GATE:
            return _EVENTS_OF_ENTRY + author * (_EVENTS_OF_ATTEMPT + _EVENTS_OF_TOKEN)
        case Purpose.AGENT | Purpose.NESTED | Purpose.SERVICE | Purpose.ADMISSION:
            return _EVENTS_OF_ENTRY + author * _EVENTS_OF_ATTEMPT
        case Purpose.MAP:
            raise ValueError("how many events a Map writes depends on its items, of which nothing is known")
    assert_never(purpose)


def states_of(branch: Branch) -> dict[str, State]:
    """Return every state of a definition by name, those of branches included."""
    return {name: cast("State", state) for name, state in states_in(branch)}
