"""How tests run: with the library's own plugin, in a project of their own, and no example has a deadline.

Properties are tried with few examples each time, and with many by ``make properties``.
"""

import os
from pathlib import Path

from hypothesis import settings

from stepweave.project.settings import PROJECT_VARIABLE

# Before anything is collected: modules of tests ask for the project when they are imported.
os.environ[PROJECT_VARIABLE] = str(Path(__file__).parent / "sample")

pytest_plugins = ["pytester"]

settings.register_profile("quick", deadline=None, max_examples=40)
settings.register_profile("thorough", deadline=None, max_examples=500)
settings.load_profile("quick")
