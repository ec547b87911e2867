"""Where in its state an expression is, as AWS names it when the expression fails."""

from __future__ import annotations

import json
from typing import Any

from moto.stepfunctions.parser.asl.antlr.runtime.ASLParser import ASLParser
from moto.stepfunctions.parser.asl.component.common.string.string_expression import StringJSONata
from moto.stepfunctions.parser.asl.component.component import Component


def location(ctx: Any) -> str:
    """Return where in its state an expression is, such as ``Output/values[0]``.

    Parameters
    ----------
    ctx
        The expression in the tree that was parsed.
    """
    path = ""
    while ctx.parentCtx is not None and not isinstance(ctx, ASLParser.State_declContext):
        texts = [child.getText() for child in ctx.parentCtx.children]
        before = texts[: ctx.parentCtx.children.index(ctx)]
        if "[" in before:
            path = f"[{before.count(',')}]{path}"
        if len(texts) > 1 and texts[1] == ":" and not isinstance(ctx.parentCtx, ASLParser.State_declContext):
            path = f"/{json.loads(texts[0])}{path}"
        ctx = ctx.parentCtx
    return path.removeprefix("/")


def relocate(component: Any, before: str, after: str) -> None:
    """Correct the places of expressions that were parsed in another field than theirs.

    Parameters
    ----------
    component
        What was parsed.
    before
        The field in which it was.
    after
        The field in which it is.
    """
    if isinstance(component, StringJSONata):
        component.location = after + component.location.removeprefix(before)
    elif isinstance(component, Component):
        for part in vars(component).values():
            for item in part if isinstance(part, list) else [part]:
                relocate(item, before, after)
