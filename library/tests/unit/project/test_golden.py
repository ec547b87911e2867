"""The compiled ASL beside each workflow is what the compiler writes today."""

from stepweave.compiler.compile import compile_workflow
from stepweave.compiler.limits import states_of
from stepweave.contract.retry import PLATFORM_ERRORS, TRANSIENT_ERRORS
from stepweave.project.catalog import workflows
from stepweave.project.golden import out_of_date
from stepweave.project.settings import require_project
from stepweave.simulator.simulation import simulate


def test_golden_files_are_up_to_date() -> None:
    assert out_of_date(require_project()) == []


def test_counts_do_not_wait_for_one_another() -> None:
    definition = compile_workflow(workflows()["word-count"]).definition
    seconds = {"read": 1.0, "count_words": 100.0, "count_lines": 1.0}
    trace = simulate(definition, {"texts": {}}, lambda event, attempt: {}, seconds)
    assert (trace.started["count_words"], trace.started["count_lines"], trace.started["publish"]) == (1.0, 1.0, 101.0)


def test_every_task_has_a_timeout_and_retries_only_what_may_pass() -> None:
    for workflow in workflows().values():
        for name, state in states_of(compile_workflow(workflow).definition).items():
            if state["Type"] != "Task":
                continue
            assert state["TimeoutSeconds"] > 0, name
            for retrier in state["Retry"]:
                assert set(retrier["ErrorEquals"]) <= {*PLATFORM_ERRORS, *TRANSIENT_ERRORS}, name
                assert retrier["JitterStrategy"] == "FULL"
                assert retrier["MaxDelaySeconds"] > 0
