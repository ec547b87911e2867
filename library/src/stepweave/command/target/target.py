"""Where a workflow runs: on AWS, at an endpoint, in the local cloud that is up, or in one that lasts for the run."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore.config import Config

from stepweave.cdk.naming import Names
from stepweave.command.errors import CommandError, explain, first_line
from stepweave.command.target.deployment import stack_outputs
from stepweave.command.terminal.console import say_warning

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_METADATA_SECONDS = 0.5
_CONNECT_SECONDS = 2
_READ_SECONDS = 5


class Place(StrEnum):
    """The kinds of place."""

    AWS = "aws"
    ENDPOINT = "endpoint"
    DAEMON = "daemon"
    IN_PROCESS = "in-process"


@dataclass(frozen=True)
class Target:
    """Where a workflow runs.

    Parameters
    ----------
    place : Place
        What kind of place it is.
    endpoint_url : str | None
        The endpoint; None for AWS itself, and for a local cloud that is yet to be started.
    session : boto3.Session | None
        The user's session; None for the account that every local cloud plays.
    """

    place: Place
    endpoint_url: str | None = None
    session: boto3.Session | None = None

    @property
    def local(self) -> bool:
        """Whether it is on this machine: nobody's credentials, and an execution that dies with who started it."""
        return self.session is None

    @property
    def deploys(self) -> bool:
        """Whether the command brings what is deployed there up to date."""
        return self.place in {Place.DAEMON, Place.IN_PROCESS}


def choose_target(
    endpoint_url: str | None,
    *,
    local: bool,
    daemon: Callable[[], str | None],
    aws: Callable[[], boto3.Session | None],
    user: Callable[[], boto3.Session],
) -> Target:
    """Choose where to run.

    Parameters
    ----------
    endpoint_url : str | None
        What the user asked for.
    local : bool
        Whether the user asked for this machine.
    daemon : Callable[[], str | None]
        Returns the endpoint of the local cloud that is up; None if none is.
    aws : Callable[[], boto3.Session | None]
        Returns a session of the account in which the stacks are deployed; None if there is none.
    user : Callable[[], boto3.Session]
        Returns a session with the user's credentials.

    Raises
    ------
    CommandError
        If the endpoint is no URL.
    """
    if endpoint_url is not None and not local:
        if urlsplit(endpoint_url).scheme not in {"http", "https"} or not urlsplit(endpoint_url).hostname:
            raise CommandError(f"endpoint {endpoint_url!r} is no URL", "for example http://localhost:4566")
        if not is_loopback(endpoint_url):
            return Target(Place.ENDPOINT, endpoint_url, user())
        up = daemon()
        same = up is not None and urlsplit(up).port == urlsplit(endpoint_url).port
        return Target(Place.DAEMON if same else Place.ENDPOINT, endpoint_url)
    session = None if local else aws()
    if session is not None:
        return Target(Place.AWS, session=session)
    up = daemon()
    return Target(Place.IN_PROCESS) if up is None else Target(Place.DAEMON, up)


def is_loopback(endpoint_url: str) -> bool:
    """Tell whether an endpoint is on this machine, so that it gets no credentials of the user."""
    return urlsplit(endpoint_url).hostname in _LOOPBACK


def user_session() -> boto3.Session:
    """Return a session with the user's credentials and region."""
    core = botocore.session.Session()
    # A machine that is no EC2 instance has no metadata service: do not wait for one.
    core.set_config_variable("metadata_service_timeout", _METADATA_SECONDS)
    # The AWS CLI and every other SDK know AWS_REGION; boto3 knows AWS_DEFAULT_REGION only.
    return boto3.Session(botocore_session=core, region_name=os.environ.get("AWS_REGION") or None)


def deployed_on_aws(names: Names) -> boto3.Session | None:
    """Return a session of the user's AWS account if the stacks of these names are deployed there, else None.

    An account that is configured but cannot be asked is reported on standard error, and counts as none: who has not
    deployed anything can run locally whatever the state of their credentials.
    """
    try:
        session = user_session()
        # Credentials last: without a region there is no AWS to ask, and looking for them can take its time.
        if session.region_name is None or session.get_credentials() is None:
            return None
        config = Config(connect_timeout=_CONNECT_SECONDS, read_timeout=_READ_SECONDS, retries={"total_max_attempts": 1})
        client = session.client("cloudformation", config=config)
        return session if stack_outputs(client, names.workflows_stack) is not None else None
    except Exception as error:
        known = explain(error)
        if known is None:
            raise
        say_warning(
            f"AWS could not be asked whether the stacks are deployed there: {first_line(known)}; running locally"
        )
        return None
