"""A local cloud of one's own, as its process is started, told what to do and ended."""

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from stepweave.local_client.control import ControlClient
from stepweave.local_client.errors import ControlRefusedError, LocalCloudEndedError, LocalCloudError
from stepweave.local_client.launch import PYTHON_VARIABLE
from stepweave.local_client.process import LocalCloudProcess

# What neither the process that starts it nor its tests need, or may have in another version.
WITHOUT_MOTO = """
import sys
for name in ("moto", "awslambdaric", "stepweave.local_cloud"):
    sys.modules[name] = None
import stepweave.testing.shared_local_cloud as shared
cloud = shared.SharedLocalCloud().start()
cloud.begin("skipped")
run = cloud.run(cloud.deploy_definition("wait", {
    "StartAt": "wait", "States": {"wait": {"Type": "Wait", "Seconds": 3600, "End": True}},
}))
print(run.status, run.seconds >= 3600)
cloud.stop()
"""


@pytest.fixture(scope="module")
def cloud() -> Iterator[LocalCloudProcess]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_PROFILE", "does-not-exist")
        patch.setenv("MOTO_ACCOUNT_ID", "111111111111")
        patch.chdir(Path(__file__).parent)
        with LocalCloudProcess({"controls": {}}) as cloud:
            assert cloud.endpoint_url
            yield cloud


def post(cloud: LocalCloudProcess, operation: str, method: str = "POST", **headers: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", cloud.state.port)
    connection.request(method, f"/_control/{operation}", "{}", headers)
    status = connection.getresponse().status
    connection.close()
    return status


def test_nothing_of_the_user_goes_into_it(cloud: LocalCloudProcess) -> None:
    content = Path(f"/proc/{cloud.state.pid}/environ").read_text()
    variables = dict(line.partition("=")[::2] for line in content.split("\0") if line)
    of_aws = {name: value for name, value in variables.items() if name.startswith("AWS_")}
    assert of_aws == {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    assert not [name for name in variables if name.startswith(("PYTEST_", "MOTO_ACCOUNT"))]
    assert cloud.session().client("sts").get_caller_identity()["Account"] == "123456789012"


def test_who_does_not_know_the_token_controls_nothing(cloud: LocalCloudProcess) -> None:
    token = {"X-Control-Token": cloud.state.token}
    assert post(cloud, "clock/now", **token) == 200
    assert [post(cloud, "clock/now"), post(cloud, "clock/now", **{"X-Control-Token": "é"})] == [403, 403]
    # A web page does not even if it has come to know it.
    assert post(cloud, "clock/now", Origin="http://example.com", **token) == 403
    assert post(cloud, "clock/now", Host="example.com", **token) == 403
    assert [post(cloud, "clock/now", "GET", **token), post(cloud, "clock/then", **token)] == [404, 404]
    with pytest.raises(ControlRefusedError, match="only who started this local cloud"):
        ControlClient(cloud.state.port, "guessed").call("clock/now")


@pytest.mark.parametrize(
    ("operation", "given", "message"),
    [
        ("clock/advance", {}, "seconds: Field required"),
        ("clock/advance", {"seconds": 1, "minutes": 1}, "minutes: Extra inputs are not permitted"),
        ("faults/functions", {"function": "f", "fault": {"kind": "fails", "error": "E"}}, "fault.fails.message: "),
        ("faults/functions", {"function": "f", "fault": {"kind": "explodes"}}, "fault: Input tag 'explodes'"),
        ("faults/functions", {"function": "f", "fault": {"kind": "repeats"}, "probability": 2}, "between 0 and 1"),
        ("faults/functions", {"function": "f", "fault": {"kind": "repeats"}, "times": 0}, "times: Input should be gre"),
        ("faults/services", {"service": "ec2", "kind": "lost"}, "no faults are known for 'ec2', only for dynamodb, "),
        ("deploy", {"assembly": "/nowhere"}, "/nowhere is no cloud assembly; synthesize the app first"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(
    cloud: LocalCloudProcess, operation: str, given: dict[str, object], message: str
) -> None:
    with pytest.raises(ControlRefusedError, match=message):
        cloud.control.call(operation, **given)


def test_permissions_are_looked_at_and_set(cloud: LocalCloudProcess) -> None:
    assert cloud.control.call("permissions") == {"mode": "enforce", "refused": []}
    assert cloud.control.call("permissions", mode="audit")["mode"] == "audit"
    with pytest.raises(ControlRefusedError, match="mode: Input should be 'enforce', 'audit' or 'off'"):
        cloud.control.call("permissions", mode="relax")
    assert cloud.control.call("permissions", mode="enforce")["mode"] == "enforce"


def test_many_may_tell_it_at_once(cloud: LocalCloudProcess) -> None:
    times: list[float] = []
    threads = [threading.Thread(target=lambda: times.append(cloud.control.call("clock/now")["now"])) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(times) == 20


def test_without_controls_there_are_none_but_deploying() -> None:
    with LocalCloudProcess() as cloud:
        with pytest.raises(ControlRefusedError, match="cannot be told to 'clock/advance'"):
            cloud.control.call("clock/advance", seconds=1)
        with pytest.raises(ControlRefusedError, match="is no cloud assembly"):
            cloud.deploy(Path("nowhere"))
        log = cloud.log
        assert log is not None
        assert log.exists()
    assert cloud.wait() == 0
    assert not log.exists()


def test_its_end_is_told_with_its_log() -> None:
    with LocalCloudProcess({"controls": {}}) as cloud:
        cloud.control.call("clock/now")
        os.kill(cloud.state.pid, signal.SIGKILL)
        with pytest.raises(LocalCloudEndedError, match=r"has ended with signal 9; the end of its log, /") as ended:
            cloud.control.call("clock/now")
        log = cloud.log
        assert log is not None
        assert str(log) in str(ended.value)
        log.unlink()  # it is kept for whoever wants to know why


def test_an_interpreter_of_its_own_must_have_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PYTHON_VARIABLE, str(tmp_path / "none"))
    with pytest.raises(LocalCloudError, match=r"cannot be run by .*none: No such file or directory"):
        LocalCloudProcess()
    venv.create(tmp_path / "empty", symlinks=True)
    monkeypatch.setenv(PYTHON_VARIABLE, str(tmp_path / "empty" / "bin" / "python"))
    with (
        LocalCloudProcess() as cloud,
        pytest.raises(LocalCloudEndedError, match=r"(?s)ended before it answered; see .*No module named"),
    ):
        assert cloud.state
    monkeypatch.delenv(PYTHON_VARIABLE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['moto'] = None")
    with LocalCloudProcess() as cloud, pytest.raises(LocalCloudError, match=r"lacks moto.*pip install 'stepweave"):
        assert cloud.state


def test_who_speaks_to_it_needs_nothing_that_it_is_made_of() -> None:
    found = subprocess.run(
        [sys.executable, "-c", WITHOUT_MOTO], capture_output=True, text=True, check=False, timeout=200
    )
    assert found.stdout == "SUCCEEDED True\n", found.stderr


def test_options_that_it_does_not_know_end_it_with_their_names() -> None:
    with LocalCloudProcess({"speed": 3}) as cloud, pytest.raises(LocalCloudError, match=r"(?s)speed.*Extra inputs"):
        assert json.dumps(cloud.state.port)
