"""The examples of the documentation do what their page says, by simulation of the ASL that is committed.

Their own tests, in a local cloud, run with those that the documentation shows: see ``test_documentation``.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pydantic import JsonValue

from stepweave.compiler.asl import Definition
from stepweave.compiler.limits import states_of
from stepweave.contract.event import TaskEvent
from stepweave.project.settings import PROJECT_VARIABLE
from stepweave.simulator.errors import TaskError
from stepweave.simulator.simulation import simulate
from stepweave.simulator.trace import Trace

EXAMPLES = Path(__file__).resolve().parents[3] / "docs" / "examples"
WORKFLOWS = EXAMPLES / "state_machines"


@dataclass(frozen=True)
class Expected:
    """What an example does if each task takes the seconds that are given, else one, and some fail for good."""

    output: str
    makespan: float
    started: Mapping[str, float]
    seconds: Mapping[str, float] = field(default_factory=dict)
    failing: Mapping[str, str] = field(default_factory=dict)
    given: JsonValue = field(default_factory=dict)
    executions: int = 1


OFFICES = [f"await_customs_{number}" for number in range(1, 5)]
REPORTS = [f"report_{number}" for number in range(1, 13)]

CASES: Mapping[str, Expected] = {
    "sequence_and_parallel": Expected(
        "ship(pack(pick), invoice(pick))",
        makespan=5,
        started={"pick": 0, "pack": 1, "invoice": 1, "ship": 4},
        seconds={"pack": 3},
    ),
    "gate": Expected(
        "ship(reserve(check_stock), invoice(check_stock, check_credit))",
        makespan=12,
        started={"check_stock": 0, "check_credit": 0, "reserve": 1, "invoice": 10, "ship": 11},
        seconds={"check_credit": 10},
    ),
    "nested_gates": Expected(
        "ship(weigh(pick(find_shelf(check_stock)), pack(find_shelf(check_stock), find_box(check_stock))), "
        "invoice(check_stock, check_credit))",
        makespan=14,
        started={"pick": 2, "pack": 11, "weigh": 12, "invoice": 5, "ship": 13},
        seconds={"check_credit": 5, "find_box": 10},
    ),
    "breaker_with_fallback": Expected(
        "look_up",
        makespan=2,
        started={"ask_supplier": 0, "look_up": 1},
        failing={"ask_supplier": "CircuitOpenError"},
    ),
    "optional_task": Expected(
        "pack(pick, failed: OutOfGifts)",
        makespan=2,
        started={"pick": 0, "find_gift": 0, "pack": 1},
        failing={"find_gift": "OutOfGifts"},
    ),
    "retry_and_timeout": Expected("ship(book_courier)", makespan=2, started={"book_courier": 0, "ship": 1}),
    "input_with_default": Expected(
        "ship(pack)", makespan=2, started={"pack": 0, "ship": 1}, given={"order": "B-9", "express": True}
    ),
    "results_by_reference": Expected(
        f"collect({', '.join(REPORTS)})", makespan=2, started={**dict.fromkeys(REPORTS, 0), "collect": 1}
    ),
    "nested_executions": Expected(
        f"ship({', '.join(OFFICES)})",
        makespan=8,
        started={**dict.fromkeys(OFFICES, 0), "ship": 7},
        seconds={"await_customs_3": 7},
        executions=3,
    ),
}


def _committed(name: str) -> tuple[Definition, dict[str, Definition]]:
    main: Definition = json.loads((WORKFLOWS / f"{name}.asl.json").read_text("utf-8"))
    nested = {
        file.name.split(".")[1]: json.loads(file.read_text("utf-8")) for file in WORKFLOWS.glob(f"{name}.*.asl.json")
    }
    nested.pop("asl", None)
    return main, nested


def _names() -> list[str]:
    return sorted(file.stem for file in WORKFLOWS.glob("[!_]*.py"))


def _simulated(name: str, case: Expected) -> Trace:
    """Run an example; each task returns its own name, and in parentheses the results that it was given."""
    results: dict[str, JsonValue] = {}

    def told(given: JsonValue) -> str:
        match given:
            case {"Error": error}:
                return f"failed: {error}"
            case {"stepweave:published": str(task)}:  # the result of who opened a gate is read from the store
                return told(results[task])
            case _:
                return str(given)

    def result(event: TaskEvent, _: int) -> JsonValue:
        if event.task in case.failing:
            raise TaskError(case.failing[event.task])
        tasks, extra = event.input.get("given"), event.input.get("extra")
        given = [*(tasks if isinstance(tasks, list) else []), *([] if extra is None else [extra])]
        results[event.task] = f"{event.task}({', '.join(map(told, given))})" if given else event.task
        return results[event.task]

    main, nested = _committed(name)
    tasks = {task for each in (main, *nested.values()) for task in states_of(each)}
    return simulate(main, case.given, result, dict.fromkeys(tasks, 1.0) | dict(case.seconds), nested)


def test_every_example_has_a_case_and_a_line_in_the_table() -> None:
    assert sorted(CASES) == _names()
    table = (EXAMPLES / "README.md").read_text("utf-8")
    assert sorted(re.findall(r"(?m)^\| \[(\w+)\]", table)) == _names()


@pytest.mark.parametrize("name", _names())
def test_an_example_runs_in_the_expected_order(name: str) -> None:
    case = CASES[name]
    trace = _simulated(name, case)
    assert trace.output == case.output
    assert trace.makespan == case.makespan
    assert {task: trace.started[task] for task in case.started} == dict(case.started)
    assert trace.executions == case.executions


@pytest.mark.parametrize("name", _names())
def test_the_table_names_states_that_are_there(name: str) -> None:
    main, nested = _committed(name)
    states = {state for each in (main, *nested.values()) for state in states_of(each)}
    line = re.search(rf"(?m)^\| \[{name}\].*$", (EXAMPLES / "README.md").read_text("utf-8"))
    assert line is not None
    named = re.findall(r"`([^`]+)`", line[0].rpartition(" | ")[2])
    text = json.dumps([main, nested])
    assert named
    for one in named:
        assert one in states or f'"{one}"' in text, f"{name}: the table names {one!r}"


def test_the_committed_asl_is_what_the_compiler_writes() -> None:
    """In a process of its own, for the packages of that project are not those of this one."""
    done = subprocess.run(
        [sys.executable, "-c", "from stepweave.command.entry import main; main()", "golden", "--check"],
        cwd=EXAMPLES,
        env=os.environ | {PROJECT_VARIABLE: str(EXAMPLES)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
