"""What can go wrong with the local cloud itself."""

from __future__ import annotations


class LocalCloudError(Exception):
    """The local cloud cannot do what was asked; the message says why and what to do."""


class PortInUseError(LocalCloudError):
    """Another program listens on the port that was asked for."""


class AlreadyRunningError(LocalCloudError):
    """This process runs a local cloud already."""


class AssemblyError(LocalCloudError):
    """A cloud assembly cannot be read."""


class DeploymentError(LocalCloudError):
    """A stack was not deployed as its template says."""
