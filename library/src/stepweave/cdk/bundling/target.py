"""What can be said of a condition in a source before it runs, given where it will run."""

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

_COMPARISONS: Final[Mapping[type[ast.cmpop], Callable[[Any, Any], bool]]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_TYPE_CHECKING: Final = frozenset({"typing.TYPE_CHECKING", "typing_extensions.TYPE_CHECKING", "TYPE_CHECKING"})


@dataclass(frozen=True)
class Target:
    """The interpreter that runs a function.

    Parameters
    ----------
    python : tuple of int
        Its version, for example ``(3, 13)``.
    system : str
        What ``sys.platform`` is there.
    """

    python: tuple[int, int]
    system: str = "linux"

    def holds(self, test: ast.expr, name_of: Callable[[ast.expr], str | None]) -> bool | None:
        """Tell whether a condition holds there; None if only a run can tell.

        Parameters
        ----------
        test : ast.expr
            The condition.
        name_of : Callable
            Returns the full name of what an expression refers to, for example ``sys.version_info``.
        """
        match test:
            case ast.Constant(value):
                return bool(value)
            case ast.UnaryOp(ast.Not(), operand):
                inner = self.holds(operand, name_of)
                return None if inner is None else not inner
            case ast.BoolOp(op, values):
                decisive = isinstance(op, ast.Or)
                found = [self.holds(value, name_of) for value in values]
                return decisive if decisive in found else None if None in found else not decisive
            case ast.Compare(left, [op], [right]) if type(op) in _COMPARISONS:
                return self._compare(name_of(left), _COMPARISONS[type(op)], right)
            case ast.Call(ast.Attribute(value, "startswith"), [ast.Constant(str(start))]):
                return self.system.startswith(start) if name_of(value) == "sys.platform" else None
        return False if name_of(test) in _TYPE_CHECKING else None

    def _compare(self, name: str | None, compare: Callable[[Any, Any], bool], right: ast.expr) -> bool | None:
        try:
            value = ast.literal_eval(right)
        except ValueError:
            return None
        if name == "sys.version_info" and isinstance(value, tuple):
            # No more than major and minor version are known, so that a longer tuple cannot be told from an equal one.
            return None if value[:2] == self.python and len(value) > len(self.python) else compare(self.python, value)
        if name == "sys.platform" and isinstance(value, str):
            return compare(self.system, value)
        if name == "os.name" and isinstance(value, str):
            return compare("posix", value)
        if name == "__name__" and value == "__main__":
            return compare("imported", value)
        return None
