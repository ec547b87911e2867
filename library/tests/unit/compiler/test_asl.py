"""Only what the compiler means to be replaced is replaced when a definition is deployed."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from stepweave.compiler.asl import Substitution, definition_json
from stepweave.compiler.compile import compile_dag
from stepweave.compiler.limits import definition_text
from stepweave.graph.arguments import Constant, ListOf, ResultOf
from stepweave.graph.dag import Dag, Task
from stepweave.simulator.simulation import simulate
from tests.properties.graphs import worker

VALUES = {"agent_worker": "arn:worker", "gates_table": "the-table", "admission": "arn:admission"}

texts = st.lists(
    st.sampled_from(["${agent_worker}", "${gates_table}", "${other}", "$", "{", "}", "\\", '"', "'", "a.$", "x"]),
    max_size=6,
).map("".join)
constants: st.SearchStrategy[JsonValue] = st.recursive(
    texts | st.none() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


def deployed(text: str) -> Any:
    """Replace as CloudFormation does, in the whole text, and parse it as Step Functions does."""
    return json.loads(re.sub(r"\$\{(\w+)\}", lambda match: VALUES.get(match[1], match[0]), text))


@given(constants, constants)
def test_a_constant_arrives_as_it_was_written(alone: JsonValue, in_list: JsonValue) -> None:
    tasks = (
        Task("a", worker, (("given", Constant(alone)),)),
        Task("b", worker, (("given", ListOf((ResultOf("a"), Constant(in_list)))),)),
    )
    compiled = compile_dag(Dag("constants", "${agent_worker}", (), tasks, "b", timedelta(hours=1)))
    for text in (definition_json(compiled.definition), definition_text(compiled.definition)):
        definition = deployed(text)
        assert definition["Comment"] == "${agent_worker}"
        assert {state["Resource"] for state in definition["States"].values()} == {"arn:worker"}
        trace = simulate(definition, {}, lambda event, attempt: "result")
        assert trace.events["a"].input == {"given": alone}
        assert trace.events["b"].input == {"given": ["result", in_list]}


def test_a_substitution_is_spelled_as_it_is_read() -> None:
    state: Any = {"Type": "Task", "Resource": Substitution.of("agent_worker"), "Comment": "${agent_worker}"}
    assert definition_json(state) == '{"Type":"Task","Resource":"${agent_worker}","Comment":"\\u0024{agent_worker}"}'
    assert state["Resource"] == "${agent_worker}"
