"""Where `dlq`, `breaker` and `profile` look: at what is there, and nothing is started for them."""

import boto3
import pytest
from moto import mock_aws

from stepweave.command.errors import CommandError
from stepweave.command.target import deployed_target as module
from stepweave.command.target.deployed_target import deployed_target

SESSION = boto3.Session(region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")
UP = "http://localhost:4566"


def surroundings(monkeypatch: pytest.MonkeyPatch, *, up: str | None = None) -> None:
    for name in ("AWS_ENDPOINT_URL", "STEPWEAVE_TARGET", "STEPWEAVE_ENVIRONMENT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(module, "daemon_endpoint", lambda: up)
    monkeypatch.setattr(module, "aws_session", lambda: SESSION)


@mock_aws  # type: ignore[untyped-decorator]
@pytest.mark.parametrize("by_environment", [True, False])
def test_on_aws_a_line_says_in_which_account_region_and_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], by_environment: bool
) -> None:
    surroundings(monkeypatch, up=UP)
    monkeypatch.setenv("STEPWEAVE_ENVIRONMENT", "staging")
    if by_environment:
        monkeypatch.setenv("STEPWEAVE_TARGET", "aws")
    opened = deployed_target(None, aws=not by_environment, local=False)
    assert (opened.session, opened.endpoint_url, opened.local) == (SESSION, None, False)
    assert opened.person.startswith("arn:aws:sts::123456789012:")
    captured = capsys.readouterr()
    assert "on AWS: account 123456789012, region eu-west-1, environment staging" in captured.err
    assert captured.out == ""


def test_the_local_cloud_that_is_up_needs_no_word(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    surroundings(monkeypatch, up=UP)
    opened = deployed_target(None, aws=False, local=False)
    assert (opened.endpoint_url, opened.local) == (UP, True)
    assert opened.session is not SESSION
    assert capsys.readouterr().err == ""


def test_where_nothing_is_there_is_nothing_to_look_at(monkeypatch: pytest.MonkeyPatch) -> None:
    surroundings(monkeypatch)
    with pytest.raises(CommandError, match="no local cloud is up") as refused:
        deployed_target(None, aws=False, local=False)
    assert refused.value.exit_code == 2
    assert "stepweave local up" in refused.value.hint
    assert "--aws" in refused.value.hint
