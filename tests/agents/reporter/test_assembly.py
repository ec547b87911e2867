import random

from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.reporter.assembly import assemble
from lambdas.reporter.contract import ReportInput
from lambdas.reporter.formats import FORMATS
from lambdas.reporter.review import Review
from stepweave.contract.failure import TaskFailure
from tests.agents.reporter.reports import failed, report_inputs, shop, shuffled


@settings(max_examples=60, deadline=None)
@given(report_inputs, st.randoms(use_true_random=False))
def test_the_order_of_the_reports_changes_no_format(task: ReportInput, shuffler: random.Random) -> None:
    other = shuffled(task, shuffler.shuffle)
    for each in FORMATS:
        assert each.render(assemble(other, "stepweave-code-review/run-1")) == each.render(
            assemble(task, "stepweave-code-review/run-1")
        ), each.name


@settings(max_examples=60, deadline=None)
@given(report_inputs)
def test_json_holds_everything(task: ReportInput) -> None:
    review = Review.model_validate_json(FORMATS[0].render(assemble(task, "stepweave-code-review/run-1")))
    for report, kept, lists in (
        (task.lint, review.lint, ["findings", "skipped"]),
        (task.scan, review.security, ["findings", "skipped"]),
        (task.quality, review.quality, ["blocks", "files", "hotspots", "skipped"]),
        (task.tests, review.tests, ["modules", "skipped"]),
        (task.docs, review.documentation, ["outline", "skipped"]),
    ):
        if isinstance(report, TaskFailure):
            assert kept is None
            continue
        assert kept is not None
        assert kept.model_dump(exclude=set(lists)) == report.model_dump(exclude=set(lists))
        for name in lists:
            assert sorted(map(repr, getattr(kept, name))) == sorted(map(repr, getattr(report, name)))


@settings(max_examples=60, deadline=None)
@given(report_inputs)
def test_a_review_is_complete_exactly_if_no_agent_failed(task: ReportInput) -> None:
    review = assemble(task, "stepweave-code-review/run-1")
    failures = sum(isinstance(report, TaskFailure) for _, report in task)
    assert review.complete == (failures == 0)
    assert len(review.failures) == failures
    assert [status.agent for status in review.agents] == [
        "linter",
        "security_scanner",
        "analyzer",
        "tester",
        "documenter",
    ]


def test_a_failure_is_told_by_its_message_and_kept_as_it_was_caught() -> None:
    failure = failed("ToolError", "ruff ended with status 2")
    review = assemble(shop().model_copy(update={"lint": failure}), "stepweave-code-review/run-1")
    (told,) = review.failures
    assert (told.agent, told.error, told.cause) == ("linter", "ToolError", "ruff ended with status 2")
    assert review.agents[0].details == failure.cause
    assert review.lint is None
    assert review.security is not None


def test_a_cause_that_is_no_json_of_lambda_is_told_as_it_is() -> None:
    for cause in ("Task timed out", '["a list"]', '{"errorMessage": 3}', ""):
        review = assemble(
            shop().model_copy(update={"docs": TaskFailure(error="States.Timeout", cause=cause)}),
            "stepweave-code-review/run-1",
        )
        assert review.failures[0].cause == cause


def test_summary_of_a_small_repository() -> None:
    summary = assemble(shop(), "stepweave-code-review/run-1").summary
    assert summary.model_dump() == {
        "python_files": 3,
        "lint_findings": 3,
        "lint_fixable": 3,
        "security_findings": 3,
        "security_high": 1,
        "security_medium": 1,
        "average_complexity": 6.5,
        "most_complex": "shop/cart.py:9 Cart.total (12)",
        "complex_blocks": 1,
        "reached_percent": 50.0,
        "unreached_modules": 1,
        "test_functions": 4,
        "docstring_percent": 66.7,
        "undocumented": 1,
        "skipped_files": 1,
    }


def test_what_failed_agents_would_tell_is_unknown() -> None:
    task = ReportInput(repo=shop().repo, lint=failed(), scan=failed(), quality=failed(), tests=failed(), docs=failed())
    summary = assemble(task, "stepweave-code-review/run-1").summary.model_dump()
    assert summary.pop("skipped_files") == 0
    assert set(summary.values()) == {None}


def test_the_security_scanner_counts_the_files_where_the_linter_failed() -> None:
    assert (
        assemble(shop().model_copy(update={"lint": failed()}), "stepweave-code-review/run-1").summary.python_files == 3
    )
