import logging

import pytest

from stepweave.local_cloud.adapters.step_functions.quiet_logs import quiet_logs


def test_what_nobody_asked_for_is_not_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    logger = logging.getLogger("moto.stepfunctions.parser")
    logger.error("one task failed")
    assert "one task failed" in capsys.readouterr().err
    with quiet_logs():
        logger.error("another task failed")
        assert capsys.readouterr().err == ""
    logger.error("a third")
    assert "a third" in capsys.readouterr().err
