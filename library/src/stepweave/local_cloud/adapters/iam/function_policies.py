"""A function has one policy for each of its qualifiers.

Upstream defect: what is permitted for an alias is permitted for the version that the alias stands for at that moment,
and says so in its resource; a template's permission has no id, and cannot be taken away.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from moto.awslambda.exceptions import GenericResourcNotFound
from moto.awslambda.models import LambdaBackend

from stepweave.local_cloud.adapters.patch import replaced


@contextmanager
def function_policies() -> Iterator[None]:
    """Keep the statements of a function with the function, each with the resource that it is about."""
    with ExitStack() as patches:
        for owner, name, method in (
            (LambdaBackend, "add_permission", _add_permission),
            (LambdaBackend, "remove_permission", _remove_permission),
            (LambdaBackend, "get_policy", _get_policy),
        ):
            patches.enter_context(replaced(owner, name, method))
        yield


def _add_permission(self: Any, function_name: str, qualifier: str | None, raw: str) -> dict[str, Any]:
    function, qualifier = _unqualified(self, function_name, qualifier)
    statement: dict[str, Any] = function.policy.add_statement(raw, qualifier)[0]
    return statement


def _remove_permission(self: Any, function_name: str, sid: str, revision: str = "") -> None:
    function, _ = _unqualified(self, function_name, None)
    function.policy.del_statement(sid, revision)


def _get_policy(self: Any, function_name: str, qualifier: str | None = None) -> str:
    function, qualifier = _unqualified(self, function_name, qualifier)
    resource = f"{function.function_arn}:{qualifier}" if qualifier else function.function_arn
    statements = [one for one in function.policy.statements if one["Resource"] == resource]
    if not statements:
        raise GenericResourcNotFound
    policy = json.dumps({"Version": "2012-10-17", "Id": "default", "Statement": statements})
    return json.dumps({"Policy": policy, "RevisionId": function.policy.revision})


def _unqualified(backend: Any, name: str, qualifier: str | None) -> tuple[Any, str | None]:
    """Return a function without its qualifier, and that; raise if there is no such qualifier."""
    parts = name.split(":")
    at = 7 if name.startswith("arn:") else 3 if ":function:" in name else 1
    qualifier = qualifier or (parts[at] if len(parts) > at else None)
    backend.get_function(name, qualifier)
    return backend.get_function(":".join(parts[:at])), None if qualifier == "$LATEST" else qualifier
