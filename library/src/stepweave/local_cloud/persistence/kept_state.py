"""Keeps the state of a local cloud in a folder across restarts.

Kept are stacks (by their templates; what they made is made anew under the same names), the latest version of the
objects in buckets, tables and their items, queues and their messages, SSM parameters, state machines, and executions
with their histories; of what no stack made: buckets, tables, queues, parameters and state machines. An execution that
was running is restored as aborted.

Not kept are functions, roles, keys, rules and event source mappings that no stack made, logs, traces, metrics, and
older versions of objects.

The state is written when the local cloud stops and every half minute, as one change each, so that a process that is
killed loses what came after. What is written while executions run is not of one instant: an item may be newer than the
execution that wrote it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import boto3

from stepweave.local_cloud.persistence.snapshot_file import SnapshotError, SnapshotFile

_LOG = logging.getLogger(__name__)
_SAVE_SECONDS: Final = 30.0
_KINDS: Final = ("bucket", "stack", "table", "queue", "parameter", "state machine")


@contextmanager
def kept_state(session: boto3.Session, folder: Path, every_seconds: float = _SAVE_SECONDS) -> Iterator[bool]:
    """Restore what a folder holds into an empty local cloud, and keep the state there while the context lasts.

    Parameters
    ----------
    session
        Whose clients talk to the local cloud, which runs in this process.
    folder
        Where the state is kept.
    every_seconds
        How often it is written.

    Yields
    ------
    bool
        Whether stacks were restored.

    Raises
    ------
    SnapshotError
        If the folder holds no state that can be restored; it is left as it is.
    """
    with SnapshotFile(folder) as snapshot:
        try:
            has_stacks = restore(session, snapshot)
        except SnapshotError as error:
            raise SnapshotError(f"{snapshot.path}: {error}; it was left as it is") from error
        except Exception as error:
            raise SnapshotError(
                f"{snapshot.path} could not be restored: {type(error).__name__}: {error}; it was left as it is"
            ) from error
        stopping = threading.Event()
        saving = threading.Thread(
            target=_save_now_and_then,
            args=(session, snapshot, stopping, every_seconds),
            name="saves-state",
            daemon=True,
        )
        saving.start()
        try:
            yield has_stacks
        finally:
            stopping.set()
            saving.join()
            try:
                save(session, snapshot)
            except Exception:  # noqa: BLE001 - the end of the local cloud must not fail; what was kept last is still there
                _LOG.exception("the state could not be kept at the end")


def restore(session: boto3.Session, snapshot: SnapshotFile) -> bool:
    """Bring back what was kept, and tell whether that was stacks among others.

    In this order: a stack's functions need their code, and its parameters a value.
    """
    # What is needed of moto takes seconds to import: an empty state needs none of it, and few need the engine.
    if not any(snapshot.entries(kind) for kind in _KINDS):
        return False
    from stepweave.local_cloud.persistence.buckets import (  # noqa: PLC0415
        existing_buckets,
        restore_buckets,
        restore_objects,
    )
    from stepweave.local_cloud.persistence.parameters import restore_parameters  # noqa: PLC0415
    from stepweave.local_cloud.persistence.queues import restore_queues  # noqa: PLC0415
    from stepweave.local_cloud.persistence.stacks import restore_stacks  # noqa: PLC0415
    from stepweave.local_cloud.persistence.tables import restore_tables  # noqa: PLC0415

    buckets = snapshot.entries("bucket")
    own = {name for name, kept in buckets.items() if not kept["of_stack"]}
    restore_buckets(session, own)
    restore_objects(session, snapshot.objects(), own)
    restore_parameters(session, snapshot.entries("parameter"))
    filled = set(own)

    def fill_buckets() -> None:
        # Before the next stack is made: functions' code may be in a bucket of this one, as in the CDK's.
        made = (buckets.keys() & existing_buckets(session)) - filled
        if made:
            restore_objects(session, snapshot.objects(), made)
            filled.update(made)

    stacks = snapshot.entries("stack")
    restore_stacks(session, stacks, fill_buckets)
    restore_tables(session, snapshot.entries("table"))
    restore_queues(session, snapshot.entries("queue"))
    if machines := snapshot.entries("state machine"):
        from stepweave.local_cloud.persistence.executions import restore_executions  # noqa: PLC0415
        from stepweave.local_cloud.persistence.state_machines import restore_state_machines  # noqa: PLC0415

        restore_state_machines(session, machines)
        restore_executions(snapshot.entries("execution"))
    return bool(stacks)


def save(session: boto3.Session, snapshot: SnapshotFile) -> None:
    """Write down what there is now; all of it or, if something fails, nothing."""
    from stepweave.local_cloud.persistence.buckets import save_objects  # noqa: PLC0415
    from stepweave.local_cloud.persistence.loaded_services import is_loaded  # noqa: PLC0415
    from stepweave.local_cloud.persistence.parameters import read_parameters  # noqa: PLC0415
    from stepweave.local_cloud.persistence.queues import read_queues  # noqa: PLC0415
    from stepweave.local_cloud.persistence.stacks import owned_by_stacks, read_stacks  # noqa: PLC0415
    from stepweave.local_cloud.persistence.tables import read_tables  # noqa: PLC0415

    with snapshot.writing():
        # Executions first: what they have written by then is in what is read after them.
        if is_loaded("stepfunctions"):
            from stepweave.local_cloud.persistence.executions import read_executions  # noqa: PLC0415
            from stepweave.local_cloud.persistence.state_machines import read_state_machines  # noqa: PLC0415

            snapshot.replace("execution", read_executions())
            snapshot.replace("state machine", read_state_machines(session))
        snapshot.replace("queue", read_queues(session))
        snapshot.replace("table", read_tables(session))
        owned = owned_by_stacks(session, "AWS::S3::Bucket")
        buckets = save_objects(session, snapshot)
        snapshot.replace("bucket", {name: {"of_stack": name in owned} for name in buckets})
        snapshot.replace("parameter", read_parameters(session))
        snapshot.replace("stack", read_stacks(session))


def _save_now_and_then(
    session: boto3.Session, snapshot: SnapshotFile, stopping: threading.Event, every_seconds: float
) -> None:
    while not stopping.wait(every_seconds):
        try:
            save(session, snapshot)
        except Exception:  # noqa: BLE001 - the next time may do better, and what was kept before is still there
            _LOG.exception("the state could not be kept this time")
