"""What may be chosen as context."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from constructs import Construct

from stepweave.cdk.errors import SynthesisError
from stepweave.cdk.naming import Names
from stepweave.cdk.platform import Platform
from stepweave.cdk.setting_values import Removal
from stepweave.cdk.settings import KNOWN, Settings
from stepweave.cdk.stacks import create_app
from stepweave.project.settings import ENVIRONMENT_VARIABLE, Project


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Settings]:
    def settings(**context: object) -> Settings:
        return Settings.from_context(create_app(tmp_path, context).node)

    return settings


def test_nothing_need_be_chosen(read: Callable[..., Settings]) -> None:
    assert read() == Settings(
        python="3.13", bundle_platform=Platform.LINUX_X86_64, reserve_concurrency=False, retain_payloads=None
    )


@pytest.mark.parametrize(("given", "meant"), [("true", True), ("false", False), (True, True), (False, False)])
@pytest.mark.parametrize("name", ["reserve_concurrency", "retain_payloads"])
def test_a_choice_may_be_text_or_a_boolean(
    read: Callable[..., Settings], name: str, given: object, meant: bool
) -> None:
    assert getattr(read(**{name: given}), name) is meant


def test_a_platform_and_a_topic_are_taken_as_they_are(read: Callable[..., Settings]) -> None:
    topic = "arn:aws-cn:sns:cn-north-1:123456789012:on-call"
    settings = read(bundle_platform="aarch64-apple-darwin", alarm_topic_arn=topic)
    assert settings.bundle_platform is Platform.MACOS_ARM64
    assert settings.alarm_topic_arn == topic


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("reserve_concurrency", "no", "must be true or false"),
        ("retain_payloads", ["true"], "must be true or false"),
        ("bundle_platform", "windows", "must be one of x86_64-manylinux2014, aarch64-manylinux2014"),
        ("alarm_topic_arn", "on-call", "must be the ARN of an SNS topic"),
        ("alarm_topic_arn", 5, "must be the ARN of an SNS topic"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_its_name(
    read: Callable[..., Settings], name: str, value: object, message: str
) -> None:
    with pytest.raises(SynthesisError, match=f"context {name}=.*{message}"):
        read(**{name: value})


def project_with(settings: Mapping[str, object]) -> Project:
    """A project whose table holds these settings."""
    rest = {name: value for name, value in settings.items() if name not in {"namespace", "agents", "workflows"}}
    return Project(Path(), str(settings.get("namespace", "stepweave")), settings=rest)


KEY = "arn:aws:kms:eu-west-1:123456789012:key/12345678-9abc-def0-1234-56789abcdef0"
REFUSED = [
    ("kms_key_arn", "arn:aws:kms:eu-west-1:123456789012:key/mine", "must be the ARN of a KMS key"),
    ("removal_policy", "keep", "must be one of retain, destroy"),
    ("kms_key_arn", "alias/mine", "must be the ARN of a KMS key"),
    ("kms_key_arn", "arn:aws:kms:eu-west-1:123456789012:alias/mine", "must be the ARN of a KMS key"),
    ("log_retention_days", "31", "must be one of 1, 3, 5, 7, 14, 30"),
    ("log_retention_days", True, "must be one of"),
    ("python", "3.10", "must be one of 3.11, 3.12"),
    ("python", 3.13, "must be one of .* \\(in quotes\\)"),
    ("architecture", "arm", "must be one of x86_64, arm64"),
    ("tags", "team=claims", "must be texts by their keys"),
    ("tags", {"team": 5}, "must be texts by their keys"),
    ("tags", {"aws:team": "claims"}, "'aws:team' is no key that AWS takes"),
    ("tags", {"team": "claims;"}, "'claims;' is no value that AWS takes"),
    ("bundle_files", [1], "must be a list of texts"),
    ("kept_agents", True, "must be a list of texts"),
    ("vpc_subnets", "vpc-01234567", "must be ids, as in subnet-0123456789abcdef0"),
    ("vpc_subnets", "", "must be ids"),
    ("vpc_security_groups", "sg-01234567, default", "must be ids, as in sg-0123456789abcdef0"),
]


@pytest.mark.parametrize(("name", "value", "message"), REFUSED)
def test_a_value_that_cannot_be_is_refused_wherever_it_is_given(
    read: Callable[..., Settings], tmp_path: Path, name: str, value: object, message: str
) -> None:
    with pytest.raises(SynthesisError, match=f"^context {name}=.*{message}"):
        read(**{name: value})
    with pytest.raises(SynthesisError, match=rf"^pyproject.toml: \[tool.stepweave\] {name}=.*{message}"):
        Settings.from_context(create_app(tmp_path).node, project_with({name: value}))


GIVEN: dict[str, tuple[object, object]] = {
    "reserve_concurrency": ("true", True),
    "removal_policy": ("retain", Removal.RETAIN),
    "retain_payloads": (False, False),
    "alarm_topic_arn": ("arn:aws:sns:eu-west-1:123456789012:a", "arn:aws:sns:eu-west-1:123456789012:a"),
    "kms_key_arn": (KEY, KEY),
    "log_retention_days": ("365", 365),
    "tags": ('{"team": "claims"}', {"team": "claims"}),
    "python": ("3.14", "3.14"),
    "bundle_platform": ("aarch64-manylinux2014", Platform.LINUX_ARM64),
    "vpc_subnets": ("subnet-0123456789abcdef0, subnet-01234567", ("subnet-0123456789abcdef0", "subnet-01234567")),
    "vpc_security_groups": ("sg-01234567", ("sg-01234567",)),
    "bundle_files": ("*.weights, bin/*", ("*.weights", "bin/*")),
    "layer_modules": ("numpy, pandas", ("numpy", "pandas")),
    "kept_agents": ("replayer, payer", ("replayer", "payer")),
}


@pytest.mark.parametrize("name", GIVEN)
def test_the_context_counts_for_more_than_the_project_and_the_project_for_more_than_nothing(
    read: Callable[..., Settings], tmp_path: Path, name: str
) -> None:
    given, meant = GIVEN[name]
    assert getattr(read(), name) != meant
    assert getattr(Settings.from_context(create_app(tmp_path).node, project_with({name: given})), name) == meant
    both = Settings.from_context(create_app(tmp_path, {name: given}).node, project_with({name: "nonsense"}))
    assert getattr(both, name) == meant


def test_every_setting_is_tried_above() -> None:
    assert set(GIVEN) | {"architecture", "environment"} == KNOWN


def test_the_architecture_is_the_projects_and_not_that_of_who_deploys(
    read: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    assert read().bundle_platform is Platform.LINUX_X86_64
    assert read(architecture="arm64").bundle_platform is Platform.LINUX_ARM64
    assert read(architecture="arm64", bundle_platform="x86_64-apple-darwin").bundle_platform is Platform.MACOS_X86_64


@pytest.mark.parametrize("name", ["reserve_concurency", "reserve-concurrency", "Environment", "kms_key", "names"])
def test_a_setting_that_nobody_reads_is_refused(read: Callable[..., Settings], tmp_path: Path, name: str) -> None:
    with pytest.raises(SynthesisError, match=f"^context {name}: no such setting; there are: alarm_topic_arn, .*python"):
        read(**{name: "true"})
    with pytest.raises(SynthesisError, match=rf"\[tool.stepweave\] {name}: no such setting; there are: .*kms_key_arn"):
        Settings.from_context(create_app(tmp_path).node, project_with({name: "true"}))


def test_what_the_cdk_and_the_projects_own_code_read_is_no_setting(tmp_path: Path) -> None:
    context = {"cli-telemetry": False, "availability-zones:account=1": [], "@aws-cdk/core:x": True, "vpc_id": "v"}
    app = create_app(tmp_path, {**context, "dag": "x", "time_scale": "1", "shorten_ids": "true"})
    project: dict[str, object] = {"context": ["vpc_id"], "agents": "lambdas", "workflows": "state_machines"}
    assert Settings.from_context(app.node, project_with(project)) == Settings()
    with pytest.raises(SynthesisError, match="context vpc_id: no such setting"):
        Settings.from_context(app.node, project_with({}))


def test_the_namespace_is_the_projects_for_the_command_reads_it_there(
    read: Callable[..., Settings], tmp_path: Path
) -> None:
    assert Settings.from_context(create_app(tmp_path).node, project_with({"namespace": "claims"})).names == Names(
        "claims"
    )
    with pytest.raises(SynthesisError, match=r"set it in pyproject\.toml, \[tool\.stepweave\] namespace"):
        read(namespace="claims")


def test_the_environment_is_that_of_the_context_else_of_the_variable_else_of_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def environment(context: str, variable: str | None, project: str) -> str:
        if variable is None:
            monkeypatch.delenv(ENVIRONMENT_VARIABLE, raising=False)
        else:
            monkeypatch.setenv(ENVIRONMENT_VARIABLE, variable)
        table = {"environment": project} if project else {}
        return Settings.from_context(
            create_app(tmp_path, {"environment": context}).node, project_with(table)
        ).names.environment

    assert environment("alice", "staging", "test") == "alice"
    assert environment("", "staging", "test") == "staging"
    assert environment("", "", "test") == "test"
    assert environment("", None, "") == "default"
    assert environment("default", "staging", "test") == "default"
    with pytest.raises(SynthesisError, match="environment 'pre-prod': use lower-case"):
        environment("pre-prod", None, "")


@pytest.mark.parametrize(
    ("policy", "payloads", "kept"),
    [
        (None, None, (True, False)),
        (None, False, (False, False)),
        (Removal.RETAIN, None, (True, True)),
        (Removal.RETAIN, False, (False, True)),
        (Removal.DESTROY, None, (False, False)),
        (Removal.DESTROY, True, (True, False)),
    ],
)
def test_what_is_kept(policy: Removal | None, payloads: bool | None, kept: tuple[bool, bool]) -> None:
    settings = Settings(removal_policy=policy, retain_payloads=payloads)
    assert (settings.retains_payloads, settings.retains_records) == kept


def test_settings_hold_for_all_constructs_below(tmp_path: Path) -> None:
    app = create_app(tmp_path, {"reserve_concurrency": "false"})
    assert Settings.from_context(Construct(app, "Below").node).reserve_concurrency is False
