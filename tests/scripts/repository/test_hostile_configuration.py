"""No key of git's configuration that names a program makes a review run it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from scripts.repository.archive import archive_repository
from scripts.repository.errors import RepositoryError
from scripts.repository.work_tree import read_work_tree
from tests.scripts.repository.conftest import Repository

# From git's documentation: every key whose value is a program, or a shell's command, or a file that can hold such keys.
COMMANDS = [
    "alias.status",
    "alias.ls-files",
    "alias.clone",
    "browser.evil.cmd",
    "browser.evil.path",
    "column.ui",
    "core.alternateRefsCommand",
    "core.askPass",
    "core.attributesFile",
    "core.editor",
    "core.fsmonitor",
    "core.gitProxy",
    "core.hooksPath",
    "core.pager",
    "core.sshCommand",
    "core.worktree",
    "credential.helper",
    "credential.https://example.org.helper",
    "credentialCache.ignoreSIGHUP",
    "diff.evil.command",
    "diff.evil.textconv",
    "diff.external",
    "diff.guitool",
    "diff.tool",
    "difftool.evil.cmd",
    "difftool.evil.path",
    "fetch.bundleURI",
    "filter.evil.clean",
    "filter.evil.process",
    "filter.evil.smudge",
    "gc.recentObjectsHook",
    "gpg.openpgp.program",
    "gpg.program",
    "gpg.ssh.defaultKeyCommand",
    "gpg.ssh.program",
    "gpg.x509.program",
    "guitool.evil.cmd",
    "hook.evil.command",
    "http.proxy",
    "imap.tunnel",
    "include.path",
    "init.templateDir",
    "instaweb.browser",
    "instaweb.httpd",
    "interactive.diffFilter",
    "man.evil.cmd",
    "man.evil.path",
    "merge.evil.driver",
    "merge.tool",
    "mergetool.evil.cmd",
    "mergetool.evil.path",
    "notes.rewriteRef",
    "pager.ls-files",
    "pager.rev-parse",
    "pager.status",
    "receive.procReceiveRefs",
    "remote.origin.proxy",
    "remote.origin.receivepack",
    "remote.origin.uploadpack",
    "remote.origin.url",
    "remote.origin.vcs",
    "sendemail.sendmailCmd",
    "sendemail.toCmd",
    "sequence.editor",
    "sharedRepository.hook",
    "ssh.variant",
    "submodule.vendored.update",
    "submodule.vendored.url",
    "tar.tar.gz.command",
    "tar.evil.command",
    "trailer.evil.cmd",
    "trailer.evil.command",
    "trace2.eventTarget",
    "uploadpack.packObjectsHook",
    "url.ext::sh -c evil.insteadOf",
    "web.browser",
]
SCOPES = ["local", "worktree", "include", "conditional include"]


@dataclass(frozen=True)
class Trap:
    """A checkout in which everything asks git to run programs, and the program that leaves a mark."""

    repository: Repository
    program: Path
    mark: Path

    def arm(self, *keys: str, scope: str = "local") -> None:
        git = self.repository.path / ".git"
        file = {"local": git / "config", "worktree": git / "config.worktree"}.get(scope, git / "included")
        if scope == "worktree":
            self.repository.git("config", "extensions.worktreeConfig", "true")
        elif scope == "include":
            self.repository.git("config", "include.path", "included")
        elif scope == "conditional include":
            self.repository.git("config", "includeIf.gitdir:**.path", "included")
        for key in keys:
            section, _, rest = key.partition(".")
            subsection, _, name = rest.rpartition(".")
            head = f'[{section} "{subsection}"]' if subsection else f"[{section}]"
            value = f"!{self.program}" if key.startswith(("alias.", "submodule.", "credential.")) else self.program
            with file.open("a") as written:
                written.write(f"{head}\n\t{name} = {value}\n")

    def touch(self) -> None:
        """Make git look at the content of every file."""
        for path in self.repository.path.glob("*.py"):
            os.utime(path, (1, 1))


@pytest.fixture
def trap(repository: Repository, tmp_path: Path) -> Trap:
    program, mark = tmp_path / "evil", tmp_path / "mark"
    program.write_text(f'#!/bin/sh\necho "$0 $*" >> {mark}\nexit 1\n')
    program.chmod(0o755)
    repository.write("a.py")
    repository.write("sub/b.py")
    repository.write(".gitattributes", "*.py filter=evil diff=evil merge=evil ident text=auto\n")
    repository.write(".gitmodules", '[submodule "vendored"]\n\tpath = vendored\n\turl = ext::sh -c evil\n')
    commit = repository.commit()
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{commit},vendored")
    made = Trap(repository, program, mark)
    for hook in ("post-checkout", "post-index-change", "reference-transaction", "fsmonitor-watchman", "evil"):
        shutil.copy(program, repository.path / ".git/hooks" / hook)
    made.touch()
    return made


def review(trap: Trap, out: Path) -> None:
    """Archive a checkout, a directory of it, and clones of it."""
    path = trap.repository.path
    for source in (path, path / "sub", f"file://{path}", f"file://{path}/.git"):
        archive_repository(source, out)


@pytest.mark.parametrize("scope", SCOPES)
def test_no_key_that_names_a_program_runs_it(trap: Trap, out: Path, scope: str) -> None:
    trap.arm(*COMMANDS, scope=scope)
    review(trap, out)
    assert not trap.mark.exists(), trap.mark.read_text()


@pytest.mark.parametrize("key", COMMANDS)
def test_none_runs_it_where_it_stands_alone(trap: Trap, out: Path, key: str) -> None:
    trap.arm(key)
    archive_repository(trap.repository.path, out)
    assert not trap.mark.exists(), trap.mark.read_text()


def test_no_key_that_this_git_knows_runs_it(trap: Trap, out: Path) -> None:
    known = subprocess.run(["git", "help", "--config"], capture_output=True, text=True, check=True).stdout.split()
    # Some versions list gitweb.remote_heads, which no file of git's can hold: it would be damaged, and refused as such.
    keys = [re.sub(r"<[^>]*>|\*", "evil", key) for key in known]
    writable = [key for key in keys if re.fullmatch(r"[A-Za-z0-9-]+\.(.+\.)?[A-Za-z][A-Za-z0-9-]*", key)]
    assert {"core.fsmonitor", "core.sshCommand", "filter.evil.clean"} <= set(writable)
    trap.arm(*writable)
    review(trap, out)
    assert not trap.mark.exists(), trap.mark.read_text()


@pytest.mark.parametrize("key", ["filter.evil.clean", "filter.evil.process", "core.fsmonitor"])
@pytest.mark.parametrize("scope", SCOPES)
def test_git_itself_would_have_run_it(trap: Trap, key: str, scope: str) -> None:
    """The trap works: else the tests above could not fail."""
    trap.arm(key, scope=scope)
    subprocess.run(["git", "status"], cwd=trap.repository.path, check=False, timeout=60)
    assert trap.mark.exists()


def without_an_object(trap: Trap, what: str) -> None:
    """Make a partial clone of the checkout whose missing object its remote is to be asked for."""
    name = trap.repository.git("rev-parse", what)
    (trap.repository.path / ".git/objects" / name[:2] / name[2:]).unlink()
    for key, value in {
        "core.repositoryFormatVersion": "1",
        "extensions.partialClone": "origin",
        "remote.origin.promisor": "true",
        "remote.origin.url": f"file://{trap.repository.path}",
    }.items():
        trap.repository.git("config", key, value)
    trap.arm("remote.origin.uploadpack")


def test_a_partial_clone_is_not_completed(trap: Trap, out: Path) -> None:
    without_an_object(trap, "HEAD:a.py")
    archive_repository(trap.repository.path, out)
    with pytest.raises(RepositoryError, match="could not clone"):
        archive_repository(f"file://{trap.repository.path}", out)
    assert not trap.mark.exists(), trap.mark.read_text()


def test_a_partial_clone_without_the_tree_itself_is_refused(trap: Trap, out: Path) -> None:
    without_an_object(trap, "HEAD^{tree}")
    with pytest.raises(RepositoryError, match="git could not read the repository"):
        archive_repository(trap.repository.path, out)
    assert not trap.mark.exists(), trap.mark.read_text()
    subprocess.run(["git", "status"], cwd=trap.repository.path, check=False, capture_output=True, timeout=60)
    assert trap.mark.exists(), "git itself would not have asked the remote"


def test_the_configuration_of_the_current_directory_is_not_that_of_a_clone(
    trap: Trap, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Repository(tmp_path / "other")
    other.path.mkdir()
    other.git("init", "--quiet")
    other.write("b.py")
    other.commit()
    trap.arm(*COMMANDS)
    monkeypatch.chdir(trap.repository.path)
    assert archive_repository(f"file://{other.path}", out).files == 1
    assert not trap.mark.exists(), trap.mark.read_text()


@pytest.mark.parametrize(
    "name",
    [
        "GIT_ASKPASS",
        "GIT_DIR",
        "GIT_EDITOR",
        "GIT_EXEC_PATH",
        "GIT_EXTERNAL_DIFF",
        "GIT_INDEX_FILE",
        "GIT_PAGER",
        "GIT_PROXY_COMMAND",
        "GIT_SEQUENCE_EDITOR",
        "GIT_TEMPLATE_DIR",
        "GIT_TRACE2",
        "GIT_WORK_TREE",
    ],
)
def test_a_variable_does_not_decide_what_git_does(
    trap: Trap, out: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, str(trap.program))
    review(trap, out)
    assert not trap.mark.exists(), trap.mark.read_text()


def test_variables_that_hold_settings_do_not_reach_a_checkout(
    trap: Trap, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", f"'filter.evil.clean'='{trap.program}'")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "filter.evil.process")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(trap.program))
    review(trap, out)
    assert not trap.mark.exists(), trap.mark.read_text()


def test_the_users_own_filters_do_not_see_a_repository_that_is_not_theirs(trap: Trap, out: Path) -> None:
    """A filter such as Git LFS reads the repository's configuration, which can name programs again."""
    for name in ("clean", "smudge", "process"):
        subprocess.run(["git", "config", "--global", f"filter.evil.{name}", str(trap.program)], check=True)
    review(trap, out)
    assert not trap.mark.exists(), trap.mark.read_text()


