"""Where `dlq` and `breaker` look: at what is there, and nothing is started for them."""

import boto3
import pytest

from stepweave.command.errors import CommandError
from stepweave.command.target import deployed_target as module
from stepweave.command.target.deployed_target import deployed_target

SESSION = boto3.Session(region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")
UP = "http://localhost:4566"


def surroundings(monkeypatch: pytest.MonkeyPatch, *, up: str | None = None, aws: boto3.Session | None = None) -> None:
    monkeypatch.setattr(module, "daemon_endpoint", lambda: up)
    monkeypatch.setattr(module, "deployed_on_aws", lambda names: aws)


def test_aws_comes_before_the_local_cloud_that_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    surroundings(monkeypatch, up=UP, aws=SESSION)
    opened = deployed_target(None, local=False)
    assert (opened.session, opened.endpoint_url, opened.local) == (SESSION, None, False)
    opened = deployed_target(None, local=True)
    assert (opened.endpoint_url, opened.local) == (UP, True)
    assert opened.session is not SESSION


def test_where_nothing_is_there_is_nothing_to_look_at(monkeypatch: pytest.MonkeyPatch) -> None:
    surroundings(monkeypatch)
    with pytest.raises(CommandError, match="no local cloud is up, and AWS has no stacks of ours") as refused:
        deployed_target(None, local=False)
    assert refused.value.exit_code == 2
    assert "stepweave local up" in refused.value.hint
