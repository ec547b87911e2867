"""The machine that a function's wheels are for."""

import platform
import sys
from enum import StrEnum
from typing import Final

from stepweave.cdk.errors import SynthesisError

RUNNING_PYTHON: Final = f"{sys.version_info.major}.{sys.version_info.minor}"
"""The version of the Python that runs this, as Lambda writes it."""

_ARCHITECTURES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "aarch64", "arm64": "aarch64"}


class Platform(StrEnum):
    """A platform, by the name that uv has for it.

    AWS Lambda runs the Linux ones. The others are for running the functions on the machine at hand.
    """

    LINUX_X86_64 = "x86_64-manylinux2014"
    LINUX_ARM64 = "aarch64-manylinux2014"
    MACOS_X86_64 = "x86_64-apple-darwin"
    MACOS_ARM64 = "aarch64-apple-darwin"

    @classmethod
    def deployed(cls) -> "Platform":
        """Return the Linux platform of this machine's architecture."""
        return cls(f"{_architecture()}-manylinux2014")

    @classmethod
    def native(cls) -> "Platform":
        """Return the platform of this very machine, on which the local cloud runs the functions."""
        return cls(f"{_architecture()}-apple-darwin") if sys.platform == "darwin" else cls.deployed()

    @property
    def is_arm64(self) -> bool:
        """Whether the processor is a 64-bit ARM (Graviton, Apple silicon)."""
        return self.startswith("aarch64")

    @property
    def system(self) -> str:
        """What ``sys.platform`` is on it."""
        return "darwin" if self.endswith("darwin") else "linux"


def this_machine() -> dict[str, str]:
    """Return the settings of functions that run on this very machine, in the Python that runs this."""
    return {"bundle_platform": Platform.native(), "python": RUNNING_PYTHON}


def _architecture() -> str:
    machine = platform.machine().lower()
    if machine not in _ARCHITECTURES:
        raise SynthesisError(
            f"this machine is a {machine}, which AWS Lambda does not run, so that no function can run here; "
            "what is deployed to AWS does not depend on it"
        )
    return _ARCHITECTURES[machine]
