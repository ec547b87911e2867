"""When upstream evaluates JSONata rightly, the adapters must be looked at again."""

from typing import Any


def test_upstream_evaluates_no_jsonata(bare_engine: Any) -> None:
    for output in ("{% 1 %}", "{% $states.input.a[$ > 1] %}", "{% $uuid() %}"):
        state = {"Type": "Pass", "Output": output, "End": True}
        definition = {"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": state}}
        execution = bare_engine.start(definition, {"a": [1, 2]})
        assert bare_engine.end(execution)["status"] == "FAILED"
