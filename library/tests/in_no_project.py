"""For tests that make projects of their own: they are in no other meanwhile, and leave none behind."""

import sys
from collections.abc import Iterator
from types import ModuleType

import pytest

from stepweave.project.settings import PROJECT_VARIABLE

_PACKAGES = frozenset({"lambdas", "scripts", "stacks", "state_machines"})
"""What the packages of every project are called: the first that is imported stands for those of all."""


@pytest.fixture(autouse=True)
def in_no_project(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No variable names a project, and what is imported of one is forgotten with the path to it."""
    monkeypatch.delenv(PROJECT_VARIABLE)
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = _take_out()
    yield
    _take_out()
    sys.modules.update(before)


def _take_out() -> dict[str, ModuleType]:
    return {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] in _PACKAGES}
