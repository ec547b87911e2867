import os
from collections.abc import Iterator
from contextlib import contextmanager

from hypothesis import given
from hypothesis import strategies as st

from stepweave.local_cloud.lambda_runtime.worker_output import WorkerOutput


@contextmanager
def output() -> Iterator[tuple[WorkerOutput, int]]:
    read_end, write_end = os.pipe()
    reader = WorkerOutput(read_end)
    try:
        yield reader, write_end
    finally:
        reader.close()
        os.close(write_end)


@given(st.lists(st.text(alphabet="ab\n é", max_size=20), max_size=8))
def test_however_it_is_written_each_line_is_one_event(writes: list[str]) -> None:
    with output() as (reader, write_end):
        for text in writes:
            os.write(write_end, text.encode())
            reader.read()
        reader.read_all()
        assert [event.message for event in reader.take()] == [line for line in "".join(writes).split("\n") if line]


def test_the_lines_of_one_error_stay_one_event() -> None:
    with output() as (reader, write_end):
        os.write(write_end, b"[ERROR] E: no\rTraceback\r  line\n")
        reader.read_all()
        assert [event.message for event in reader.take()] == ["[ERROR] E: no\nTraceback\n  line"]


def test_events_are_taken_once() -> None:
    with output() as (reader, write_end):
        os.write(write_end, b"one\n")
        reader.read_all()
        assert [event.message for event in reader.take()] == ["one"]
        assert reader.take() == []


def test_what_is_not_utf_8_is_replaced() -> None:
    with output() as (reader, write_end):
        os.write(write_end, b"\xff\n")
        reader.read_all()
        assert [event.message for event in reader.take()] == ["\ufffd"]


def test_the_end_is_noticed() -> None:
    read_end, write_end = os.pipe()
    reader = WorkerOutput(read_end)
    os.close(write_end)
    assert not reader.read()
    assert not reader.is_open
    os.close(read_end)
