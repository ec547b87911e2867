"""Whether a bundle holds all that its handler imports, so that no function fails for want of a module."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path, PurePath
from typing import Final

import stepweave
from stepweave import _MODULES as PUBLIC_NAMES
from stepweave.cdk.bundling.imports import Import, Step, every_import, happening, read_imports
from stepweave.cdk.bundling.module_files import ModuleFiles, packages_and
from stepweave.cdk.bundling.standard_library import standard_library
from stepweave.cdk.bundling.syntax_tree import syntax_tree
from stepweave.cdk.bundling.target import Target
from stepweave.cdk.managed_runtime import MANAGED_MODULES

LIBRARY: Final = stepweave.__name__


class ImportCheck:
    """Checks the imports of a file in a bundle, and of all the sources that it imports.

    Parameters
    ----------
    tree : Path
        The folder with all that is in the bundle.
    sources : frozenset of PurePath
        The files in it that are the project's and the library's; what else is there came with wheels.
    start : PurePath
        The handler's file, relative to the tree.
    target : Target
        What runs it.
    elsewhere : frozenset of str
        Top-level modules that the function has from elsewhere, a layer for instance.
    """

    def __init__(
        self,
        tree: Path,
        sources: frozenset[PurePath],
        start: PurePath,
        target: Target,
        elsewhere: frozenset[str] = frozenset(),
    ) -> None:
        self._tree = tree
        self._files = ModuleFiles(tree)
        self._sources = sources
        self._start = start
        self._target = target
        self._given = standard_library(target) | MANAGED_MODULES | elsewhere

    def missing(self) -> dict[PurePath, list[Import]]:
        """Return the imports that would fail for want of a module, by the file in which they stand.

        Raises
        ------
        SynthesisError
            If a source is not valid Python.
        """
        broken = self._broken
        found: dict[PurePath, list[Import]] = {}
        seen, pending = {self._start}, [self._start]
        while pending:
            file = pending.pop()
            for each in happening(self._imports[file], partial(self._fails, broken)):
                if not self._is_there(each):
                    found.setdefault(file, []).append(each)
                new = self._imported(each) - seen
                seen |= new
                pending += sorted(new)
        return {file: sorted(set(found[file]), key=lambda each: (each.line, each.module)) for file in sorted(found)}

    @cached_property
    def _imports(self) -> Mapping[PurePath, Sequence[Step]]:
        """What each source imports that may be imported at all."""
        found: dict[PurePath, Sequence[Step]] = {}
        pending = [self._start]
        while pending:
            file = pending.pop()
            if file not in found:
                found[file] = read_imports((self._tree / file).read_bytes(), file, self._target)
                pending += [one for each in every_import(found[file]) for one in self._imported(each)]
        return found

    @cached_property
    def _broken(self) -> frozenset[PurePath]:
        """The sources whose own import fails, since something that they import does."""
        broken: frozenset[PurePath] = frozenset()
        for _ in self._imports:  # no chain of imports is longer
            fails = partial(self._fails, broken)
            found = frozenset(file for file, steps in self._imports.items() if any(map(fails, happening(steps, fails))))
            if found == broken:
                break
            broken = found
        return broken

    def _fails(self, broken: frozenset[PurePath], each: Import) -> bool:
        return not self._is_there(each) or not broken.isdisjoint(self._imported(each))

    def _imported(self, each: Import) -> set[PurePath]:
        """Return the sources that an import runs."""
        modules = [*packages_and(each.module), *(f"{each.module}.{name}" for name in each.names)]
        if each.module == LIBRARY:
            modules += [f"{LIBRARY}.{PUBLIC_NAMES[name]}" for name in each.names if name in PUBLIC_NAMES]
        files = (self._files.file_of(one) for module in modules for one in packages_and(module))
        return {file for file in files if file in self._sources and file.suffix == ".py"}

    def _is_there(self, each: Import) -> bool:
        top = each.module.partition(".")[0]
        if top in self._given and self._files.file_of(top) is None:
            return True
        for module in packages_and(each.module):
            file = self._files.file_of(module)
            if file is not None and file not in self._sources:
                return True  # a wheel's package may make its modules in ways that only a run can tell
            if file is None and not self._files.is_folder(module):
                return False
        return all(self._has(each.module, file, name) for name in each.names)

    def _has(self, module: str, file: PurePath | None, name: str) -> bool:
        """Tell whether a name can be imported from a source's module, or from a namespace package."""
        if module == LIBRARY and name in PUBLIC_NAMES:
            return self._files.file_of(f"{LIBRARY}.{PUBLIC_NAMES[name]}") is not None
        inside = f"{module}.{name}"
        if self._files.file_of(inside) is not None or self._files.is_folder(inside):
            return True
        if file is None or module == LIBRARY:
            return False
        return file.name != "__init__.py" or _may_define((self._tree / file).read_bytes(), name)


def _may_define(source: bytes, name: str) -> bool:
    """Tell whether a package may define a name itself."""
    for node in ast.walk(syntax_tree(source)):
        match node:
            case ast.Name(found, ast.Store()) if found == name:
                return True
            case ast.FunctionDef(found) | ast.AsyncFunctionDef(found) | ast.ClassDef(found) if found in {
                name,
                "__getattr__",
            }:
                return True
            case ast.alias(found, as_name) if (as_name or found.partition(".")[0]) in {name, "*"}:
                return True
            case ast.Call(ast.Name("globals" | "vars" | "setattr")):
                return True
    return name.startswith("__")
