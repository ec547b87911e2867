"""The table of services in the documentation says what the local cloud has, and nothing else."""

import re
from pathlib import Path

from stepweave.local_cloud.adapters.cloudformation.resources.catalog import RESOURCE_TYPES
from stepweave.local_cloud.adapters.step_functions.task_resources import OFFERED

DOCUMENT = Path(__file__).resolve().parents[4] / "docs/local_cloud.md"


def _rows() -> dict[str, tuple[str, str]]:
    section = DOCUMENT.read_text(encoding="utf-8").partition("## Services\n")[2].partition("\n## ")[0]
    cells = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return {service.strip(): (types, refused) for service, types, refused in cells[2:]}


def _quoted(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def test_every_type_of_resource_is_in_the_table_once() -> None:
    shown = [f"AWS::{name}" for types, _ in _rows().values() for name in _quoted(types)]
    assert sorted(shown) == sorted(RESOURCE_TYPES)


def test_the_integrations_that_are_offered_are_named() -> None:
    assert set(_quoted(_rows()["Step Functions"][1])) >= OFFERED
