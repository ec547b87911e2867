"""The project that these tests run: in its place, or as a folder of links to it, for what leaves something behind."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from stepweave.project.settings import PROJECT_VARIABLE

SAMPLE: Final = Path(__file__).parent / "sample"


def link_sample(folder: Path) -> Path:
    """Make a folder of links to the project, and return it."""
    folder.mkdir()
    for source in SAMPLE.iterdir():
        if not source.name.startswith((".", "__")) and source.name != "cdk.out":
            (folder / source.name).symlink_to(source)
    return folder


def environment(**changes: str) -> Mapping[str, str]:
    """Return the environment of who calls the command in a project's folder, and has no AWS account."""
    hidden = ("AWS_", PROJECT_VARIABLE, "STEPWEAVE_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    return {**kept, "NO_COLOR": "1", "COLUMNS": "400", **changes}
