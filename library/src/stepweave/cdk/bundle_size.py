"""How large a bundle may be."""

import shutil
from pathlib import Path
from typing import Final

from stepweave.cdk.errors import SynthesisError

MAX_UNZIPPED_BYTES: Final = 262_144_000
"""What AWS Lambda takes of a function's code, unzipped and with its layers: 250 MiB."""

_NAMED: Final = 5
_MIB: Final = 1024 * 1024


def fit(tree: Path, agent: str, limit: int = MAX_UNZIPPED_BYTES) -> None:
    """Make sure that Lambda takes what is in a folder; bytecode, which only saves time, makes way if need be.

    Parameters
    ----------
    tree : Path
        The folder.
    agent : str
        Whose bundle it is.
    limit : int
        How many bytes there may be.

    Raises
    ------
    SynthesisError
        If there are more; it names the largest packages.
    """
    if _bytes(tree) <= limit:
        return
    for folder in list(tree.rglob("__pycache__")):
        shutil.rmtree(folder)
    found = _bytes(tree)
    if found <= limit:
        return
    sizes = {part.name: _bytes(part) for part in tree.iterdir()}
    largest = sorted(sizes, key=lambda name: (-sizes[name], name))[:_NAMED]
    listed = ", ".join(f"{name} {sizes[name] / _MIB:.1f}" for name in largest)
    raise SynthesisError(
        f"agent {agent}: its bundle has {found / _MIB:.1f} MiB unzipped, and AWS Lambda takes {limit / _MIB:.0f} MiB; "
        f"the largest packages, in MiB: {listed}. Take what it can do without from its requirements.in"
    )


def _bytes(path: Path) -> int:
    files = [path] if path.is_file() else (file for file in path.rglob("*") if file.is_file())
    return sum(file.stat().st_size for file in files)
