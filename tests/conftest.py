"""How property tests run: no test asserts a time, so no example has a deadline."""

from hypothesis import settings

settings.register_profile("stepweave", deadline=None)
settings.load_profile("stepweave")
