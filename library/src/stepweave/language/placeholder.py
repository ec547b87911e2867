"""Values that do not exist yet while a workflow function is traced."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from stepweave.graph.errors import WorkflowError
from stepweave.language.call_site import call_site


class Placeholder:
    """Stands for a value of run time; it can be handed to an agent, and to nothing else.

    Every other use would silently be wrong, since the function runs once, at build time, so it is refused.
    """

    def _described(self) -> str:
        raise NotImplementedError

    def _refuse(self, use: str) -> NoReturn:
        raise WorkflowError(
            f"{self._described()} is used {use}, but it has no value while the workflow is built",
            call_site(),
            "hand it to an agent and let the agent look into it",
        )

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        self._refuse(f"by its field {name!r}")

    def __eq__(self, other: object) -> bool:
        if self is not other:
            self._refuse("in a comparison")
        return True

    def __hash__(self) -> int:
        return id(self)


def _refusal(use: str) -> Callable[..., NoReturn]:
    def refuse(self: Placeholder, *_: object) -> NoReturn:
        self._refuse(use)

    return refuse


_REFUSED = {
    "as a condition": ("bool",),
    "in a loop": ("iter", "len", "contains"),
    "by a key": ("getitem",),
    "as text": ("str", "format"),
    "in a comparison": ("lt", "le", "gt", "ge"),
    "in arithmetic": ("add", "radd", "sub", "rsub", "mul", "rmul", "truediv", "rtruediv", "neg", "int", "float"),
}
for _use, _operators in _REFUSED.items():
    for _operator in _operators:
        setattr(Placeholder, f"__{_operator}__", _refusal(_use))
