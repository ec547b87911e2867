"""Where a subcommand works: every combination of what was asked for and what is there."""

import itertools
from collections.abc import Callable, Mapping

import boto3
import pytest

from stepweave.command.errors import CommandError
from stepweave.command.target.choice import TargetChoice, is_loopback, target_choice
from stepweave.command.target.target import Place, Target, aws_session, choose_target

SESSION = boto3.Session(region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")
UP = "http://localhost:4566"
ELSEWHERE = "https://states.example.com"


def chosen(
    endpoint_url: str | None = None,
    *,
    aws: bool = False,
    local: bool = False,
    up: str | None = None,
    variables: Mapping[str, str] | None = None,
) -> Target:
    choice = target_choice(endpoint_url, aws=aws, local=local, variables=variables or {})
    return choose_target(choice, daemon=lambda: up, aws=lambda: SESSION, user=lambda: SESSION)


def must_not_be_asked() -> boto3.Session:
    raise AssertionError("AWS was asked")


OPTIONS: list[tuple[str | None, bool, bool]] = list(
    itertools.product([None, UP, ELSEWHERE], [False, True], [False, True])
)
VARIABLES: list[dict[str, str]] = [
    {name: value for name, value in (("STEPWEAVE_TARGET", target), ("AWS_ENDPOINT_URL", url)) if value is not None}
    for target, url in itertools.product([None, "", "aws", "local", "prod"], [None, "", UP, ELSEWHERE])
]


@pytest.mark.parametrize("variables", VARIABLES, ids=str)
@pytest.mark.parametrize(("endpoint_url", "aws", "local"), OPTIONS)
@pytest.mark.parametrize("up", [UP, None])
def test_aws_is_worked_on_only_by_whom_says_so(
    endpoint_url: str | None, aws: bool, local: bool, up: str | None, variables: dict[str, str]
) -> None:
    says_aws = aws or variables.get("STEPWEAVE_TARGET") == "aws"
    daemon: Callable[[], str | None] = lambda: up  # noqa: E731
    try:
        choice = target_choice(endpoint_url, aws=aws, local=local, variables=variables)
        found = choose_target(
            choice, daemon=daemon, aws=(lambda: SESSION) if says_aws else must_not_be_asked, user=lambda: SESSION
        )
    except CommandError:  # which are refused: see below
        return
    if found.place is Place.AWS:
        assert says_aws
        assert not variables.get("AWS_ENDPOINT_URL"), "the AWS SDK would send its requests there"
    if found.session is not None:
        assert says_aws or ELSEWHERE in {endpoint_url, variables.get("AWS_ENDPOINT_URL")}
        assert not local
    if aws:
        assert found.place is Place.AWS, "what an option says is done or refused"


@pytest.mark.parametrize(
    ("variables", "up", "expected"),
    [
        ({}, UP, Target(Place.DAEMON, UP)),
        ({}, None, Target(Place.OWN)),
        ({"STEPWEAVE_TARGET": "aws"}, UP, Target(Place.AWS, session=SESSION)),
        ({"STEPWEAVE_TARGET": "local"}, UP, Target(Place.DAEMON, UP)),
        ({"AWS_ENDPOINT_URL": "http://localhost:9999"}, UP, Target(Place.ENDPOINT, "http://localhost:9999")),
        ({"AWS_ENDPOINT_URL": ELSEWHERE}, UP, Target(Place.ENDPOINT, ELSEWHERE, SESSION)),
    ],
)
def test_without_an_option_the_environment_says_where(
    variables: dict[str, str], up: str | None, expected: Target
) -> None:
    assert chosen(up=up, variables=variables) == expected


@pytest.mark.parametrize(
    "variables", [{"STEPWEAVE_TARGET": "aws"}, {"STEPWEAVE_TARGET": "nonsense"}, {"AWS_ENDPOINT_URL": ELSEWHERE}]
)
def test_an_option_wins_over_the_environment(variables: dict[str, str]) -> None:
    assert chosen(local=True, up=UP, variables=variables) == Target(Place.DAEMON, UP)
    assert chosen("http://localhost:9999", variables=variables) == Target(Place.ENDPOINT, "http://localhost:9999")


@pytest.mark.parametrize(
    ("options", "variables", "named"),
    [
        ({"aws": True, "local": True}, {}, "--aws and --local"),
        ({"aws": True, "endpoint_url": UP}, {}, "--endpoint-url and --aws"),
        ({"local": True, "endpoint_url": UP}, {}, "--endpoint-url and --local"),
        ({"aws": True}, {"AWS_ENDPOINT_URL": UP}, "--aws says AWS, but AWS_ENDPOINT_URL says http://localhost:4566"),
        ({}, {"STEPWEAVE_TARGET": "aws", "AWS_ENDPOINT_URL": UP}, "STEPWEAVE_TARGET=aws says AWS"),
        ({}, {"STEPWEAVE_TARGET": "local", "AWS_ENDPOINT_URL": ELSEWHERE}, "STEPWEAVE_TARGET=local says this machine"),
        ({}, {"STEPWEAVE_TARGET": "production"}, "must be aws or local"),
    ],
)
def test_what_contradicts_itself_is_refused(options: dict[str, object], variables: dict[str, str], named: str) -> None:
    given: dict[str, object] = {"endpoint_url": None, "aws": False, "local": False} | options
    with pytest.raises(CommandError) as refused:
        target_choice(**given, variables=variables)  # type: ignore[arg-type]
    assert named in refused.value.message
    assert refused.value.exit_code == 2
    assert refused.value.hint


def test_the_endpoint_of_the_daemon_is_the_daemon() -> None:
    assert chosen("http://127.0.0.1:4566", up=UP).deploys
    assert not chosen("http://127.0.0.1:4567", up=UP).deploys


@pytest.mark.parametrize("url", [UP, "http://127.0.0.1:1", "http://127.1.2.3:1", "http://[::1]:1", "https://LOCALHOST"])
def test_an_endpoint_on_this_machine_gets_nobodys_credentials(url: str) -> None:
    assert is_loopback(url)
    assert chosen(url).session is None


@pytest.mark.parametrize("url", [ELSEWHERE, "http://localhost.example.com", "http://10.0.0.1:4566"])
def test_an_endpoint_elsewhere_gets_the_users(url: str) -> None:
    assert not is_loopback(url)
    assert chosen(url).session is SESSION


@pytest.mark.parametrize(
    "url",
    [
        "localhost:4566",
        "4566",
        "ftp://localhost",
        "http://",
        "",
        "http://[::1",
        "http://localhost:99999",
        "http://localhost:port",
        "http://a b",
        "http://localhost@example.com",
        "http://\x1b[31m",
    ],
)
def test_an_endpoint_that_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(CommandError, match="is no URL"):
        chosen(url)


@pytest.fixture
def no_aws_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> pytest.MonkeyPatch:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", f"{tmp_path}/config")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", f"{tmp_path}/credentials")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return monkeypatch


def test_who_wants_aws_needs_a_region_and_credentials(no_aws_configuration: pytest.MonkeyPatch) -> None:
    with pytest.raises(CommandError, match="no AWS region"):
        aws_session()
    no_aws_configuration.setenv("AWS_REGION", "eu-west-1")
    with pytest.raises(CommandError, match="no AWS credentials"):
        aws_session()


@pytest.mark.parametrize("region", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_a_session_of_the_users_account(no_aws_configuration: pytest.MonkeyPatch, region: str) -> None:
    for name, value in {region: "eu-west-1", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}.items():
        no_aws_configuration.setenv(name, value)
    assert aws_session().region_name == "eu-west-1"


def test_nothing_said_is_a_choice_of_its_own() -> None:
    assert target_choice(None, aws=False, local=False, variables={}) == TargetChoice(None, aws=False)
