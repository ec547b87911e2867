"""Which Python runs a function: one of its runtime's version if the machine has it, else the local cloud's own."""

import dataclasses
import functools
import logging
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from stepweave.local_cloud.lambda_runtime.worker_environment import PYTHON_VERSION, Platform

_LOG: Final = logging.getLogger(__name__)
_CLIENT: Final = Path(__file__).with_name("portable_client")
_COMPILED_CLIENT: Final = "runtime_client"
_FOLDERS: Final = ("~/.pyenv/versions/{}.*/bin", "~/.local/share/uv/python/cpython-{}.*/bin")
_RUNTIME: Final = re.compile(r"python(?P<version>3\.\d+)")
_TRIAL_SECONDS: Final = 10.0


def python_version(runtime: str) -> str | None:
    """Return the version in the name of a runtime, None if it is not Python's."""
    found = _RUNTIME.fullmatch(runtime)
    return None if found is None else found["version"]


class Interpreters:
    """Chooses the Python for each function, and says once of each version that there is none of it. Thread-safe.

    Parameters
    ----------
    platform
        With the Python that runs the local cloud.
    directory
        Where what other versions need is put.
    """

    def __init__(self, platform: Platform, directory: Path) -> None:
        self._platform = platform
        self._directory = directory
        self._lock = threading.Lock()
        self._known = {PYTHON_VERSION: platform}

    def platform(self, runtime: str) -> Platform:
        """Return the platform for functions of a runtime."""
        version = python_version(runtime) or PYTHON_VERSION
        with self._lock:
            if version not in self._known:
                self._known[version] = self._other(version)
            return self._known[version]

    def _other(self, version: str) -> Platform:
        found = installed_python(version)
        if found is None:
            _LOG.warning(
                "functions of python%s run on Python %s here: there is no python%s on this machine",
                version,
                PYTHON_VERSION,
                version,
            )
            return self._platform
        home = self._directory / f"python{version}"
        subprocess.run([found, "-m", "venv", "--without-pip", home], check=True, capture_output=True)  # noqa: S603
        runtime = self._directory / f"runtime{version}"
        runtime.mkdir()
        for entry in self._platform.runtime_directory.iterdir():
            if not entry.name.startswith(_COMPILED_CLIENT):  # it is compiled for the one version
                (runtime / entry.name).symlink_to(entry.resolve())
        for entry in _CLIENT.iterdir():
            if entry.suffix == ".py":
                (runtime / entry.name).symlink_to(entry)
        return dataclasses.replace(
            self._platform, python=home / "bin" / "python", runtime_directory=runtime, python_version=version
        )


@functools.cache
def installed_python(version: str) -> Path | None:
    """Return an interpreter of a version such as ``3.13``, None if the machine has none that can be started."""
    return next((one for one in _candidates(version) if _runs(one, version)), None)


def _candidates(version: str) -> Iterator[Path]:
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        if found := shutil.which(f"python{version}", path=folder):
            yield Path(found)
    for pattern in _FOLDERS:
        folder, _, rest = pattern.format(version).partition("*")
        parent = Path(folder).expanduser()
        for home in sorted(parent.parent.glob(f"{parent.name}*"), reverse=True):
            yield home / rest.lstrip("/") / f"python{version}"


def _runs(python: Path, version: str) -> bool:
    code = "import sys, venv; print('%d.%d' % sys.version_info[:2])"
    try:
        answer = subprocess.run(  # noqa: S603 - to start it is the question
            [python, "-I", "-c", code], capture_output=True, text=True, timeout=_TRIAL_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.stdout.strip() == version
