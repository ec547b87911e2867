import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stepweave.local_client.control import answering_process
from stepweave.local_client.errors import LocalCloudError
from stepweave.local_client.project_cloud import down, status, up
from stepweave.local_client.session import LocalSession
from stepweave.local_client.state import CloudFiles
from stepweave.local_cloud.persistence.snapshot_file import FILE_NAME


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    down(tmp_path)


def test_up_status_and_down(root: Path) -> None:
    assert not status(root).is_running
    state, is_new = up(root)
    assert is_new
    assert state.endpoint_url == f"http://localhost:{state.port}"
    assert LocalSession(state.endpoint_url).client("sts").get_caller_identity()["Account"] == "123456789012"
    assert status(root).state == state
    assert status(root).answers
    assert up(root) == (state, False)

    assert down(root) is True
    assert not status(root).is_running
    assert answering_process(state.port) is None
    assert down(root) is False
    assert not CloudFiles(root).state.exists()


def test_a_killed_local_cloud_is_replaced(root: Path) -> None:
    first, _ = up(root)
    os.kill(first.pid, signal.SIGKILL)
    while CloudFiles(root).is_locked():
        time.sleep(0.01)
    assert CloudFiles(root).state.exists()
    second, is_new = up(root)
    assert is_new
    assert second.pid != first.pid


def test_two_at_once_start_one(root: Path) -> None:
    results: list[tuple[int, bool]] = []

    def start() -> None:
        state, is_new = up(root)
        results.append((state.pid, is_new))

    threads = [threading.Thread(target=start) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(is_new for _, is_new in results) == [False, True]
    assert len({pid for pid, _ in results}) == 1


def test_a_port_in_use_is_reported(root: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(LocalCloudError, match=f"port {port} "):
            up(root, port)
    assert not status(root).is_running


def test_two_projects_do_not_touch_each_other(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    first, _ = up(root)
    second, _ = up(other)
    try:
        assert first.port != second.port
    finally:
        down(other)
    assert status(root).answers


def test_the_state_is_kept_across_restarts(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("state") / "kept"
    first, _ = up(root, persist=folder)
    assert first.persist == folder
    LocalSession(first.endpoint_url).client("s3").create_bucket(Bucket="kept")
    LocalSession(first.endpoint_url).client("sqs").create_queue(QueueName="kept")
    down(root)
    second, is_new = up(root, persist=folder)
    assert is_new
    session = LocalSession(second.endpoint_url)
    assert [bucket["Name"] for bucket in session.client("s3").list_buckets()["Buckets"]] == ["kept"]
    assert session.client("sqs").list_queues()["QueueUrls"] == [f"{second.endpoint_url}/123456789012/kept"]
    down(root)
    third, _ = up(root)
    assert LocalSession(third.endpoint_url).client("s3").list_buckets()["Buckets"] == []


def test_a_damaged_state_is_reported_and_left_as_it_is(root: Path, tmp_path: Path) -> None:
    file = tmp_path / "kept" / FILE_NAME
    file.parent.mkdir()
    file.write_text("my notes\n" * 1000)
    with pytest.raises(LocalCloudError, match="is damaged"):
        up(root, persist=file.parent)
    assert not status(root).is_running
    assert file.read_text() == "my notes\n" * 1000
