from __future__ import annotations

import pytest

from lambdas.reporter.assembly import assemble
from lambdas.reporter.formats import FORMATS
from lambdas.shared.repository.contract import ToolSettings
from stepweave.contract.failure import TaskFailure
from tests.agents.reporter.reports import shop


@pytest.mark.parametrize("each", FORMATS, ids=lambda each: each.name)
@pytest.mark.parametrize(
    "settings", [ToolSettings(files=("configured.toml",)), ToolSettings(problem="configured.toml is damaged")]
)
def test_every_format_says_which_settings_counted(each: object, settings: ToolSettings) -> None:
    task = shop()
    assert not isinstance(task.lint, TaskFailure)
    lint = task.lint.model_copy(update={"tool": task.lint.tool.model_copy(update={"settings": settings})})
    text = each.render(assemble(task.model_copy(update={"lint": lint}), "review/run-1"))  # type: ignore[attr-defined]
    assert "configured.toml" in text
    assert "configured.toml" not in each.render(assemble(task, "review/run-1"))  # type: ignore[attr-defined]
