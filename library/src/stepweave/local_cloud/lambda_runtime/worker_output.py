"""What a worker prints, cut into log events."""

import os

from stepweave.local_cloud.lambda_runtime.log_batch import LogEvent, now_event

READ_BYTES = 64 * 1024
EVENT_BYTES = 256 * 1024


class WorkerOutput:
    """Reads the pipe that a worker's standard output and standard error go to. A line is an event.

    Call `read` when the pipe has something; `take` gives the events so far.
    """

    def __init__(self, fd: int) -> None:
        os.set_blocking(fd, False)
        self.fd = fd
        self.is_open = True
        self._partial = b""
        self._events: list[LogEvent] = []

    def read(self) -> bool:
        """Read once, without waiting; False if all that there was has been read."""
        try:
            data = os.read(self.fd, READ_BYTES)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        if not data:
            self.is_open = False
            return False
        *lines, self._partial = (self._partial + data).split(b"\n")
        self._events += [_event(line) for line in lines if line]
        if len(self._partial) > EVENT_BYTES:
            self._flush()
        return len(data) == READ_BYTES

    def read_all(self) -> None:
        """Read whatever is there, and take an unfinished line for an event."""
        while self.read():
            pass
        self._flush()

    def take(self) -> list[LogEvent]:
        """The events since the last call."""
        events, self._events = self._events, []
        return events

    def _flush(self) -> None:
        if self._partial:
            self._events.append(_event(self._partial))
            self._partial = b""

    def close(self) -> None:
        """Close the pipe."""
        self.is_open = False
        os.close(self.fd)


def _event(line: bytes) -> LogEvent:
    # The runtime joins the lines of one error with carriage returns, so that they stay one event.
    return now_event(line.decode("utf-8", errors="replace").replace("\r", "\n"))
