"""Where a workflow runs: every combination of what was asked for and what is there."""

import itertools
from collections.abc import Callable

import boto3
import pytest
from botocore.exceptions import ClientError

from stepweave.cdk.naming import Names
from stepweave.command.errors import CommandError
from stepweave.command.target import target as target_module
from stepweave.command.target.target import Place, Target, choose_target, deployed_on_aws, is_loopback

SESSION = boto3.Session(region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")
UP = "http://localhost:4566"


def chosen(
    endpoint_url: str | None = None, *, local: bool = False, up: str | None = None, aws: boto3.Session | None = None
) -> Target:
    return choose_target(endpoint_url, local=local, daemon=lambda: up, aws=lambda: aws, user=lambda: SESSION)


def test_without_a_wish_aws_comes_before_the_daemon_before_a_cloud_for_the_run() -> None:
    assert chosen(aws=SESSION, up=UP) == Target(Place.AWS, session=SESSION)
    assert chosen(up=UP) == Target(Place.DAEMON, UP)
    assert chosen() == Target(Place.IN_PROCESS)


def test_who_asks_for_this_machine_never_asks_aws() -> None:
    def must_not_be_asked() -> boto3.Session:
        raise AssertionError("AWS was asked")

    daemons: list[Callable[[], str | None]] = [lambda: UP, lambda: None]
    for daemon in daemons:
        found = choose_target(None, local=True, daemon=daemon, aws=must_not_be_asked, user=must_not_be_asked)
        assert found.local


@pytest.mark.parametrize(("up", "aws"), list(itertools.product([UP, None], [SESSION, None])))
def test_an_endpoint_wins_over_everything_that_is_there(up: str | None, aws: boto3.Session | None) -> None:
    assert chosen("https://states.example.com", up=up, aws=aws).place is Place.ENDPOINT
    assert chosen("http://localhost:9999", up=up, aws=aws) == Target(Place.ENDPOINT, "http://localhost:9999")


def test_the_endpoint_of_the_daemon_is_the_daemon() -> None:
    assert chosen("http://127.0.0.1:4566", up=UP).deploys
    assert not chosen("http://127.0.0.1:4567", up=UP).deploys


@pytest.mark.parametrize("url", [UP, "http://127.0.0.1:1", "http://[::1]:1", "https://LOCALHOST"])
def test_an_endpoint_on_this_machine_gets_nobodys_credentials(url: str) -> None:
    assert is_loopback(url)
    assert chosen(url, aws=SESSION).session is None


@pytest.mark.parametrize("url", ["https://states.example.com", "http://localhost.example.com", "http://10.0.0.1:4566"])
def test_an_endpoint_elsewhere_gets_the_users(url: str) -> None:
    assert not is_loopback(url)
    assert chosen(url).session is SESSION


@pytest.mark.parametrize("url", ["localhost:4566", "4566", "ftp://localhost", "http://", ""])
def test_an_endpoint_that_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(CommandError, match="is no URL"):
        chosen(url)


@pytest.fixture
def no_aws_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> pytest.MonkeyPatch:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", f"{tmp_path}/config")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", f"{tmp_path}/credentials")
    return monkeypatch


def forbid_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    def call(*_: object) -> None:
        raise AssertionError("AWS was called")

    monkeypatch.setattr(target_module, "stack_outputs", call)


def test_without_a_region_aws_is_not_asked(no_aws_configuration: pytest.MonkeyPatch) -> None:
    forbid_calls(no_aws_configuration)
    no_aws_configuration.setenv("AWS_ACCESS_KEY_ID", "a")
    no_aws_configuration.setenv("AWS_SECRET_ACCESS_KEY", "b")
    assert deployed_on_aws(Names()) is None


def test_without_credentials_aws_is_not_asked(no_aws_configuration: pytest.MonkeyPatch) -> None:
    forbid_calls(no_aws_configuration)
    no_aws_configuration.setenv("AWS_REGION", "eu-west-1")
    no_aws_configuration.setenv("AWS_EC2_METADATA_DISABLED", "true")
    assert deployed_on_aws(Names()) is None


@pytest.mark.parametrize("region", ["AWS_REGION", "AWS_DEFAULT_REGION"])
@pytest.mark.parametrize(("outputs", "found"), [({}, True), (None, False)])
def test_aws_is_chosen_if_the_stacks_are_there(
    no_aws_configuration: pytest.MonkeyPatch, outputs: dict[str, str] | None, found: bool, region: str
) -> None:
    for name, value in {region: "eu-west-1", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}.items():
        no_aws_configuration.setenv(name, value)
    no_aws_configuration.setattr(target_module, "stack_outputs", lambda *_: outputs)
    session = deployed_on_aws(Names())
    assert (session is not None) is found
    assert session is None or session.region_name == "eu-west-1"


def test_credentials_that_have_expired_are_reported_and_the_run_is_local(
    no_aws_configuration: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}.items():
        no_aws_configuration.setenv(name, value)

    def refuse(*_: object) -> None:
        raise ClientError({"Error": {"Code": "ExpiredToken", "Message": "too old"}}, "DescribeStacks")

    no_aws_configuration.setattr(target_module, "stack_outputs", refuse)
    assert deployed_on_aws(Names()) is None
    assert "ExpiredToken: too old" in capsys.readouterr().err


def test_a_profile_that_does_not_exist_is_reported(
    no_aws_configuration: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    no_aws_configuration.setenv("AWS_PROFILE", "nobody")
    assert deployed_on_aws(Names()) is None
    assert "nobody" in capsys.readouterr().err
