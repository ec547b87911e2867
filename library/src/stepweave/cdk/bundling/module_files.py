"""Where modules are below a folder from which Python imports."""

from pathlib import Path, PurePath


class ModuleFiles:
    """Finds the files of modules as Python does on Linux, whatever the file system: spelled exactly like the module.

    Parameters
    ----------
    root : Path
        The folder from which is imported.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._listings: dict[PurePath, frozenset[str]] = {}

    def file_of(self, module: str) -> PurePath | None:
        """Return the file of a module or regular package, relative to the folder; None if there is none."""
        *packages, name = module.split(".")
        parent = PurePath(*packages)
        beside = self._listing(parent)
        if name in beside and "__init__.py" in self._listing(parent / name):
            return parent / name / "__init__.py"
        if f"{name}.py" in beside:
            return parent / f"{name}.py"
        extensions = (file for file in sorted(beside) if file.startswith(f"{name}.") and file.endswith(".so"))
        return next((parent / file for file in extensions), None)

    def is_folder(self, module: str) -> bool:
        """Tell whether there is a folder that can be imported, as a package or a namespace package."""
        *packages, name = module.split(".")
        parent = PurePath(*packages)
        return name in self._listing(parent) and (self.root / parent / name).is_dir()

    def _listing(self, folder: PurePath) -> frozenset[str]:
        if folder not in self._listings:
            try:
                self._listings[folder] = frozenset(file.name for file in (self.root / folder).iterdir())
            except (FileNotFoundError, NotADirectoryError):
                self._listings[folder] = frozenset()
        return self._listings[folder]


def packages_and(module: str) -> list[str]:
    """Return the packages that a module is in, the outermost first, and the module.

    Example
    -------
    >>> packages_and("a.b.c")
    ['a', 'a.b', 'a.b.c']
    """
    parts = module.split(".")
    return [".".join(parts[: number + 1]) for number in range(len(parts))]
