from pathlib import Path

import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.config import Config

from stepweave.local_cloud.account import ACCESS_KEY_ID, REGION, LocalSession


@pytest.fixture
def users_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    credentials = tmp_path / "credentials"
    credentials.write_text("[default]\naws_access_key_id = REAL\naws_secret_access_key = REAL\n")
    config = tmp_path / "config"
    config.write_text("[default]\nregion = eu-west-1\nendpoint_url = https://real.example\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(credentials))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_PROFILE", "does-not-exist")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "REAL")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "REAL")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "REAL")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://real.example")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "https://real.example")


@pytest.mark.usefixtures("users_configuration")
def test_nothing_of_the_users_configuration_gets_in() -> None:
    session = LocalSession("http://localhost:1")
    credentials = session.get_credentials()
    assert credentials is not None
    assert (credentials.access_key, credentials.token) == (ACCESS_KEY_ID, None)
    for service in ("s3", "sqs", "stepfunctions"):
        client = session.client(service)
        assert (client.meta.endpoint_url, client.meta.region_name) == ("http://localhost:1", REGION)
    assert session.resource("s3").meta.client.meta.endpoint_url == "http://localhost:1"


def test_another_endpoint_can_be_asked_for() -> None:
    client = LocalSession("http://localhost:1").client("s3", endpoint_url="http://localhost:2")
    assert client.meta.endpoint_url == "http://localhost:2"


def test_no_operation_is_looked_for_at_another_host() -> None:
    class Stopped(Exception):  # noqa: N818
        """Raised in place of sending."""

    def note(request: AWSPreparedRequest, **_: object) -> None:
        raise Stopped(request.url)

    client = LocalSession("http://localhost:1").client("stepfunctions", config=Config(parameter_validation=False))
    client.meta.events.register("before-send.sfn", note)
    with pytest.raises(Stopped, match=r"^http://localhost:1/$"):
        client.start_sync_execution()
