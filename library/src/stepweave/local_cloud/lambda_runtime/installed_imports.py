"""Which modules of installed packages a handler will load: found by reading its source, without running any of it."""

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

_MOST_FILES = 500
# What a module may do that a package which is loaded after it could notice.
_PREPARES = re.compile(
    rb"environ\[[^]]*\]\s*=(?!=)|environ\.(setdefault|update|pop|clear)|putenv"
    rb"|sys\.(path|modules)\s*(\.\w|\[[^]]*\]\s*=(?!=)|\+?=(?!=))"
)


def installed_imports(handler: str, directories: Sequence[str]) -> list[str]:
    """What a handler's own modules import from installed packages at their top level, as ``module`` or ``module:name``.

    Parameters
    ----------
    handler : str
        ``module.function``.
    directories : sequence of str
        Where its modules and the packages are: the function's code and its layers. A package is installed if its
        metadata says so: all other modules are the function's own, and are read in turn. If one of these sets
        variables or search paths, in which packages may then be interested, none of the packages is given.
    """
    installed = {name for directory in directories for name in _installed(Path(directory))}
    found: dict[str, None] = {}
    seen: set[Path] = set()
    waiting = [handler.replace("/", ".").rpartition(".")[0]]
    while waiting and len(seen) < _MOST_FILES:
        module = waiting.pop()
        if re.split("[.:]", module, maxsplit=1)[0] in installed:
            found[module] = None
            continue
        module = module.replace(":", ".")
        for file in _files(module, directories):
            if file not in seen:
                seen.add(file)
                source = _read(file)
                if _PREPARES.search(source):
                    return []
                waiting += _imported(source, module)
    return list(found)


def _installed(directory: Path) -> Iterator[str]:
    """Yield the top-level names of what is installed in a directory."""
    for record in directory.glob("*.dist-info/RECORD"):
        for line in record.read_text(errors="replace").splitlines():
            first, _, rest = line.partition(",")[0].partition("/")
            name = first.partition(".")[0]
            if name.isidentifier() and (rest or first.endswith((".py", ".so"))):
                yield name


def _files(module: str, directories: Sequence[str]) -> Iterator[Path]:
    """Yield the file of a module that is the function's own, and those of the packages that it is in."""
    parts = module.split(".")
    if not all(part.isidentifier() for part in parts):
        return
    for directory in directories:
        places = [Path(directory, *parts[:length]) for length in range(1, len(parts) + 1)]
        if places[0].is_dir() or places[0].with_suffix(".py").is_file():  # it hides those in later directories
            for place in places:
                yield from (file for file in (place / "__init__.py", place.with_suffix(".py")) if file.is_file())
            return


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


def _imported(source: bytes, module: str) -> Iterator[str]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = module.split(".")[: -node.level] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            yield origin
            yield from (f"{origin}:{alias.name}" for alias in node.names)
