"""Starts worker processes."""

import os
import tempfile
import venv
from pathlib import Path

from stepweave.local_cloud.lambda_runtime.function_spec import FunctionSpec
from stepweave.local_cloud.lambda_runtime.interpreters import Interpreters
from stepweave.local_cloud.lambda_runtime.log_batch import new_log_stream
from stepweave.local_cloud.lambda_runtime.reaper import Reaper
from stepweave.local_cloud.lambda_runtime.runtime_api import RuntimeApi
from stepweave.local_cloud.lambda_runtime.worker import Worker
from stepweave.local_cloud.lambda_runtime.worker_environment import Platform, Sandbox
from stepweave.local_cloud.lambda_runtime.worker_output import WorkerOutput
from stepweave.local_cloud.lambda_runtime.worker_processes import WorkerProcesses


def create_interpreter(directory: Path) -> Path:
    """An interpreter without site packages: what a handler starts with `sys.executable` must not see the caller's."""
    venv.EnvBuilder(symlinks=True).create(directory)
    return directory / "bin" / "python"


class WorkerFactory:
    """Starts workers and waits until they are ready.

    The threads that call `start` must live as long as the workers are to: Linux ends a worker with the thread that
    started it.
    """

    def __init__(
        self,
        platform: Platform,
        directory: Path,
        reaper: Reaper,
        init_timeout_seconds: float,
        enforce_memory: bool,
    ) -> None:
        self._processes = WorkerProcesses(Interpreters(platform, directory), reaper)
        self._directory = directory
        self._init_timeout_seconds = init_timeout_seconds
        self._enforce_memory = enforce_memory
        self._workers: set[Worker] = set()
        self._is_closed = False

    def start(self, spec: FunctionSpec) -> Worker:
        """A worker that has loaded the handler. Raises `InitFailedError`, or `OSError` if no process can be had."""
        api = RuntimeApi()
        sandbox = Sandbox(
            runtime_api=api.address,
            temporary_directory=Path(tempfile.mkdtemp(prefix="tmp-", dir=self._directory)),
            log_stream=new_log_stream(spec.version),
            memory_limit_mb=spec.memory_mb if self._enforce_memory else None,
        )
        read_end, write_end = os.pipe()
        try:
            process = self._processes.start(spec, sandbox, write_end)
        except OSError:
            api.close()
            os.close(read_end)
            raise
        finally:
            os.close(write_end)
        worker = Worker(spec, process, api, WorkerOutput(read_end), sandbox)
        self._workers.add(worker)
        if self._is_closed:
            worker.kill()
        try:
            worker.await_ready(self._init_timeout_seconds)
        except BaseException:
            self.stop(worker)
            raise
        return worker

    def stop(self, worker: Worker) -> None:
        """End a worker."""
        worker.stop()
        self._workers.discard(worker)
        self._processes.stopped(worker.process)

    def kill_all(self) -> None:
        """Kill every worker there is, busy and starting ones too; who owns one still has to `stop` it."""
        self._is_closed = True
        for worker in list(self._workers):
            worker.kill()

    def close(self) -> None:
        """End what workers are forked from."""
        self._processes.close()
