"""Where the user wants a subcommand to work, by its options and by the environment: one rule for all subcommands.

``--endpoint-url``, ``--aws`` or ``--local`` say where. Without one of them ``STEPWEAVE_TARGET`` does (``aws`` or
``local``), or ``AWS_ENDPOINT_URL``. Who says nothing works on this machine: AWS is never guessed.
"""

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from stepweave.command.errors import CommandError

TARGET_VARIABLE: Final = "STEPWEAVE_TARGET"
ENDPOINT_VARIABLE: Final = "AWS_ENDPOINT_URL"

_AWS: Final = "aws"
_LOCAL: Final = "local"
_HOST: Final = re.compile(r"[A-Za-z0-9._-]+")


@dataclass(frozen=True)
class TargetChoice:
    """Where the user wants to work; on this machine, in whatever is up there, if nothing is set.

    Parameters
    ----------
    endpoint_url : str | None
        At this endpoint.
    aws : bool
        On AWS, with the user's credentials.
    environment : str | None
        In this deployment of the project; that of the project's settings if None.
    """

    endpoint_url: str | None = None
    aws: bool = False
    environment: str | None = None


def target_choice(
    endpoint_url: str | None,
    *,
    aws: bool,
    local: bool,
    environment: str | None = None,
    variables: Mapping[str, str] | None = None,
) -> TargetChoice:
    """Return where the user wants to work.

    Parameters
    ----------
    endpoint_url : str | None
        The value of ``--endpoint-url``.
    aws, local : bool
        Whether ``--aws`` and ``--local`` are given.
    environment : str | None
        The value of ``--environment``.
    variables : Mapping[str, str] | None
        The environment variables; None for those of this process.

    Raises
    ------
    CommandError
        If two of them contradict each other, or one makes no sense.
    """
    variables = os.environ if variables is None else variables
    given = {"--endpoint-url": endpoint_url is not None, "--aws": aws, "--local": local}
    options = [option for option, is_given in given.items() if is_given]
    if len(options) > 1:
        raise CommandError(f"{' and '.join(options)} exclude one another", "say one place, or none for the local cloud")
    wanted = variables.get(TARGET_VARIABLE) or ""
    configured = variables.get(ENDPOINT_VARIABLE) or None
    if not options:
        if wanted not in {"", _AWS, _LOCAL}:
            raise CommandError(f"{TARGET_VARIABLE} is {wanted!r}: must be {_AWS} or {_LOCAL}", "or unset it")
        aws = wanted == _AWS
        endpoint_url = None if aws else configured
    if aws and configured is not None:
        how = options[0] if options else f"{TARGET_VARIABLE}={_AWS}"
        raise CommandError(
            f"{how} says AWS, but {ENDPOINT_VARIABLE} says {configured}", f"unset {ENDPOINT_VARIABLE}, or {how}"
        )
    if endpoint_url is None:
        return TargetChoice(aws=aws, environment=environment)
    check_endpoint(endpoint_url)
    if not options and wanted == _LOCAL and not is_loopback(endpoint_url):
        raise CommandError(
            f"{TARGET_VARIABLE}={_LOCAL} says this machine, but {ENDPOINT_VARIABLE} says {endpoint_url}",
            "unset one of them",
        )
    return TargetChoice(endpoint_url, environment=environment)


def check_endpoint(endpoint_url: str) -> None:
    """Make sure that an endpoint is a URL that can be asked.

    Raises
    ------
    CommandError
        If it is not.
    """
    try:
        parts = urlsplit(endpoint_url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:  # brackets without an address between them, a port that is none
        host = ""
    is_host = bool(_HOST.fullmatch(host)) or _address(host) is not None
    # In http://localhost@example.com/ the host is not what a person reads first.
    if not is_host or parts.scheme not in {"http", "https"} or "@" in parts.netloc:
        raise CommandError(f"endpoint {endpoint_url!r} is no URL", "for example http://localhost:4566")


def is_loopback(endpoint_url: str) -> bool:
    """Tell whether an endpoint is on this machine, so that it gets no credentials of the user."""
    host = urlsplit(endpoint_url).hostname or ""
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
