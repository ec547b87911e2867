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


def test_the_security_scan_delays_only_the_report() -> None:
    definition = compile_workflow(workflows()["word-count"]).definition
    seconds = {"security_scan": 100.0, "syntax_analysis": 1.0, "logic_analysis": 1.0}
    trace = simulate(definition, {"repo": {}}, lambda event, attempt: {}, seconds)
    assert trace.started["logic_analysis"] == 1.0
    assert trace.started["test_coverage"] == 2.0
    assert trace.started["documentation"] == 2.0
    assert trace.started["generate_report"] == 100.0


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
