"""Starts the processes of workers: as programs, or where several of a function live at once, by forking a template."""

import contextlib
import json
import os
import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path

from stepweave.local_cloud.lambda_runtime import forked_workers
from stepweave.local_cloud.lambda_runtime.forked_workers import ForkedProcess, WorkerTemplate
from stepweave.local_cloud.lambda_runtime.function_spec import FunctionSpec
from stepweave.local_cloud.lambda_runtime.installed_imports import installed_imports
from stepweave.local_cloud.lambda_runtime.interpreters import Interpreters
from stepweave.local_cloud.lambda_runtime.reaper import Reaper
from stepweave.local_cloud.lambda_runtime.worker_environment import (
    Platform,
    Sandbox,
    search_path,
    worker_environment,
)
from stepweave.local_cloud.lambda_runtime.worker_process import SpawnedProcess, WorkerProcess

BOOTSTRAP = Path(__file__).with_name("worker_bootstrap.py")
# What AWS's runtime client needs, and its SDK for the first client. Not the runtime client itself: as it is loaded, it
# takes the address of the worker's Runtime API from the environment.
RUNTIME_MODULES = (
    "simplejson",
    "snapshot_restore_py",
    "boto3.session",
    "botocore.auth",
    "botocore.endpoint",
    "botocore.httpsession",
    "botocore.parsers",
    "botocore.retries.standard",
    "botocore.session",
    "botocore.waiter",
)


@dataclass(eq=False)
class _Known:
    """What was started for a function.

    Attributes
    ----------
    spec : FunctionSpec
    live : int
        How many processes there are.
    template : WorkerTemplate or None
    is_unfit : bool
        Whether it is known that there can be no template.
    """

    spec: FunctionSpec
    live: int = 0
    template: WorkerTemplate | None = None
    is_unfit: bool = False
    starting: threading.Lock = field(default_factory=threading.Lock)


class WorkerProcesses:
    """Starts processes, and ends the templates that nothing lives of any more. Thread-safe."""

    def __init__(self, interpreters: Interpreters, reaper: Reaper) -> None:
        self._interpreters = interpreters
        self._reaper = reaper
        self._lock = threading.Lock()
        self._known: dict[str, _Known] = {}
        self._owners: dict[WorkerProcess, _Known] = {}
        self._is_closed = False

    def start(self, spec: FunctionSpec, sandbox: Sandbox, output: int) -> WorkerProcess:
        """A process for a worker of a function, which prints to `output`. Raises `OSError`."""
        with self._lock:
            known = self._known.get(spec.qualified_arn)
            if known is None or known.spec != spec:
                known = self._known[spec.qualified_arn] = _Known(spec)
            is_first = known.live == 0
            known.live += 1
        try:
            forked = None if is_first else self._fork(known, sandbox, output)
            process = forked or SpawnedProcess(self._spawn(spec, sandbox, output))
        except BaseException:
            self._forget(known)
            raise
        with self._lock:
            self._owners[process] = known
        self._reaper.started(process.pid)
        return process

    def stopped(self, process: WorkerProcess) -> None:
        """A process has ended and was waited for."""
        self._reaper.stopped(process.pid)
        with self._lock:
            known = self._owners.pop(process, None)
        if known is not None:
            self._forget(known)

    def close(self) -> None:
        """End all templates, and what they forked."""
        with self._lock:
            self._is_closed = True
            known = {id(one): one for one in [*self._known.values(), *self._owners.values()]}
        for one in known.values():
            with one.starting:
                self._close_template(one)

    def _forget(self, known: _Known) -> None:
        with self._lock:
            known.live -= 1
            is_last = known.live == 0
            if is_last and self._known.get(known.spec.qualified_arn) is known:
                del self._known[known.spec.qualified_arn]
        if is_last:
            with known.starting:
                self._close_template(known)

    def _close_template(self, known: _Known) -> None:
        if known.template is not None:
            known.template.close()
            self._reaper.stopped(known.template.pid)
            known.template = None

    def _fork(self, known: _Known, sandbox: Sandbox, output: int) -> ForkedProcess | None:
        # The hooks of tests go before anything that is loaded, and a template has loaded much.
        platform = self._interpreters.platform(known.spec.runtime)
        if not forked_workers.CAN_FORK or platform.hooks:
            return None
        environment = worker_environment(known.spec, platform, sandbox)
        with known.starting:
            if known.template is None and not known.is_unfit and not self._is_closed:
                self._start_template(known, platform, environment)
            template = known.template
        if template is None:
            return None
        with contextlib.suppress(OSError):
            return template.fork(environment, output)
        known.is_unfit = True
        return None

    def _start_template(self, known: _Known, platform: Platform, environment: dict[str, str]) -> None:
        path = _path(known.spec, platform)
        modules = [*RUNTIME_MODULES, *installed_imports(known.spec.handler, path[:-1])]
        template = WorkerTemplate(platform.python, known.spec.handler, path, modules, environment)
        if template.is_fit:
            self._reaper.started(template.pid)
            known.template = template
        else:
            known.is_unfit = True
            template.close()

    def _spawn(self, spec: FunctionSpec, sandbox: Sandbox, output: int) -> subprocess.Popen[bytes]:
        platform = self._interpreters.platform(spec.runtime)
        hooks = json.dumps([[str(hook.script), hook.argument] for hook in platform.hooks])
        return subprocess.Popen(  # noqa: S603 - running the function is the purpose
            # -I and -S: the path is the one given here, and nothing of the caller's. -X utf8: as in AWS, any locale.
            [
                *(platform.python, "-I", "-S", "-X", "utf8", BOOTSTRAP),
                *(str(os.getpid()), spec.handler, hooks, *_path(spec, platform)),
            ],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=spec.code_directory,
            env=worker_environment(spec, platform, sandbox),
            start_new_session=True,
        )


def _path(spec: FunctionSpec, platform: Platform) -> list[str]:
    return search_path(spec, platform.runtime_directory, platform.python_version)