def pointed_elsewhere(path: Path, target: str) -> None:
    shutil.rmtree(path / ".git")
    (path / ".git").write_bytes(f"gitdir: {target}\n".encode())


@pytest.mark.parametrize("target", ["/nowhere", "x" * 5000, "a\0b", "", ".git", "/dev", "\xff"])
def test_a_file_that_points_to_no_repository(trap: Trap, out: Path, target: str) -> None:
    pointed_elsewhere(trap.repository.path, target)
    with pytest.raises(RepositoryError, match="is not a Git repository"):
        archive_repository(trap.repository.path, out)


def test_a_file_that_points_to_another_repository_runs_nothing_of_it(trap: Trap, out: Path, tmp_path: Path) -> None:
    trap.arm(*COMMANDS)
    elsewhere = tmp_path / "elsewhere"
    shutil.move(trap.repository.path / ".git", elsewhere)
    (trap.repository.path / ".git").write_text(f"gitdir: {elsewhere}\n")
    archive_repository(trap.repository.path, out)
    assert not trap.mark.exists(), trap.mark.read_text()


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("name", ["HEAD", "index", "config"])
@pytest.mark.parametrize("replace", [pipe, directory])
def test_a_file_of_git_that_is_none_makes_nobody_wait(
    trap: Trap, out: Path, name: str, replace: Callable[[Path], None]
) -> None:
    replace(trap.repository.path / ".git" / name)
    if name == "config":
        archive_repository(trap.repository.path, out)
        return
    with pytest.raises(RepositoryError):
        archive_repository(trap.repository.path, out)


def test_a_linked_working_tree(trap: Trap, out: Path, tmp_path: Path) -> None:
    linked = tmp_path / "linked"
    shutil.rmtree(trap.repository.path / ".git/hooks")
    trap.repository.git("worktree", "add", "--quiet", "-b", "other", str(linked))
    Repository(linked).write("c.py")
    commit = Repository(linked).commit()
    (linked / "a.py").write_text("other = 1\n")
    trap.arm(*COMMANDS)
    found = read_work_tree(linked)
    assert (found.commit, found.dirty) == (commit, True)
    assert set(found.tracked) == {"a.py", "c.py", "sub/b.py", ".gitattributes", ".gitmodules"}
    assert archive_repository(f"file://{linked}", out).commit == found.commit
    assert not trap.mark.exists(), trap.mark.read_text()
