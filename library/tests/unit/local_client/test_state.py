import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stepweave.local_client.project_cloud import down, status
from stepweave.local_client.state import CloudFiles, CloudState
from stepweave.local_cloud.process_files import ProcessFiles

STATE = CloudState(pid=1, port=2, endpoint_url="http://localhost:2", started=datetime.now(UTC), token="secret")
TEXT = json.dumps({**STATE.model_dump(mode="json"), "token": STATE.token, "python": "3.13.0"})
HOLD_LOCK = """
import sys
from pathlib import Path
from stepweave.local_cloud.process_files import ProcessFiles
with ProcessFiles(Path(sys.argv[1]), Path("none")).locked() as is_ours:
    print(is_ours, flush=True)
    sys.stdin.read()
"""


def written(files: CloudFiles) -> ProcessFiles:
    return ProcessFiles(files.lock, files.state)


def test_state_is_read_back(tmp_path: Path) -> None:
    files = CloudFiles(tmp_path)
    files.directory.mkdir()
    written(files).write_state(TEXT)
    assert files.read_state() == STATE
    assert files.state.stat().st_mode & 0o077 == 0, "it holds the token"
    assert "secret" not in repr(STATE) + STATE.model_dump_json()
    assert [file.name for file in files.directory.iterdir()] == ["local-cloud.json"]


@pytest.mark.parametrize("content", ["", "{", "{}", '{"pid": "x"}'])
def test_unreadable_state_counts_as_none(tmp_path: Path, content: str) -> None:
    files = CloudFiles(tmp_path)
    files.directory.mkdir()
    files.state.write_text(content)
    assert files.read_state() is None


def test_state_without_a_process_is_not_believed(tmp_path: Path) -> None:
    files = CloudFiles(tmp_path)
    files.directory.mkdir()
    files.lock.touch()
    written(files).write_state(TEXT)  # names process 1, which runs, but is not ours
    assert not status(tmp_path).is_running
    assert not files.state.exists()
    assert down(tmp_path) is False


def test_the_lock_ends_with_its_process(tmp_path: Path) -> None:
    files = CloudFiles(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", HOLD_LOCK, str(files.lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == "True"
        assert files.is_locked()
        with written(files).locked() as is_ours:
            assert not is_ours
        holder.kill()
    assert not files.is_locked()
