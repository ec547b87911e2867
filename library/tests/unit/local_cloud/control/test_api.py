"""What the control API does with a request, before any operation sees it."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from stepweave.local_cloud.control import requests
from stepweave.local_cloud.control.api import ControlApi
from stepweave.local_cloud.control.operations import Operation, operations
from stepweave.local_cloud.controls import Controls
from stepweave.local_cloud.errors import DeploymentError
from stepweave.local_cloud.server import call_application

README = Path(requests.__file__).with_name("README.md").read_text()


def services(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [])
    return [b"services"]


def fail(given: requests.Seconds) -> None:
    if given.seconds > 0:
        raise DeploymentError("stack a lacks a thing")
    raise KeyError("a defect")


TOKEN = "token"
API = ControlApi(
    services,
    TOKEN,
    {
        "echo": Operation(requests.Seconds, lambda given: {"got": given.seconds}),
        "nothing": Operation(requests.Request, lambda _: None),
        "fail": Operation(requests.Seconds, fail),
    },
)


def ask(path: str, body: str = "{}", token: str | None = TOKEN, method: str = "POST") -> tuple[int, Any]:
    headers = {} if token is None else {"HTTP_X_CONTROL_TOKEN": token}
    content = body.encode()
    environ = {"PATH_INFO": path, "REQUEST_METHOD": method, "CONTENT_LENGTH": str(len(content)), **headers}
    status, _, answer = call_application(API, {**environ, "wsgi.input": io.BytesIO(content)})
    return int(status[:3]), answer if answer == b"services" else json.loads(answer)


def test_an_operation_gets_what_was_sent_and_answers() -> None:
    assert ask("/_control/echo", '{"seconds": 2.5}') == (200, {"got": 2.5})
    assert ask("/_control/nothing") == (200, {})
    assert ask("/elsewhere", token=None) == (200, b"services")


@pytest.mark.parametrize("token", [None, "", "tok", "token ", "töken"])
def test_without_the_token_nothing_is_told_not_even_what_exists(token: str | None) -> None:
    assert [ask(f"/_control/{name}", token=token)[0] for name in ("echo", "no", "")] == [403] * 3


@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        ("{", "JSONDecodeError", "Expecting"),
        ("[]", "ValidationError", "Input should be a valid dictionary"),
        ("{}", "ValidationError", "seconds: Field required"),
        ('{"seconds": "x"}', "ValidationError", "seconds: Input should be a valid number"),
        ('{"seconds": 1, "x": 1}', "ValidationError", "x: Extra inputs are not permitted"),
    ],
)
def test_a_request_that_is_not_as_it_must_be_is_refused(body: str, kind: str, message: str) -> None:
    status, answer = ask("/_control/echo", body)
    assert (status, answer["error"]["kind"]) == (400, kind)
    assert message in answer["error"]["message"]


def test_failures_are_told_apart_from_defects() -> None:
    refused = {"error": {"kind": "DeploymentError", "message": "stack a lacks a thing"}}
    assert ask("/_control/fail", '{"seconds": 1}') == (400, refused)
    assert ask("/_control/fail", '{"seconds": 0}')[0] == 500
    assert ask("/_control/echo", method="GET")[0] == 404


def test_the_readme_lists_every_operation_and_what_it_takes() -> None:
    cloud: Any = type("Cloud", (), {"deploy": None, "client": None, "renew_workers": None})()
    with Controls() as controls:
        known = operations(cloud, controls)
    rows = {
        line.split("|")[1].strip(" `"): line.split("|")[2] for line in README.splitlines() if line.startswith("| `")
    }
    listed = {name: fields for name, fields in rows.items() if "/" in name or name in {"deploy", "permissions"}}
    assert set(listed) == set(known)
    for name, operation in known.items():
        assert all(f"`{field}`" in listed[name] for field in operation.given.model_fields), name
