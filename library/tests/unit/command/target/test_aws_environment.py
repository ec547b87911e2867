import os

import pytest

from stepweave.command.target.aws_environment import aws_configuration_hidden


def test_the_users_configuration_is_hidden_and_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "mine")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/my/config")
    monkeypatch.delenv("AWS_SHARED_CREDENTIALS_FILE", raising=False)
    before = dict(os.environ)
    with aws_configuration_hidden():
        hidden = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
        assert hidden == {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
        assert os.environ["PATH"] == before["PATH"]
    assert dict(os.environ) == before


def test_it_comes_back_after_an_error_too() -> None:
    before = dict(os.environ)
    with pytest.raises(RuntimeError), aws_configuration_hidden():
        raise RuntimeError
    assert dict(os.environ) == before
