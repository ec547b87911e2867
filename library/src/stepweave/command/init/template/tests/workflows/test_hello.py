"""The workflow hello, with its real handler, in a local cloud."""

import pytest
from stepweave.testing.local_backend import LocalBackend

from state_machines.hello import hello


def test_somebody_is_greeted_by_name(local_cloud: LocalBackend) -> None:
    run = local_cloud.run(hello, person="  Ada   Lovelace ")
    assert run.status == "SUCCEEDED", run.cause
    assert run.output == {"text": "Hello, Ada Lovelace!"}


@pytest.mark.local_cloud(time="skipped")
def test_a_greeting_survives_two_failures(local_cloud: LocalBackend) -> None:
    local_cloud.agent("greeter").fails(times=2)
    run = local_cloud.run(hello, person="Ada")
    assert run.status == "SUCCEEDED", run.cause
    assert run.task("greet").attempts == 3
