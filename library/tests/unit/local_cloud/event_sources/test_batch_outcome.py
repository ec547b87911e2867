import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepweave.local_cloud.event_sources.batch_outcome import failed_messages
from stepweave.local_cloud.lambda_runtime.invocation import InvocationResult

BATCH = frozenset({"a", "b", "c"})


def answer(payload: object, function_error: str | None = None) -> InvocationResult:
    return InvocationResult("id", json.dumps(payload).encode(), function_error, "$LATEST", 1.0)


def failures(*names: object) -> dict[str, object]:
    return {"batchItemFailures": [{"itemIdentifier": name} for name in names]}


@given(st.sets(st.sampled_from(sorted(BATCH))))
def test_what_the_function_names_has_failed(names: set[str]) -> None:
    assert failed_messages(answer(failures(*names)), BATCH, reports_item_failures=True) == names


@pytest.mark.parametrize("payload", [None, {}, {"batchItemFailures": None}, failures()])
def test_an_empty_answer_is_success(payload: object) -> None:
    assert failed_messages(answer(payload), BATCH, reports_item_failures=True) == frozenset()


@pytest.mark.parametrize(
    "payload",
    [
        "text",
        [1],
        {"batchItemFailures": "a"},
        failures("a", ""),
        failures(None),
        failures("z"),
        {"batchItemFailures": [{}]},
    ],
)
def test_an_answer_that_is_not_understood_fails_all(payload: object) -> None:
    assert failed_messages(answer(payload), BATCH, reports_item_failures=True) == BATCH


def test_an_error_fails_all_and_without_reports_the_answer_does_not_matter() -> None:
    assert failed_messages(answer(failures("a"), "Unhandled"), BATCH, reports_item_failures=True) == BATCH
    assert failed_messages(answer(failures("a"), "Unhandled"), BATCH, reports_item_failures=False) == BATCH
    assert failed_messages(answer(failures("a")), BATCH, reports_item_failures=False) == frozenset()
