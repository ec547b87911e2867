"""What the system tells of a process's memory."""

import os
import subprocess
import sys

from stepweave.local_cloud.lambda_runtime.process_memory import ProcessMemory

MIB = 1024 * 1024


def test_the_peak_stays_when_memory_is_given_back() -> None:
    memory = ProcessMemory(os.getpid())
    before = memory.resident_mb()
    taken = b"x" * (200 * MIB)  # zeros would not be there before they are written
    assert memory.resident_mb() > before + 150
    del taken
    assert memory.resident_mb() < before + 100
    assert memory.peak_mb() > before + 150
    memory.close()


def test_there_is_nothing_to_tell_of_a_process_that_has_ended() -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    memory = ProcessMemory(process.pid)
    assert memory.resident_mb() > 0
    process.communicate(b"\n")
    assert (memory.resident_mb(), memory.peak_mb()) == (0, 0)
    assert ProcessMemory(process.pid).peak_mb() == 0
    memory.close()
    memory.close()
    assert memory.peak_mb() == 0
