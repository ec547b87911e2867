import time

from stepweave.functions.replayer.contract import ReplayInput, ReplayResult
from stepweave.functions.replayer.handler import handler
from stepweave.functions.replayer.lineage import lineage
from stepweave.runtime.context import TaskContext


def test_it_takes_the_recorded_time_and_says_when() -> None:
    before = time.time()
    result: ReplayResult = handler.__wrapped__(ReplayInput(seconds=0.05), TaskContext("e", "first"))  # type: ignore[attr-defined]
    assert result.task == "first"
    assert before <= result.started <= result.finished <= time.time()
    assert result.finished - result.started >= 0.05


def test_its_lineage_tells_what_it_was_given_but_not_when() -> None:
    def run(task: str, *given: ReplayResult) -> ReplayResult:
        dependencies = [one.model_dump(mode="json") for one in given]
        return handler.__wrapped__(ReplayInput(dependencies=dependencies), TaskContext("e", task))  # type: ignore[attr-defined]

    first, again, other = run("first"), run("first"), run("other")
    assert first.lineage == again.lineage != other.lineage
    assert run("last", first, other).lineage == run("last", again, other).lineage
    different = {run("last").lineage, run("last", first).lineage, run("last", first, other).lineage}
    assert len(different | {run("last", other, first).lineage}) == 4


def test_it_is_given_the_results_of_any_agents() -> None:
    result = handler.__wrapped__(ReplayInput(dependencies=[{"findings": []}, None]), TaskContext("e", "last"))  # type: ignore[attr-defined]
    assert result.lineage == lineage("last", [{"findings": []}, None])
