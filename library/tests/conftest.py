"""How tests run: with the library's own plugin, in a project of their own, and no example has a deadline.

Properties are tried with few examples each time, and with many by ``make properties``.
"""

import os
from pathlib import Path

import pytest
from hypothesis import settings

from stepweave.project.settings import PROJECT_VARIABLE

# Before anything is collected: modules of tests ask for the project when they are imported.
os.environ[PROJECT_VARIABLE] = str(Path(__file__).parent / "sample")

pytest_plugins = ["pytester"]

settings.register_profile("quick", deadline=None, max_examples=40)
settings.register_profile("thorough", deadline=None, max_examples=500)
settings.load_profile("quick")


@pytest.fixture(scope="module", autouse=True)
def _process_of_a_module(request: pytest.FixtureRequest) -> None:
    """The local cloud that tests share makes way for modules that do not use it, whatever came before them.

    They start one of their own, use moto's mocks, or look at moto as it comes.
    """
    tests = [item for item in request.session.items if item.getparent(pytest.Module) is request.node]
    if not any("local_cloud" in getattr(item, "fixturenames", ()) for item in tests):
        request.getfixturevalue("without_local_cloud")
