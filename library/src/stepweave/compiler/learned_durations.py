"""Durations that were learned from executions: a small file beside the module of each workflow."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from stepweave.compiler.options import CompileOptions
from stepweave.graph.errors import WorkflowError
from stepweave.language.call_site import shown
from stepweave.language.workflow import Workflow


class LearnedDurations(BaseModel):
    """What ``stepweave profile`` found out.

    It is committed with the workflow, so that everybody compiles the same state machine.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    executions: Annotated[int, Field(gt=0, description="how many executions were looked at")]
    seconds: Annotated[
        dict[str, Annotated[FiniteFloat, Field(ge=0)]], Field(description="the median that each task took, by id")
    ]

    def to_json(self) -> str:
        """Return the text of the file, ending with a newline; tasks are sorted by id."""
        content = {"executions": self.executions, "seconds": dict(sorted(self.seconds.items()))}
        return json.dumps(content, indent=2) + "\n"


def durations_file(workflow: Workflow) -> Path:
    """Return where a workflow's learned durations are, whether or not there are any."""
    module = Path(workflow.function.__code__.co_filename)
    return module.with_name(f"{workflow.name.replace('-', '_')}.durations.json")


def learned_durations(workflow: Workflow) -> LearnedDurations | None:
    """Read what was learned of a workflow; None if nothing was.

    Raises
    ------
    WorkflowError
        If the file is not what ``stepweave profile`` writes.
    """
    file = durations_file(workflow)
    try:
        text = file.read_bytes()
    except FileNotFoundError:
        return None
    try:
        return LearnedDurations.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise WorkflowError(
            f"{shown(str(file))}{': ' if place else ''}{place}: {first['msg']}",
            remedy=f"delete the file, or write it anew: stepweave profile {workflow.name}",
        ) from error


def with_learned(workflow: Workflow, options: CompileOptions) -> CompileOptions:
    """Return options with the durations that were learned of a workflow, unless they hold some already.

    Raises
    ------
    WorkflowError
        If the file with the durations cannot be read.
    """
    if options.durations is not None:
        return options
    learned = learned_durations(workflow)
    return options if learned is None else replace(options, durations=learned.seconds)
