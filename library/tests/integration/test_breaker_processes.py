"""The budget of probes among real processes, against the table."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

from stepweave.contract.breaker_item import State
from stepweave.runtime.breaker_store import DynamoDBBreakerStore
from tests.dynamodb_tables import create_table
from tests.integration.breaker_processes import CONFIG, NAME, PROCESSES

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
SEED = "2026"


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:
        """Say nothing of each request."""


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A DynamoDB that does one request at a time: an item's writes are atomic in AWS, but not among moto's threads."""
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(variable, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    application = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", 0, application, threaded=False, request_handler=_Quiet)
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


def test_processes_never_have_more_probes_in_flight_than_allowed(endpoint: str) -> None:
    client = boto3.client("dynamodb", endpoint_url=endpoint)
    table = f"breakers-{os.getpid()}"
    create_table(client, table)
    command = [sys.executable, "-m", "tests.integration.breaker_processes", endpoint, table, SEED]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=240)
    assert ran.returncode == 0, ran.stderr
    seen = json.loads(ran.stdout)
    assert seen["failed"] == [], ran.stderr
    assert seen["most_in_flight"] == CONFIG.half_open_max_calls, f"the budget was not used up, or not kept to: {seen}"
    assert seen["in_flight"] == 0
    assert seen["probes"] >= CONFIG.success_threshold
    assert seen["rejections"] > PROCESSES
    assert DynamoDBBreakerStore(table, client).read(NAME, consistent=True).item.state is State.CLOSED
    assert seen["closed"] == 1
