"""The machine that a function's wheels are for."""

import platform
import sys
from enum import StrEnum

from stepweave.cdk.errors import SynthesisError

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
        """Return the Linux platform of this machine's architecture: what is deployed unless one says otherwise."""
        return cls(f"{_architecture()}-manylinux2014")

    @classmethod
    def native(cls) -> "Platform":
        """Return the platform of this very machine, on which the local cloud runs the functions."""
        return cls(f"{_architecture()}-apple-darwin") if sys.platform == "darwin" else cls.deployed()

    @property
    def is_arm64(self) -> bool:
        """Whether the processor is a 64-bit ARM (Graviton, Apple silicon)."""
        return self.startswith("aarch64")


def _architecture() -> str:
    machine = platform.machine().lower()
    if machine not in _ARCHITECTURES:
        raise SynthesisError(
            f"this machine is a {machine}, which AWS Lambda does not run; "
            f"say what to build for: -c bundle_platform={Platform.LINUX_X86_64} or {Platform.LINUX_ARM64}"
        )
    return _ARCHITECTURES[machine]
