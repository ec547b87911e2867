"""These tests make projects of their own, and are in no other while they do."""

import pytest

from stepweave.project.settings import PROJECT_VARIABLE


@pytest.fixture(autouse=True)
def _in_no_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PROJECT_VARIABLE)
