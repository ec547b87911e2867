"""Branches and iterations end together, and those that have finished stay finished.

Upstream defects: what waits for branches or iterations goes on waiting when the execution is stopped; a branch that
failed lets the others run on and write into the history; and an iterator calls itself once for each item, so that a
thousand of them exhaust Python's stack.
"""

# ruff: noqa: SLF001 - upstream's own seams

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.distributed_iteration_component import (
    DistributedIterationComponent,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.inline_iteration_component import (
    InlineIterationComponent,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor import (
    distributed_item_processor_worker,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.iteration_worker import IterationWorker
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.iterator import distributed_iterator_worker
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.job import JobPool
from moto.stepfunctions.parser.asl.component.state.exec.state_map.max_concurrency import DEFAULT_MAX_CONCURRENCY_VALUE
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel import branches_decl
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.eval.program_state import ProgramError

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.adapters.step_functions import engine_time
from stepweave.local_cloud.adapters.step_functions.attempt_frames import woken


@contextmanager
def attempt_parts() -> Iterator[None]:
    """Run branches and iterations so that they can be aborted and resumed."""
    item_worker = distributed_item_processor_worker.DistributedItemProcessorWorker
    iterator_worker = distributed_iterator_worker.DistributedIteratorWorker
    with ExitStack() as patches:
        for owner, name, method in (
            (branches_decl.BranchesDecl, "_eval_body", _run_branches),
            (InlineIterationComponent, "_eval_body", _run_inline),
            (DistributedIterationComponent, "_map_run", _run_distributed),
            (IterationWorker, "_eval_job", _of_part(IterationWorker._eval_job)),
            (item_worker, "_eval_job", _of_part(item_worker._eval_job)),
            (iterator_worker, "_eval_job", _of_part(iterator_worker._eval_job)),
            (IterationWorker, "_eval_pool", _run_inline_jobs),
            (item_worker, "_eval_pool", _run_distributed_jobs),
            (iterator_worker, "_eval_pool", _run_distributed_jobs),
        ):
            patches.enter_context(replaced(owner, name, method))
        yield


class _Branches:
    """Counts branches that end, and keeps the first error."""

    def __init__(self, running: int) -> None:
        self._lock = threading.Lock()
        self._running = running
        self.ended = threading.Event()
        self.failed: Any = None
        if not running:
            self.ended.set()

    def end(self, frame: Any) -> None:
        state = frame.program_state()
        with self._lock:
            self._running -= 1
            if isinstance(state, ProgramError) and self.failed is None:
                self.failed = state.error or {}
            if self.failed is not None or not self._running:
                self.ended.set()


def _run_branches(self: Any, env: Any) -> None:
    branch_input = env.stack.pop()
    progress = env.progress
    progress.begin_parts()
    parts = [progress.part(index) for index in range(len(self.programs))]
    started: list[tuple[Any, Any]] = []
    for program, part in zip(self.programs, parts, strict=True):
        if not part.is_finished:
            frame = env.open_inner_frame()
            frame.progress, part.frame = part, frame
            frame.states.reset(input_value=branch_input)
            started.append((program, frame))
    branches = _Branches(len(started))

    def run(program: Any, frame: Any) -> None:
        program.eval(frame)
        branches.end(frame)

    with woken(env, branches.ended.set):
        for program, frame in started:
            engine_time.start(functools.partial(run, program, frame))
        engine_time.wait(branches.ended, None)
    if branches.failed is not None:
        raise _failure(env, branches.failed)
    if env.is_running():
        for _, frame in started:
            env.close_frame(frame)
        env.stack.append([part.output for part in parts])


def _failure(env: Any, failed: dict[str, Any]) -> FailureEventException:
    details = {key: failed[key] for key in ("error", "cause") if key in failed}
    return FailureEventException(
        FailureEvent(
            env=env,
            error_name=branches_decl.CustomErrorName(error_name=details.get("error")),
            event_type=HistoryEventType.ExecutionFailed,
            event_details=EventDetails(executionFailedEventDetails=details),
        )
    )


def _run_inline(self: Any, env: Any) -> None:
    eval_input = env.stack.pop()
    _run_jobs(self, env, eval_input, eval_input.input_items, eval_input.max_concurrency)


def _run_distributed(self: Any, env: Any, eval_input: Any) -> None:
    _run_jobs(self, env, eval_input, env.stack.pop(), eval_input.map_run_record.max_concurrency)


def _run_jobs(component: Any, env: Any, eval_input: Any, items: list[Any], max_concurrency: int) -> None:
    pool = JobPool(job_program=component._get_iteration_program(), job_inputs=items)
    env.progress.begin_parts()
    workers = len(items)
    if max_concurrency != DEFAULT_MAX_CONCURRENCY_VALUE:
        workers = min(workers, max_concurrency)
    with woken(env, pool._termination_event.set):
        for _ in range(workers):
            component._launch_worker(env=env, eval_input=eval_input, job_pool=pool)
        if not pool._is_terminated():
            engine_time.wait(pool._termination_event, None)
    error = pool.get_worker_exception()
    if error is not None:
        raise error
    env.stack.append([job.job_output for job in pool.get_closed_jobs()])


def _of_part(upstream: Callable[..., None]) -> Callable[..., None]:
    def eval_job(self: Any, env: Any, job: Any) -> None:
        part = env.progress.part(job.job_index)
        if part.is_finished:
            job.job_output = part.output
            return
        env.progress, part.frame = part, env
        upstream(self, env, job)

    return eval_job


def _run_inline_jobs(self: Any, job: Any, worker_frame: Any) -> None:
    while job is not None:
        job_frame = worker_frame.open_inner_frame()
        self._eval_job(env=job_frame, job=job)
        worker_frame.close_frame(job_frame)
        has_failed = isinstance(job.job_output, Exception)
        next_job = None if has_failed or self.stopped() else self._job_pool.next_job()
        if next_job is None:
            if not has_failed:
                worker_frame.event_history_context.source_event_id = (
                    job_frame.event_history_context.last_published_event_id
                )
            # The frame is closed before the job: what waits for the jobs goes on with the frame's events.
            self._env.close_frame(worker_frame)
        self._job_pool.close_job(job)
        job = next_job
    self._env.close_frame(worker_frame)


def _run_distributed_jobs(self: Any, job: Any, worker_frame: Any) -> None:
    while job is not None:
        job_frame = worker_frame.open_inner_frame()
        self._eval_job(env=job_frame, job=job)
        worker_frame.delete_frame(job_frame)
        self._job_pool.close_job(job)
        job = None if isinstance(job.job_output, Exception) or self.stopped() else self._job_pool.next_job()
