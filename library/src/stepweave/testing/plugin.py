"""The pytest plugin: workflows are tested in a local cloud, or where they are deployed, by the same methods.

Fixtures: ``local_cloud``, ``deployed``, and ``cloud``, which is one or the other as the command line says.
Marker: ``local_cloud(time="skipped")`` lets waits, retry delays and timeouts of a test take no time.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import pytest

from stepweave.testing.own_environment import own_environment

if TYPE_CHECKING:
    import boto3

    from stepweave.testing.backend import Backend
    from stepweave.testing.deployed_backend import DeployedBackend
    from stepweave.testing.local_backend import LocalBackend
    from stepweave.testing.shared_local_cloud import SharedLocalCloud

ENDPOINT_VARIABLE: Final = "STEPWEAVE_TEST_ENDPOINT_URL"
ACCOUNT_VARIABLE: Final = "STEPWEAVE_TEST_DEPLOYED"
_GUIDE: Final = (
    f"give --deployed (or {ACCOUNT_VARIABLE}=1) to use the AWS account that is configured, "
    f"or --deployed-endpoint-url URL (or {ENDPOINT_VARIABLE})"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("stepweave", "workflows on AWS Step Functions")
    group.addoption("--deployed", action="store_true", help="test what is deployed in the configured AWS account")
    group.addoption("--deployed-endpoint-url", metavar="URL", help="test what is deployed behind this endpoint")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line(
        "markers", 'local_cloud(time="skipped"): how time passes in the local cloud, "real" or "skipped"'
    )


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:  # noqa: ARG001
    """Skip a test that needs what only a local cloud can do, and say so."""
    from stepweave.testing.errors import NotAvailableOnAwsError  # noqa: PLC0415 - not every test needs it

    outcome = yield
    error = outcome.excinfo[1] if outcome.excinfo else None  # type: ignore[attr-defined]
    if isinstance(error, NotAvailableOnAwsError):
        outcome.force_exception(pytest.skip.Exception(str(error)))  # type: ignore[attr-defined]


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Add to the report of a test that failed why its executions did, or how the local cloud ended."""
    outcome = yield
    report: pytest.TestReport = outcome.get_result()  # type: ignore[attr-defined]
    if not report.failed:
        return
    module = sys.modules.get("stepweave.testing.backend")
    if module is None:  # no test has used one
        return
    backends = {id(each): each for each in getattr(item, "funcargs", {}).values() if isinstance(each, module.Backend)}
    for backend in backends.values():
        if (ending := backend.ending) is not None:
            report.sections.append(("local cloud", ending))
        elif call.when == "call":
            # Of a backend that does not answer nothing can be told; the failure of the test matters more.
            with suppress(Exception):
                report.sections += [("failed execution", text) for text in backend.failures()]


@pytest.fixture(scope="session")
def shared_local_cloud() -> Iterator[SharedLocalCloud]:
    """The local cloud that the tests of a process share, which starts when it is needed."""
    from stepweave.testing.shared_local_cloud import SharedLocalCloud  # noqa: PLC0415 - not every session needs it

    shared = SharedLocalCloud()
    yield shared
    shared.stop()


@pytest.fixture
def local_cloud(request: pytest.FixtureRequest, shared_local_cloud: SharedLocalCloud) -> Iterator[LocalBackend]:
    """A local cloud as if it were new: no faults, no executions of other tests, and nothing stored."""
    marker = request.node.get_closest_marker("local_cloud")
    backend = shared_local_cloud.start()
    backend.begin(**(marker.kwargs if marker is not None else {}))
    yield backend
    backend.end()


@pytest.fixture
def deployed(request: pytest.FixtureRequest) -> Iterator[DeployedBackend]:
    """What is deployed in an AWS account or behind an endpoint. Skips, saying why, where none was chosen."""
    with own_environment():  # importing the CDK's part names a Node.js in it
        from stepweave.testing.deployed_backend import DeployedBackend  # noqa: PLC0415

        session, where = _deployed_session(request.config)
    backend = DeployedBackend(session, where)
    yield backend
    backend.stop_runs()


@pytest.fixture
def cloud(request: pytest.FixtureRequest) -> Backend:
    """The fixture ``deployed`` if the command line or the environment chooses it, else ``local_cloud``."""
    chosen = _wants_account(request.config) or _endpoint_url(request.config)
    backend: Backend = request.getfixturevalue("deployed" if chosen else "local_cloud")
    return backend


def _wants_account(config: pytest.Config) -> bool:
    return bool(config.getoption("--deployed")) or os.environ.get(ACCOUNT_VARIABLE) == "1"


def _endpoint_url(config: pytest.Config) -> str | None:
    return config.getoption("--deployed-endpoint-url") or os.environ.get(ENDPOINT_VARIABLE) or None


def _deployed_session(config: pytest.Config) -> tuple[boto3.Session, str]:
    from stepweave.command.target.choice import is_loopback  # noqa: PLC0415
    from stepweave.command.target.target import user_session  # noqa: PLC0415
    from stepweave.local_client.session import LocalSession  # noqa: PLC0415
    from stepweave.testing.endpoint_session import EndpointSession  # noqa: PLC0415

    endpoint_url = _endpoint_url(config)
    if endpoint_url is not None and is_loopback(endpoint_url):
        return LocalSession(endpoint_url), endpoint_url
    if endpoint_url is None and not _wants_account(config):
        pytest.skip(f"no deployment was chosen: {_GUIDE}")
    session = user_session()
    if session.region_name is None or session.get_credentials() is None:
        pytest.skip("no AWS account is configured: set AWS_PROFILE, or credentials and AWS_REGION")
    if endpoint_url is None:
        return session, "AWS"
    return EndpointSession(session, endpoint_url), endpoint_url
