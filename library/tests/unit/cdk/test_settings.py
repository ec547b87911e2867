"""What may be chosen as context."""

from collections.abc import Callable
from pathlib import Path

import pytest
from constructs import Construct

from stepweave.cdk.application import create_app
from stepweave.cdk.errors import SynthesisError
from stepweave.cdk.platform import Platform
from stepweave.cdk.settings import Settings


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Settings]:
    def settings(**context: object) -> Settings:
        return Settings.from_context(create_app(tmp_path, context).node)

    return settings


def test_nothing_need_be_chosen(read: Callable[..., Settings]) -> None:
    assert read() == Settings(
        reserve_concurrency=True, retain_payloads=True, alarm_topic_arn=None, bundle_platform=Platform.deployed()
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


def test_settings_hold_for_all_constructs_below(tmp_path: Path) -> None:
    app = create_app(tmp_path, {"reserve_concurrency": "false"})
    assert Settings.from_context(Construct(app, "Below").node).reserve_concurrency is False
