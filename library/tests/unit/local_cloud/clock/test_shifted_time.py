"""Python's own idea of the present, in another process, shifted by what a file says."""

import datetime
import json
import subprocess
import sys
from pathlib import Path

from stepweave.local_cloud.clock import shifted_time
from stepweave.local_cloud.clock.shared_offset import SharedOffset
from stepweave.local_cloud.clock.shifted_time import shifted_datetime

REPORT = """
import json, runpy, sys
real = __import__("time").time()
runpy.run_path(sys.argv[1])["install"](sys.argv[2])
import datetime, logging, pickle, time
from datetime import datetime as imported
moment = datetime.datetime(2020, 1, 2)
class Own(datetime.datetime):
    pass
print(json.dumps({
    "shifts": [
        time.time() - real,
        time.time_ns() / 1e9 - real,
        datetime.datetime.now(datetime.UTC).timestamp() - real,
        imported.now().timestamp() - real,
        imported.utcnow().replace(tzinfo=datetime.UTC).timestamp() - real,
        time.mktime(time.localtime()) - real,
    ],
    "today": str(datetime.date.today()) == str(imported.now().date()),
    "kinds": [isinstance(moment, imported), isinstance(imported.now(), imported), isinstance(moment, Own),
              type(Own.now()) is Own, type(moment - datetime.timedelta(1)) is type(moment)],
    "copies": pickle.loads(pickle.dumps(moment)) == moment,
    "logged": logging.Formatter().formatTime(logging.makeLogRecord({"created": 0.0}), "%Y"),
    "fixed": time.gmtime(0).tm_year,
}))
"""


def test_a_process_follows_the_file(tmp_path: Path) -> None:
    with SharedOffset(tmp_path / "offset") as offset:
        offset.write(86_400.0)
        script = Path(shifted_time.__file__)
        ended = subprocess.run(
            [sys.executable, "-I", "-S", "-c", REPORT, script, offset.path], capture_output=True, text=True, check=False
        )
    assert ended.returncode == 0, ended.stderr
    report = json.loads(ended.stdout)
    assert all(86_399 <= shift <= 86_460 for shift in report["shifts"]), report["shifts"]
    assert report["today"]
    assert report["kinds"] == [True, True, False, True, True]
    assert report["copies"]
    assert report["fixed"] == 1970
    assert report["logged"] == "1970"


def test_only_the_present_is_another() -> None:
    stand = shifted_datetime(lambda: 0.0)
    assert stand.now(datetime.UTC) == datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    assert type(stand.now(datetime.UTC)) is datetime.datetime
    assert stand(2020, 5, 6) == datetime.datetime(2020, 5, 6)  # noqa: DTZ001
    assert stand.fromisoformat("2020-05-06") == datetime.datetime(2020, 5, 6)  # noqa: DTZ001
    assert isinstance(datetime.datetime.now(datetime.UTC), stand)
    assert not isinstance("2020-05-06", stand)
