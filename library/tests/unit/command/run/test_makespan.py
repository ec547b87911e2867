from datetime import UTC, datetime, timedelta

from stepweave.command.executions.definition_tasks import DefinedTask
from stepweave.command.executions.progress import Progress, TaskProgress, TaskStatus
from stepweave.command.run.makespan import Makespan

START = datetime(2026, 1, 1, tzinfo=UTC)


def progress(**times: tuple[float, float | None]) -> Progress:
    tasks = {
        name: TaskProgress(
            TaskStatus.DONE,
            started=START + timedelta(seconds=began),
            finished=None if ended is None else START + timedelta(seconds=ended),
        )
        for name, (began, ended) in times.items()
    }
    return Progress({name: DefinedTask(name) for name in tasks}, tasks)


def test_it_spans_from_the_first_start_to_the_last_end() -> None:
    makespan = Makespan.of(progress(a=(1.0, 3.0), b=(0.5, 2.0)), 2.0)
    assert makespan.measured == 2.5
    assert makespan.line() == "makespan 2.5s, 1.250 times the critical path of 2.0s"


def test_it_is_not_known_while_a_task_has_not_ended() -> None:
    assert Makespan.of(progress(a=(0.0, 1.0), b=(0.5, None)), 2.0).measured is None
    assert Makespan.of(progress(), 2.0).measured is None
    assert Makespan(None, 2.0).line() == ""


def test_a_critical_path_that_is_unknown_or_empty_is_not_compared_with() -> None:
    for critical_path in (None, 0.0):
        assert Makespan(2.0, critical_path).line() == "makespan 2.0s"
