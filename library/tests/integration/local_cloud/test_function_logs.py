"""`stepweave local logs`, against a local cloud."""

import json
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from stepweave.command.local import function_logs
from stepweave.command.main import app
from stepweave.local_cloud.cloud import LocalCloud

from .conftest import ROLE, WriteAssembly, function

CODE = """
import json
def handler(event, context):
    print(json.dumps({"level": "INFO", "message": "heard " + event["says"], "service": "linter"}))
    if event["says"] == "nothing":
        raise ValueError("silence")
"""


@pytest.fixture
def deployed(cloud: LocalCloud, write_assembly: WriteAssembly, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalCloud]:
    stack = {
        "Resources": {
            "Role": ROLE,
            "Linter": function("stepweave-security-scanner", "CODE"),
            "Own": function("my-own", "CODE"),
            "Silent": function("silent", "CODE"),
        }
    }
    cloud.deploy(write_assembly({"Logs": stack}, {"CODE": CODE}))
    monkeypatch.setattr(function_logs, "daemon_endpoint", lambda: cloud.endpoint_url)
    yield cloud
    cloud.session().client("cloudformation").delete_stack(StackName="Logs")


def logs(*arguments: str) -> Result:
    return CliRunner(env={"NO_COLOR": "1", "COLUMNS": "200"}).invoke(app, ["local", "logs", *arguments])


def say(cloud: LocalCloud, name: str, text: str) -> None:
    cloud.session().client("lambda").invoke(FunctionName=name, Payload=json.dumps({"says": text}))


def logs_with(expected: str, *arguments: str) -> Result:
    """The log, once it holds what is expected: it comes a moment after the call."""
    for _ in range(200):
        result = logs(*arguments)
        if expected in result.stdout:
            return result
    raise AssertionError(f"{expected!r} is not in the log: {result.output}")


def test_an_agents_log_is_shown_by_its_name(deployed: LocalCloud) -> None:
    say(deployed, "stepweave-security-scanner", "hello")
    say(deployed, "stepweave-security-scanner", "nothing")
    result = logs_with("silence", "security_scanner")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert any(line.endswith("INFO     heard hello") for line in lines)
    assert any("ERROR    ValueError: silence" in line for line in lines)
    assert any("took " in line and "cold start" in line for line in lines)
    assert logs("stepweave-security-scanner").stdout == logs("security-scanner").stdout


def test_json_is_what_was_written(deployed: LocalCloud) -> None:
    say(deployed, "my-own", "hello")
    result = logs_with("REPORT", "my-own", "--json")
    events = [json.loads(line) for line in result.stdout.splitlines()]
    assert all(event.keys() == {"timestamp", "stream", "message"} for event in events)
    assert json.loads(next(e["message"] for e in events if "heard" in e["message"]))["message"] == "heard hello"


def test_following_shows_each_event_once(deployed: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    said = iter(["one", "two"])

    def say_more(_: float) -> None:
        text = next(said, None)
        if text is None:
            if "heard two" in "".join(shown):
                raise KeyboardInterrupt
            threading.Event().wait(0.05)
        else:
            say(deployed, "my-own", text)

    shown: list[str] = []
    upstream = function_logs.render

    def render(line: Any) -> Any:
        shown.append(line.message)
        return upstream(line)

    monkeypatch.setattr(function_logs, "render", render)
    monkeypatch.setattr(function_logs, "time", SimpleNamespace(sleep=say_more))
    assert logs("my-own", "--follow").exit_code == 130
    assert [line for line in shown if line.startswith("heard")].count("heard one") == 1
    assert shown.count("heard two") == 1


@pytest.mark.parametrize(
    ("name", "hint"),
    [("security_scaner", "did you mean security-scanner?"), ("xyz", "there are: my-own, security-scanner, silent")],
)
def test_an_unknown_function_is_told(deployed: LocalCloud, name: str, hint: str) -> None:
    result = logs(name)
    assert result.exit_code == 2
    assert f"the local cloud has no function {name}" in result.output
    assert hint in result.output


def test_a_function_that_has_not_run_has_no_log(deployed: LocalCloud) -> None:
    result = logs("silent")
    assert (result.exit_code, result.output) == (0, "silent has not logged anything yet\n")


def test_without_a_local_cloud_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(function_logs, "daemon_endpoint", lambda: None)
    result = logs("linter")
    assert result.exit_code == 2
    assert "no local cloud is up" in result.output
