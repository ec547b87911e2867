import os
import signal
import subprocess
import sys

from stepweave.local_cloud.stop_signals import StopSignals

_ROUNDS = 10_000
# The sender is another process: one thread of this one sends while it holds the interpreter's lock, never in between.
_SENDER = """
import os, random, signal, sys, time
while os.read(0, 1):
    until = time.perf_counter() + random.random() * 2e-5
    while time.perf_counter() < until:
        pass
    os.kill(int(sys.argv[1]), signal.SIGTERM)
"""
_RECEIVER = f"""
import os, subprocess, sys
from stepweave.local_cloud.stop_signals import StopSignals
sender = subprocess.Popen([sys.executable, "-c", {_SENDER!r}, str(os.getpid())], stdin=subprocess.PIPE)
for _ in range({_ROUNDS}):
    with StopSignals() as signals:
        os.write(sender.stdin.fileno(), b"x")
        signals.wait()
sender.stdin.close()
sender.wait()
"""


def test_no_signal_is_missed_whenever_it_comes() -> None:
    """With an event that a handler sets, nine runs of ten hang within these rounds."""
    subprocess.run([sys.executable, "-c", _RECEIVER], check=True, timeout=120)


def test_a_signal_that_came_before_the_wait_counts() -> None:
    with StopSignals() as signals:
        assert not signals.have_come()
        os.kill(os.getpid(), signal.SIGINT)
        assert signals.have_come()
        signals.wait()


def test_the_handlers_of_before_are_put_back() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with StopSignals():
        assert signal.getsignal(signal.SIGTERM) not in before
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
    assert signal.set_wakeup_fd(-1) == -1
