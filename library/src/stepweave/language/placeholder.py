"""Values that do not exist yet while a workflow function is traced."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn, Protocol

from stepweave.graph.errors import WorkflowError
from stepweave.graph.location import SourceLocation
from stepweave.language.call_site import call_site


class Owner(Protocol):
    """The run of a workflow function to which placeholders belong."""

    @property
    def workflow(self) -> str:
        """The workflow's name, for messages."""

    def note(self, refusal: WorkflowError) -> None:
        """Remember a refusal, so that it counts even if the function catches it."""


class Placeholder:
    """Stands for a value of run time; it can be handed to an agent, and to nothing else.

    Every other use would silently be wrong, since the function runs once, at build time, so it is refused.
    """

    def __init__(self, owner: Owner) -> None:
        self._owner = owner

    def _described(self) -> str:
        raise NotImplementedError

    def _refuse(self, use: str) -> NoReturn:
        refusal = WorkflowError(
            f"{self._described()} is used {use}, but it has no value while the workflow is built",
            call_site(),
            "hand it to an agent and let the agent look into it",
        )
        self._owner.note(refusal)
        raise refusal

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        self._refuse(f"by its field {name!r}")

    def __setattr__(self, name: str, value: object) -> None:
        if not name.startswith("_"):
            self._refuse(f"to keep {name!r} in it")
        super().__setattr__(name, value)

    def __eq__(self, other: object) -> bool:
        if self is not other:
            self._refuse("in a comparison")
        return True

    def __hash__(self) -> int:
        return id(self)


def check_own(owner: Owner, value: Placeholder, location: SourceLocation | None) -> None:
    """Refuse a placeholder that another run of a workflow function made.

    Raises
    ------
    WorkflowError
        Naming the line that used it.
    """
    other = value._owner  # noqa: SLF001 - placeholders keep their fields out of the way
    if other is not owner:
        raise WorkflowError(
            f"{value!r} belongs to workflow {other.workflow!r} but is used in workflow {owner.workflow!r}",
            location,
            "place the task in this workflow, or pass the value as an input of this workflow",
        )


def _refusal(use: str) -> Callable[..., NoReturn]:
    def refuse(self: Placeholder, *_: object) -> NoReturn:
        self._refuse(use)

    return refuse


_BINARY = (
    "add",
    "sub",
    "mul",
    "matmul",
    "truediv",
    "floordiv",
    "mod",
    "divmod",
    "pow",
    "lshift",
    "rshift",
    "and",
    "or",
)
_REFUSED = {
    "as a condition": ("bool",),
    "in a loop": ("iter", "len", "contains", "next", "reversed", "length_hint", "aiter", "anext"),
    "by a key": ("getitem", "setitem", "delitem"),
    "as text": ("str", "format", "bytes", "fspath"),
    "in a comparison": ("lt", "le", "gt", "ge"),
    "in arithmetic": (
        *(f"{side}{operator}" for operator in (*_BINARY, "xor") for side in ("", "r", "i")),
        *("neg", "pos", "abs", "invert", "int", "float", "complex", "index", "round", "trunc", "floor", "ceil"),
    ),
    "like a function": ("call",),
    "in a 'with'": ("enter", "exit", "aenter", "aexit"),
    "with 'await'": ("await",),
    "as something to copy": ("copy", "deepcopy", "reduce", "reduce_ex"),
}
for _use, _operators in _REFUSED.items():
    for _operator in _operators:
        setattr(Placeholder, f"__{_operator}__", _refusal(_use))
