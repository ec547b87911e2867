"""The local cloud: moto's server in this process, with adapters that make it do what AWS does."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

import boto3

from stepweave.local_cloud.account import LocalSession
from stepweave.local_cloud.control.api import ControlApi
from stepweave.local_cloud.control.operations import operations
from stepweave.local_cloud.errors import AlreadyRunningError
from stepweave.local_cloud.health import with_health
from stepweave.local_cloud.lambda_runtime.worker_limit import worker_limit
from stepweave.local_cloud.permissions.authority import Authority, Mode
from stepweave.local_cloud.permissions.environment import mode_of_environment

if TYPE_CHECKING:
    from botocore.client import BaseClient

    from stepweave.local_cloud.adapters.installation import AdaptedMoto
    from stepweave.local_cloud.controls import Controls
    from stepweave.local_cloud.lambda_runtime.host import FunctionHost, Observe
    from stepweave.local_cloud.xray.service import XRayService

_RUNNING: Final = threading.Lock()


class LocalCloud:
    """An AWS account on this machine, for as long as this object is not stopped.

    Everything listens on loopback only, and nothing reads the user's AWS configuration or credentials. Moto keeps its
    state in the process, so that a process can hold one local cloud at a time.

    Parameters
    ----------
    endpoint_url
        Where the local cloud answers, such as ``http://localhost:4566``.
    moto
        The services.
    resources
        What must be released when it stops, last first.

    Example
    -------
    >>> with LocalCloud.start() as cloud:  # doctest: +SKIP
    ...     cloud.deploy(Path("cdk.out"))
    ...     cloud.session().client("stepfunctions").list_state_machines()
    """

    def __init__(self, endpoint_url: str, moto: AdaptedMoto, resources: ExitStack) -> None:
        self.endpoint_url = endpoint_url
        self._moto = moto
        self._resources = resources

    @classmethod
    def start(
        cls,
        port: int = 0,
        controls: Controls | None = None,
        permissions: Mode | None = None,
        control_token: str | None = None,
    ) -> LocalCloud:
        """Start a local cloud in this process.

        Parameters
        ----------
        port
            The port on 127.0.0.1 to listen on; 0 takes a free one.
        controls
            What a test controls: time and faults.
        permissions
            What happens to what no policy allows; what ``STEPWEAVE_LOCAL_PERMISSIONS`` says, if not given.
        control_token
            Who knows it may control the local cloud over HTTP; None serves no control API.

        Raises
        ------
        PortInUseError
            If another program listens on ``port``.
        AlreadyRunningError
            If this process runs a local cloud already.
        LocalCloudError
            If ``STEPWEAVE_LOCAL_WORKERS`` is no number of workers.
        """
        max_workers = worker_limit(os.environ)
        # moto takes a second to import, and who only asks for a status or the help text should not wait for it
        from stepweave.local_cloud.adapters.installation import AdaptedMoto  # noqa: PLC0415
        from stepweave.local_cloud.server import LoopbackServer, bind_loopback  # noqa: PLC0415

        if not _RUNNING.acquire(blocking=False):
            raise AlreadyRunningError("a local cloud is running in this process already: stop it before the next")
        with ExitStack() as resources:
            resources.callback(_RUNNING.release)
            listener = resources.enter_context(bind_loopback(port))
            endpoint_url = f"http://localhost:{listener.getsockname()[1]}"
            start_host = partial(_start_function_host, endpoint_url, controls, max_workers)
            moto = AdaptedMoto(endpoint_url, start_host, controls, permissions or mode_of_environment())
            resources.callback(moto.close)
            cloud = cls(endpoint_url, moto, ExitStack())
            application = with_health(moto.application)
            if control_token is not None:
                application = ControlApi(application, control_token, operations(cloud, controls))
            server = LoopbackServer(application, listener)
            resources.callback(server.join)
            resources.callback(moto.interrupt)
            server.start()
            resources.callback(server.close)
            cloud._resources.enter_context(resources.pop_all())
            return cloud

    def preload(self, is_cancelled: Callable[[], bool] = lambda: False) -> None:
        """Load now what a deployment needs, which the first deployment would else wait for.

        Parameters
        ----------
        is_cancelled
            Asked now and then whether to leave off.
        """
        self._moto.preload(is_cancelled)

    @property
    def authority(self) -> Authority:
        """Who decides what callers may do."""
        return self._moto.authority

    def session(self) -> boto3.Session:
        """Return a session whose clients all talk to this local cloud, with its credentials and region."""
        return LocalSession(self.endpoint_url)

    def client(self, service: str) -> BaseClient:
        """Return a client of a service, for this process alone: its calls need no socket."""
        return self._moto.client(service)

    def deploy(self, assembly: Path, on_progress: Callable[[str, str], object] = lambda _stack, _outcome: None) -> None:
        """Deploy a synthesized CDK app.

        Parameters
        ----------
        assembly
            The cloud assembly: the directory that ``cdk synth`` or ``app.synth()`` wrote, usually ``cdk.out``.
        on_progress
            See :func:`stepweave.local_cloud.deployment.deploy_assembly`.

        Raises
        ------
        AssemblyError
            If the assembly cannot be read.
        DeploymentError
            If a stack fails, or a resource of a template was not created.
        """
        from stepweave.local_cloud.deployment import deploy_assembly  # noqa: PLC0415

        deploy_assembly(self.session(), assembly, on_progress)

    def renew_workers(self) -> None:
        """End the worker processes of functions as they come free; calls to come get new ones."""
        self._moto.renew_workers()

    def stop(self) -> None:
        """Stop listening, abort all executions, end every worker process and forget all state.

        Returns when all threads and processes of the local cloud have ended. Stopping twice does no harm.
        """
        self._resources.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()


def _start_function_host(
    endpoint_url: str, controls: Controls | None, max_workers: int, xray: XRayService, observe: Observe
) -> FunctionHost:
    from stepweave.local_cloud.lambda_runtime import moto_delivery  # noqa: PLC0415
    from stepweave.local_cloud.lambda_runtime.host import FunctionHost  # noqa: PLC0415
    from stepweave.local_cloud.lambda_runtime.managed_runtime import managed_runtime  # noqa: PLC0415

    return FunctionHost(
        runtime_directory=managed_runtime(),
        endpoint_url=endpoint_url,
        deliver_logs=moto_delivery.deliver_logs,
        deliver_dead_letter=moto_delivery.deliver_dead_letter,
        xray_daemon_address=xray.daemon_address,
        record_segment=xray.record,
        observe=observe,
        max_workers=max_workers,
        intercept=None if controls is None else controls.interceptor(),
        hooks=() if controls is None else controls.worker_hooks,
    )
