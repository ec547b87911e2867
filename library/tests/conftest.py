"""How tests run: with the project's own plugin, and no example has a deadline, for no test asserts a time."""

import pytest
from hypothesis import settings

pytest_plugins = ["pytester", "stepweave.testing.plugin"]

settings.register_profile("stepweave", deadline=None)
settings.load_profile("stepweave")


@pytest.fixture(scope="module", autouse=True)
def _process_of_a_module(request: pytest.FixtureRequest) -> None:
    """The local cloud that tests share makes way for modules that do not use it, whatever came before them.

    They start one of their own, use moto's mocks, or look at moto as it comes.
    """
    tests = [item for item in request.session.items if item.getparent(pytest.Module) is request.node]
    if not any("local_cloud" in getattr(item, "fixturenames", ()) for item in tests):
        request.getfixturevalue("without_local_cloud")
