"""What AWS puts into its managed Python runtimes, out of the environment that this process runs in.

AWS brings the runtime interface client and the SDK; a function's bundle does not hold them. Here they are installed
beside the local cloud. A folder with links to them, and to nothing else that is installed, stands for the runtime.
"""

import hashlib
import importlib.metadata
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

BROUGHT: Final = ("awslambdaric", "boto3")
"""The distributions that the runtime is made of, with all that they need."""

_REQUIRED = re.compile(r"^(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)")


@cache
def managed_runtime() -> Path:
    """Return the folder that stands for the managed runtime; it is made in the user's cache if it is not there.

    Raises
    ------
    importlib.metadata.PackageNotFoundError
        If the runtime interface client is not installed: it comes with ``stepweave[local]``.
    """
    found = [importlib.metadata.distribution(name) for name in sorted(managed_names())]
    links = {entry: path for one in found for entry, path in _entries(one)}
    digest = hashlib.sha256(repr((sys.version, sorted(links.items()))).encode()).hexdigest()[:16]
    folder = _cache_folder() / f"managed-runtime-{digest}"
    if not all((folder / entry).exists() for entry in links):
        _make(folder, links)
    return folder.resolve()


def managed_names() -> frozenset[str]:
    """Return the normalized names of the distributions that the runtime is made of."""
    found: set[str] = set()
    waiting = list(BROUGHT)
    while waiting:
        name = _normalized(waiting.pop())
        if name in found:
            continue
        found.add(name)
        for line in importlib.metadata.requires(name) or []:
            requirement, _, marker = line.partition(";")
            required = _REQUIRED.match(requirement)
            if required is not None and "extra ==" not in marker:
                waiting.append(required["name"])
    return frozenset(found)


def _entries(distribution: importlib.metadata.Distribution) -> Iterator[tuple[str, Path]]:
    """Yield the files and folders that a distribution has at the top of where it is installed."""
    tops = {file.parts[0] for file in distribution.files or [] if file.parts[0] not in ("..", "__pycache__")}
    for top in sorted(tops):
        yield top, Path(str(distribution.locate_file(top)))


def _make(folder: Path, links: dict[str, Path]) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    making = Path(tempfile.mkdtemp(prefix=".making-", dir=folder.parent))
    for entry, path in links.items():
        (making / entry).symlink_to(path)
    if folder.exists():  # its links lead nowhere any more
        folder.rename(making.with_name(f"{making.name}-old"))
    try:
        making.rename(folder)
    except OSError:  # another process was faster
        if not folder.is_dir():
            raise


def _cache_folder() -> Path:
    named = os.environ.get("XDG_CACHE_HOME")
    return (Path(named) if named else Path.home() / ".cache") / "stepweave"


def _normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
