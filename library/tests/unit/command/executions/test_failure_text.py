import json

import pytest

from stepweave.command.executions.failure_text import plain_cause


@pytest.mark.parametrize(
    ("error", "cause", "said"),
    [
        ("ValueError", json.dumps({"errorMessage": " no such file ", "errorType": "ValueError"}), "no such file"),
        ("ValueError", "plain words\n", "plain words"),
        ("ValueError", '{"errorMessage": 3}', '{"errorMessage": 3}'),
        ("ValueError", "[1]", "[1]"),
        ("ValueError", "", ""),
        ("States.Timeout", "", "it took longer than its timeout"),
        (
            "Sandbox.Timedout",
            json.dumps({"errorMessage": "Task timed out after 3.00 seconds"}),
            "its function took longer than its timeout (Task timed out after 3.00 seconds)",
        ),
    ],
)
def test_causes_in_plain_words(error: str, cause: str, said: str) -> None:
    assert plain_cause(error, cause) == said
