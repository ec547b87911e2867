"""What can go wrong with a local cloud, as those see it who start it and speak to it."""


class LocalCloudError(Exception):
    """The local cloud cannot do what was asked; the message says why and what to do."""


class PortInUseError(LocalCloudError):
    """Another program listens on the port that was asked for."""


class AlreadyRunningError(LocalCloudError):
    """The project's local cloud runs already."""


class ControlRefusedError(LocalCloudError):
    """The local cloud does not do what it was told, for it makes no sense or failed."""


class LocalCloudEndedError(LocalCloudError):
    """The local cloud has ended though nobody told it to."""
