import os
from typing import NoReturn

import pytest

from stepweave.testing.own_environment import own_environment


def test_added_changed_and_removed_variables_are_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OWN_CHANGED", "before")
    monkeypatch.setenv("OWN_REMOVED", "before")
    before = dict(os.environ)

    def fail() -> NoReturn:
        os.environ["OWN_ADDED"] = os.environ["OWN_CHANGED"] = "meanwhile"
        del os.environ["OWN_REMOVED"]
        raise ValueError("on purpose")

    with pytest.raises(ValueError, match="on purpose"), own_environment():
        fail()
    assert dict(os.environ) == before
