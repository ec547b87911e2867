"""Bytecode for bundles: a function cannot keep what it compiles, so each cold start would compile anew."""

import py_compile
from importlib.util import cache_from_source
from pathlib import Path
from threading import Lock


class Bytecode:
    """Compiles sources, each once however many trees hold it.

    The bytecode is not checked against its source, which never changes in a bundle. A file that is no valid Python
    (a template, say) is left alone.
    """

    def __init__(self) -> None:
        self._compiled: dict[tuple[str, bytes], bytes | None] = {}
        self._lock = Lock()

    def add_to(self, tree: Path) -> None:
        """Put the bytecode of every source in a tree where Python looks for it."""
        with self._lock:  # compiling leaves nothing to other threads anyway, and so they find it done
            for source in sorted(tree.rglob("*.py")):
                name = source.relative_to(tree).as_posix()
                target = Path(cache_from_source(str(source)))
                target.parent.mkdir(exist_ok=True)
                key = (name, source.read_bytes())
                if key not in self._compiled:
                    self._compiled[key] = _compile(source, name, target)
                elif (compiled := self._compiled[key]) is not None:
                    target.write_bytes(compiled)


def _compile(source: Path, name: str, target: Path) -> bytes | None:
    try:
        py_compile.compile(
            str(source),
            cfile=str(target),
            dfile=name,
            doraise=True,
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )
    except py_compile.PyCompileError:
        return None
    return target.read_bytes()
