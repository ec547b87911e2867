"""A function's wheels, installed by uv for a platform that need not be this one."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Protocol

import uv

from stepweave.cdk.errors import SynthesisError
from stepweave.cdk.platform import Platform

_PINNED = re.compile(r"^(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(\[[^\]]*\])?==")


class InstallWheels(Protocol):
    """What puts the wheels of pinned requirements into a folder."""

    def __call__(self, requirements: str, target: Path, *, platform: Platform, python: str) -> None:
        """Install `requirements` (the text of a requirements file) into the empty folder `target`."""


def distribution_names(requirements: str) -> frozenset[str]:
    """Return the normalized names of what a compiled requirements file pins."""
    return frozenset(_normalized(match["name"]) for line in requirements.splitlines() if (match := _PINNED.match(line)))


def without(requirements: str, names: frozenset[str]) -> str:
    """Return a compiled requirements file without the entries of `names`, and without comments.

    An entry is its first line and the indented lines below it, which hold its hashes.
    """
    kept: list[str] = []
    keep = True
    for line in requirements.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not line[0].isspace():
            match = _PINNED.match(line)
            keep = match is None or _normalized(match["name"]) not in names
        if keep:
            kept.append(line)
    return "\n".join(kept) + "\n" if kept else ""


def install_wheels(requirements: str, target: Path, *, platform: Platform, python: str) -> None:
    """Install hash-pinned wheels into a folder, with the uv of the running environment.

    Parameters
    ----------
    requirements : str
        The text of a compiled requirements file: everything is pinned, so nothing is resolved.
    target : Path
        The folder, which must exist.
    platform : Platform
        What the wheels must run on; nothing is ever built from source.
    python : str
        The Python that they must run on, for example ``"3.13"``.

    Raises
    ------
    SynthesisError
        If uv finds no index, no wheel for the platform, or a wheel whose hash is not the pinned one.
    """
    command = [
        uv.find_uv_bin(), "pip", "install", "--quiet", "--no-progress",
        "--python", sys.executable, "--target", str(target),
        "--python-platform", platform.value, "--python-version", python,
        "--only-binary", ":all:", "--require-hashes", "--no-deps",
        "--requirements", "-",
    ]  # fmt: skip
    done = subprocess.run(command, input=requirements, text=True, capture_output=True, check=False)  # noqa: S603
    if done.returncode != 0:
        raise SynthesisError(
            f"uv could not install wheels for {platform.value}, Python {python}:\n{done.stderr.strip()}\n"
            "If it could not reach the package index: check the network, or name an index with UV_DEFAULT_INDEX. "
            "If a wheel is missing for this platform: pin a version that has one and run `stepweave requirements`."
        )
    _remove_launchers(target / "bin")


def _remove_launchers(folder: Path) -> None:
    # A launcher names the Python of the building machine, which the function does not have; programs stay.
    if not folder.is_dir():
        return
    for file in folder.iterdir():
        with file.open("rb") as content:
            is_launcher = content.read(2) == b"#!"
        if is_launcher:
            file.unlink()


def _normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
