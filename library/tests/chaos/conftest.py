"""A local cloud with the agents of these tests, and the seed of what goes wrong in it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from stepweave.cdk.bundle import Bundler
from stepweave.cdk.platform import Platform
from stepweave.project.settings import Project, require_project
from stepweave.testing.local_backend import LocalBackend

SEED_VARIABLE: Final = "STEPWEAVE_CHAOS_SEED"
DEFAULT_SEED: Final = 20261123

_AGENTS: Final = Path(__file__).parent / "agents"


@pytest.fixture(scope="session")
def seed() -> int:
    """What decides on faults; `make chaos SEED=n` chooses it."""
    return int(os.environ.get(SEED_VARIABLE) or DEFAULT_SEED)


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project like this one, with the agents of these tests."""
    folder = tmp_path_factory.mktemp("project")
    without_caches = shutil.ignore_patterns("__pycache__")
    shutil.copytree(require_project().root / "lambdas", folder / "lambdas", ignore=without_caches)
    for agent in _AGENTS.iterdir():
        if (agent / "contract.py").exists():
            shutil.copytree(agent, folder / "lambdas" / agent.name, ignore=without_caches)
    return folder


@pytest.fixture(scope="module")
def cloud(project: Path) -> Iterator[LocalBackend]:
    """A local cloud where time is skipped, for the tests of a module."""
    with LocalBackend(Bundler(Project(project, "stepweave"), Platform.native())) as backend:
        backend.begin("skipped")
        yield backend
