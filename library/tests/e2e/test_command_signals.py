"""The command as a process: signals at any moment, and output that nobody takes or no disk has room for."""

import os
import pty
import re
import resource
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pytest

from tests.sample_project import SAMPLE

STEPWEAVE = "from stepweave.command.entry import main; main()"
PATIENCE_SECONDS = 60.0
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# Sends itself a signal when so many modules have been looked for since the command began.
SIGNALLED_WHILE_LOADING = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
class Countdown:
    left = int(sys.argv.pop(1))
    def find_spec(self, name, path=None, target=None):
        Countdown.left -= 1
        if Countdown.left == 0:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Countdown())
"""
# Does for a long time what every subcommand does that a person waits for.
WAITING = """
import os, sys, time
from stepweave.command.reporting import reported
from stepweave.command.terminal.standard_streams import use_standard_streams
from stepweave.command.terminal.step import step
from stepweave.command.terminal.stop_signals import held_back, stoppable
use_standard_streams()
with reported(), stoppable():
    try:
        with step("waiting", "waited"):
            {body}
    finally:
        os.write(1, b"tidied up\\n")
"""
SLEEP = "time.sleep(60)"
WRITE_ONCE = """
            with held_back():
                os.write(1, b"began\\n")
                time.sleep(1)
                os.write(1, b"whole\\n")
