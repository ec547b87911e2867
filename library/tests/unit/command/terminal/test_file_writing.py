import errno
import os
from pathlib import Path

import pytest

from stepweave.command.errors import CommandError
from stepweave.command.terminal.file_writing import replace_file, writing

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
WRONG = (errno.EACCES, errno.EROFS, errno.ENOTDIR, errno.EISDIR, errno.EPERM, errno.ENAMETOOLONG, errno.ENOENT)


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize(("number", "code"), [*((each, 1) for each in FULL), *((each, 2) for each in WRONG)])
def test_the_place_and_the_reason_are_told(number: int, code: int, named: bool, tmp_path: Path) -> None:
    error = OSError(number, os.strerror(number), b"/x/\xff") if named else OSError(number, os.strerror(number))
    with pytest.raises(CommandError) as refused, writing(tmp_path, "hint"):
        raise error
    where = "/x/\udcff" if named else str(tmp_path)
    assert refused.value.message == f"{where}: {os.strerror(number)}"
    assert (refused.value.exit_code, refused.value.hint) == (code, "hint")


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt()])
def test_a_file_that_cannot_be_replaced_stays_as_it_was(
    error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    replace_file(file, "before")

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(type(error)):
        replace_file(file, "after")
    assert [each.name for each in tmp_path.iterdir()] == ["file"]
    assert file.read_text() == "before"
    assert file.stat().st_mode & 0o777 == 0o644
