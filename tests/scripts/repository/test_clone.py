from __future__ import annotations

from pathlib import Path

import pytest

from scripts.repository.clone import cloned, is_url, name_of
from scripts.repository.errors import RepositoryError
from scripts.repository.git import run_git


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://github.com/psf/requests", "requests"),
        ("https://user:secret@example.org/group/repo.git", "repo"),
        ("git@github.com:psf/requests.git", "requests"),
        ("ssh://git@example.org:2222/repo/", "repo"),
        ("file:///srv/repo.git/", "repo"),
        ("HTTPS://example.org/a.b?x=1", "a.b"),
    ],
)
def test_urls_and_their_names(url: str, name: str) -> None:
    assert is_url(url)
    assert name_of(url) == name


@pytest.mark.parametrize("path", [".", "/srv/repo", "a/b", "C", "a:b", "git@home/x", "~"])
def test_paths(path: str) -> None:
    assert not is_url(path)


@pytest.mark.parametrize("url", ["ext::sh -c touch% x", "fd::17", "ftp://example.org/x", "foo::https://example.org/x"])
def test_transports_that_are_not_allowed(url: str) -> None:
    with pytest.raises(RepositoryError, match="this transport is not allowed"):
        is_url(url)


def test_git_itself_refuses_what_runs_a_command(tmp_path: Path) -> None:
    alarm = tmp_path / "alarm"
    result = run_git(["clone", "--", f"ext::touch {alarm}", tmp_path / "tree"], directory=tmp_path)
    assert "transport 'ext' not allowed" in result.stderr
    assert not alarm.exists()


def test_a_clone_that_fails_says_so_without_the_password(tmp_path: Path) -> None:
    with (
        pytest.raises(RepositoryError, match=r"could not clone file://.*; check the URL and your access") as caught,
        cloned(f"file://user:secret@{tmp_path}/missing"),
    ):
        pytest.fail("it was cloned")
    assert "secret" not in str(caught.value)


def test_a_url_is_never_an_option() -> None:
    with pytest.raises(RepositoryError, match="could not clone"), cloned("--upload-pack=touch x"):
        pytest.fail("it was cloned")