"""


def environment(**changes: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "STEPWEAVE_"))}
    return {**kept, "TERM": "xterm", "COLUMNS": "300", **changes}


def command(code: str, *arguments: str) -> list[str]:
    # A shell's background jobs, and what a test runs in one, ignore SIGINT from the beginning.
    heeded = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    return [sys.executable, "-c", heeded + code, *arguments]


def ended(*arguments: str, stdout: IO[Any] | int = subprocess.PIPE, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(STEPWEAVE, *arguments),
        stdout=stdout,
        **({"stderr": subprocess.PIPE} | options),
        cwd=SAMPLE,
        env=environment(),
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )


class Terminal:
    """A process whose standard error is a terminal, and what that was sent."""

    def __init__(self, code: str) -> None:
        self.ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            command(code), cwd=SAMPLE, env=environment(), stdout=subprocess.PIPE, stderr=theirs, start_new_session=True
        )
        os.close(theirs)
        self.said = b""

    def read_until(self, done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not done():
            assert time.monotonic() < deadline, self.said
            if select.select([self.ours], [], [], 0.05)[0]:
                try:
                    self.said += os.read(self.ours, 65_536)
                except OSError:  # all of it was read, and the process has ended
                    return

    def end(self) -> tuple[int, str]:
        self.read_until(lambda: self.process.poll() is not None)
        self.read_until(lambda: not select.select([self.ours], [], [], 0.2)[0])
        assert self.process.stdout is not None
        out = self.process.stdout.read().decode()
        self.process.stdout.close()
        os.close(self.ours)
        return self.process.wait(), out

    @property
    def cursor_is_hidden(self) -> bool:
        return self.said.rfind(b"\x1b[?25l") > self.said.rfind(b"\x1b[?25h")


@pytest.mark.parametrize("modules", [4, 5, 10, 40, 100, 160])  # the first three are those that catch it
def test_ctrl_c_while_the_command_is_loaded_ends_it_quietly(modules: int) -> None:
    found = subprocess.run(
        [sys.executable, "-c", SIGNALLED_WHILE_LOADING + STEPWEAVE, str(modules), "list"],
        cwd=SAMPLE,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    assert (found.returncode, found.stderr) == (130, "interrupted\n")


@pytest.mark.parametrize("number", STOPPING)
def test_a_signal_leaves_the_cursor_shown_and_nothing_half_done(number: signal.Signals) -> None:
    terminal = Terminal(WAITING.format(body=SLEEP))
    terminal.read_until(lambda: terminal.cursor_is_hidden)
    terminal.process.send_signal(number)
    code, out = terminal.end()
    assert (code, out) == (128 + number, "tidied up\n")
    assert not terminal.cursor_is_hidden
    assert b"Traceback" not in terminal.said
    assert (b"interrupted" if number is signal.SIGINT else number.name.encode()) in terminal.said


def test_several_signals_at_once_are_one() -> None:
    terminal = Terminal(WAITING.format(body=SLEEP))
    terminal.read_until(lambda: terminal.cursor_is_hidden)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        terminal.process.send_signal(number)
    code, out = terminal.end()
    assert code in {128 + number for number in STOPPING}
    assert out == "tidied up\n"
    assert not terminal.cursor_is_hidden


@pytest.mark.parametrize("later", STOPPING)
def test_a_signal_that_comes_when_all_is_tidied_up_changes_nothing(later: signal.Signals) -> None:
    once_more = f"atexit.register(lambda: (os.kill(os.getpid(), {int(later)}), time.sleep(0.05)))\n"
    terminal = Terminal("import atexit, os, time\n" + once_more + WAITING.format(body=SLEEP))
    terminal.read_until(lambda: terminal.cursor_is_hidden)
    terminal.process.send_signal(signal.SIGTERM)
    code, out = terminal.end()
    assert (code, out) == (143, "tidied up\n")
    assert b"ended by SIGTERM" in terminal.said
    assert b"Traceback" not in terminal.said


def test_a_step_that_must_not_be_left_in_the_middle_is_not() -> None:
    terminal = Terminal(WAITING.format(body=WRITE_ONCE))
    terminal.read_until(lambda: terminal.cursor_is_hidden)
    time.sleep(0.2)
    terminal.process.send_signal(signal.SIGTERM)
    code, out = terminal.end()
    assert (code, out) == (143, "began\nwhole\ntidied up\n")


def test_a_signal_that_was_ignored_from_the_beginning_is_ignored_still() -> None:
    code = WAITING.format(body="os.kill(os.getpid(), signal.SIGHUP); time.sleep(0.2)")
    terminal = Terminal("signal.signal(signal.SIGHUP, signal.SIG_IGN)\n" + code)
    assert terminal.end() == (0, "tidied up\n")


OUTPUTS = [("list",), ("list", "--json"), ("synth", "word-count"), ("--help",), ("run", "--help"), ("--version",)]


@pytest.mark.parametrize("arguments", OUTPUTS, ids=" ".join)
def test_a_full_disk_is_told_in_one_line(arguments: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        found = ended(*arguments, stdout=full)
    assert (found.returncode, found.stderr) == (1, "error: standard output: No space left on device\n")


@pytest.mark.parametrize("arguments", OUTPUTS, ids=" ".join)
def test_a_reader_that_has_gone_is_not_told_anything(arguments: tuple[str, ...]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    found = ended(*arguments, stdout=writer)
    os.close(writer)
    assert (found.returncode, found.stderr) == (128 + signal.SIGPIPE, "")


@pytest.mark.parametrize(("arguments", "code"), [(("list",), 0), (("synth", "nothing"), 2), (("nothing",), 2)])
def test_where_nobody_hears_what_is_said_the_command_goes_on(arguments: tuple[str, ...], code: int) -> None:
    with Path("/dev/full").open("w") as full:
        assert ended(*arguments, stderr=full).returncode == code
    reader, writer = os.pipe()
    os.close(reader)
    assert ended(*arguments, stderr=writer).returncode == code
    os.close(writer)
    closed = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" >&- 2>&-', "sh", *command(STEPWEAVE, *arguments)],
        cwd=SAMPLE,
        env=environment(),
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    assert closed.returncode == code


def _no_file_above_a_kilobyte() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, resource.RLIM_INFINITY))


def test_definitions_for_which_there_is_no_room_leave_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "main.asl.json").write_text("what was there before")
    found = ended("synth", "word-count", "--out", str(tmp_path), preexec_fn=_no_file_above_a_kilobyte)
    assert (found.returncode, found.stdout) == (1, "")
    assert re.fullmatch(
        rf"error: {re.escape(str(tmp_path))}.*: File too large\n  choose another folder.*\n", found.stderr
    )
    assert [file.name for file in tmp_path.iterdir()] == ["main.asl.json"]
    assert (tmp_path / "main.asl.json").read_text() == "what was there before"


def test_a_folder_that_was_deleted_is_told(tmp_path: Path) -> None:
    script = f'cd {tmp_path} && rmdir {tmp_path} && exec "$@"'
    found = subprocess.run(
        ["/bin/sh", "-c", script, "sh", *command(STEPWEAVE, "list")],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    assert (found.returncode, found.stderr) == (
        2,
        "error: the current folder no longer exists; change into another one\n",
    )
