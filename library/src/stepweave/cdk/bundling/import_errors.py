"""Says what a bundle lacks, where it is imported, and what helps."""

from collections.abc import Mapping, Sequence
from importlib.metadata import packages_distributions
from pathlib import Path, PurePath
from typing import Final

from stepweave.cdk.bundling.import_check import LIBRARY
from stepweave.cdk.bundling.imports import Import
from stepweave.cdk.bundling.module_files import ModuleFiles
from stepweave.cdk.errors import SynthesisError

_MOST: Final = 10


def missing_modules(
    agent: str, missing: Mapping[PurePath, Sequence[Import]], root: Path, requirements: str
) -> SynthesisError:
    """Return the error of an agent whose bundle lacks what it imports.

    Parameters
    ----------
    agent : str
        The agent.
    missing : Mapping[PurePath, Sequence[Import]]
        The imports that would fail, by the file in which they stand.
    root : Path
        The project's folder.
    requirements : str
        The file, as people write it, that lists what the agent needs.
    """
    files = ModuleFiles(root)
    said = [
        f"{file.as_posix()}:{each.line}: {_said(each, file, files, requirements)}"
        for file, imports in missing.items()
        for each in imports
    ]
    more = [f"and {len(said) - _MOST} more"] if len(said) > _MOST else []
    return SynthesisError(
        "\n  ".join([f"agent {agent}: its function would lack what it imports:", *said[:_MOST], *more])
    )


def _said(each: Import, file: PurePath, files: ModuleFiles, requirements: str) -> str:
    wanted = f"{each.module} ({', '.join(each.names)})" if each.names else each.module
    top = each.module.partition(".")[0]
    if top == LIBRARY and file.parts[0] == LIBRARY:
        return f"no module {wanted}; it is a fault of {LIBRARY}"
    if top == LIBRARY:
        return (
            f"{wanted} is not in functions; they have {LIBRARY}.contract, {LIBRARY}.runtime and the names of {LIBRARY} "
            "that come from these. Move what needs more out of what the handler imports"
        )
    if files.file_of(top) is not None or files.is_folder(top):
        return f"the project has no module {wanted}, or its bundle_files leave it out"
    if file.parts[0] == LIBRARY:
        return f"every function needs {wanted}, and the pins of {requirements} lack it; run `stepweave requirements`"
    beside = ".".join([*file.parent.parts, each.module])
    if files.file_of(beside) is not None:
        return f"no module {wanted}; write {beside}: functions import from the project's folder"
    names = sorted(set(packages_distributions().get(top, ()))) or [top]
    return (
        f"no module {wanted}; add {' or '.join(names)} to {requirements} and run `stepweave requirements`; if the "
        "function can do without it, import it in try ... except ImportError"
    )
