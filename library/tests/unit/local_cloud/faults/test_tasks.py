"""Which task an event is for."""

from pathlib import Path

import pytest

from stepweave.local_cloud.faults.tasks import ORDER, Tasks


@pytest.mark.parametrize(
    ("pointer", "payload", "task"),
    [
        ("/task", b'{"task": "lint", "input": {}}', "lint"),
        ("/a~1b/m~0n", b'{"a/b": {"m~n": "lint"}}', "lint"),
        ("/task", b'{"task": 1}', None),
        ("/task", b'{"input": {"task": "lint"}}', None),
        ("/task", b'["task"]', None),
        ("/task/name", b'{"task": "lint"}', None),
        ("/task", b"null", None),
        ("/task", b"no JSON", None),
        ("/task", b"", None),
    ],
)
def test_the_task_is_where_the_pointer_says(pointer: str, payload: bytes, task: str | None) -> None:
    assert Tasks(pointer, Path("hook.py")).task_of(payload) == task


def test_the_hook_is_told_where_orders_are() -> None:
    hook = Tasks("/task", Path("hook.py")).worker_hook()
    assert (hook.script, hook.argument) == (Path("hook.py"), ORDER)
