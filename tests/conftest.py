"""How tests run: with the project's own plugin, and no example has a deadline, for no test asserts a time."""

from hypothesis import settings

pytest_plugins = ["pytester", "scripts.testing.plugin"]

settings.register_profile("stepweave", deadline=None)
settings.load_profile("stepweave")
