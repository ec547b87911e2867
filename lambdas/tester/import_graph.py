"""Which files are reached by following imports, with nothing imported for it."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath

from lambdas.tester.python_file import FileFacts, Import

_PACKAGE = "__init__.py"


def reached_files(facts: Mapping[str, FileFacts], start: Iterable[str]) -> set[str]:
    """Follow imports from some files through all files of a tree.

    Parameters
    ----------
    facts : Mapping[str, FileFacts]
        What each file imports, by path relative to the top of the tree.
    start : Iterable[str]
        The files to start from.

    Returns
    -------
    set[str]
        The files that are reached, those of `start` included. To import a module reaches the packages that it is in.
    """
    modules = _Modules(facts)
    reached: set[str] = set()
    pending = deque(start)
    while pending:
        path = pending.popleft()
        if path in reached or path not in facts:
            continue
        reached.add(path)
        pending.extend(modules.above(path))
        for statement in facts[path].imports:
            pending.extend(modules.imported(path, statement))
    return reached


class _Modules:
    """The modules of a tree by the names under which a file can import them.

    A name starts at the top of the tree, at a folder that holds a package (``src/``, ``services/api/``), or at the
    folder from which Python or pytest would run the importing file.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        self._paths = set(paths)
        self._folders = {str(folder) for path in paths for folder in PurePosixPath(path).parents}
        roots = {".", "src"} | {self._root(path) for path in paths if path.endswith(f"/{_PACKAGE}")}
        self._roots = sorted(roots & self._folders, key=lambda root: (len(PurePosixPath(root).parts), root))

    def above(self, path: str) -> Iterator[str]:
        """Yield the packages that are imported before the module of a file is."""
        for folder in PurePosixPath(path).parents:
            package = str(folder / _PACKAGE)
            if package not in self._paths:
                return
            yield package

    def imported(self, importer: str, statement: Import) -> Iterator[str]:
        """Yield the files that an import statement of a file names."""
        if statement.level:
            folders = [str(folder) for folder in PurePosixPath(importer).parents][statement.level - 1 :][:1]
        else:
            folders = [self._root(importer), *self._roots]
        for folder in folders:
            if found := list(self._below(folder, statement)):
                yield from found
                return

    def _below(self, folder: str, statement: Import) -> Iterator[str]:
        steps = [folder] if folder != "." else []
        steps += statement.module.split(".") if statement.module else []
        yield from self._module(steps)
        for name in statement.names:
            yield from self._module([*steps, name])

    def _module(self, steps: list[str]) -> Iterator[str]:
        # Strings, not paths: this is asked for each imported name below each folder.
        target = "/".join(steps)
        for candidate in (f"{target}/{_PACKAGE}" if target else _PACKAGE, f"{target}.py"):
            if candidate in self._paths:
                yield candidate
                return

    def _root(self, path: str) -> str:
        """Return the folder that has to be on the search path for a file to be imported by its full name."""
        for folder in PurePosixPath(path).parents:
            if str(folder / _PACKAGE) not in self._paths:
                return str(folder)
        return "."
