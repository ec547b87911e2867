"""What a workflow takes and how it is given, for people."""

import json

from stepweave.command.run.input_options import usage_of
from stepweave.contract.argument import argument_of
from stepweave.language.inputs import InputField
from stepweave.language.types import type_name
from stepweave.language.workflow import Workflow


def input_lines(workflow: Workflow) -> list[str]:
    """Return a line for each input: ``depth: int (--depth INTEGER, default 1)``."""
    return [_line(field) for field in workflow.inputs]


def _line(field: InputField) -> str:
    argument = argument_of(field.annotation)
    parts = [usage_of(field)]
    if argument is not None and argument.help:
        parts.append(argument.help)
    if field.default is not None:
        parts.append(f"default {json.dumps(field.default.value, ensure_ascii=False)}")
    return f"{field.name}: {type_name(field.annotation)} ({', '.join(parts)})"
