"""The tasks of a DAG file, as they stand in it."""

from dataclasses import dataclass

from stepweave.dag_files.node import Node


@dataclass(frozen=True)
class Reference:
    """The id of another task, and where it stands."""

    task: str
    node: Node


@dataclass(frozen=True)
class FileTask:
    """A task of a DAG file.

    Parameters
    ----------
    id : str
        Its id.
    node : Node
        Where the id stands.
    depends_on : tuple of Reference
        The tasks that must end before it starts, in the file's order, redundant ones included.
    seconds : float | None
        How long it took, or takes; None if the file does not say.
    agent : Node | None
        The name of the agent that it calls; None for the replayer.
    input : Node | None
        The constants that the agent is given.
    """

    id: str
    node: Node
    depends_on: tuple[Reference, ...] = ()
    seconds: float | None = None
    agent: Node | None = None
    input: Node | None = None
