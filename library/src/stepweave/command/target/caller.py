"""Who works with the command: on AWS whom the credentials belong to, elsewhere the user of this machine."""

import getpass
import os
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import boto3
from botocore.config import Config

from stepweave.command.terminal.console import say_warning

if TYPE_CHECKING:
    from mypy_boto3_sts.client import STSClient

_CONNECT_SECONDS: Final = 5
_READ_SECONDS: Final = 10


@dataclass(frozen=True)
class Caller:
    """Whom AWS credentials belong to.

    Parameters
    ----------
    account : str
        The number of the account.
    arn : str
        The user, or the role and its session.
    """

    account: str
    arn: str


def find_caller(session: boto3.Session) -> Caller:
    """Ask AWS whom a session's credentials belong to; nobody needs a permission for that."""
    config = Config(connect_timeout=_CONNECT_SECONDS, read_timeout=_READ_SECONDS, retries={"total_max_attempts": 2})
    client: STSClient = session.client("sts", config=config)
    identity = client.get_caller_identity()
    return Caller(identity["Account"], identity["Arn"])


def warn_of_aws(session: boto3.Session, caller: Caller, environment: str) -> None:
    """Say on standard error whose cloud it is that the command works on."""
    say_warning(f"on AWS: account {caller.account}, region {session.region_name}, environment {environment}")


def local_user() -> str:
    """Return the user of this machine, and the machine.

    A container's user may have no name, a machine no name either.
    """
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):
        user = f"user {os.getuid()}"
    return f"{user}@{socket.gethostname() or 'this machine'}"
