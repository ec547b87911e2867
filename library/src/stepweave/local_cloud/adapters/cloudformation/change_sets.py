"""A change set is named within its stack.

Upstream defect: the stack's name is ignored where a change set is described, deleted, listed or executed by name. The
CDK gives all its change sets one name, so that from the second stack on it gets another stack's.
"""

# ruff: noqa: SLF001 - upstream's own way to read parameters

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from moto.cloudformation.exceptions import CloudFormationError
from moto.cloudformation.models import ChangeSet
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.responses import ActionResult, EmptyResult

from stepweave.local_cloud.adapters.patch import replaced


class ChangeSetNotFound(CloudFormationError):  # type: ignore[misc]  # noqa: N818 - AWS's name
    """There is no such change set."""

    code = "ChangeSetNotFound"


@contextmanager
def change_sets_by_stack() -> Iterator[None]:
    """Look change sets up by name and stack."""
    methods = {
        "describe_change_set": lambda response: ActionResult(_requested(response)),
        "delete_change_set": _delete_change_set,
        "list_change_sets": _list_change_sets,
        "execute_change_set": _execute_change_set,
    }
    with ExitStack() as patches:
        for name, method in methods.items():
            patches.enter_context(replaced(CloudFormationResponse, name, method))
        yield


def _requested(response: Any) -> ChangeSet:
    name, stack = response._get_param("ChangeSetName"), response._get_param("StackName")
    change_sets = response.cloudformation_backend.change_sets
    if name in change_sets:  # it is an ARN
        return change_sets[name]
    # the latest, since a name may be used again
    for change_set in reversed(change_sets.values()):
        if change_set.change_set_name == name and stack in {None, change_set.stack_name, change_set.stack_id}:
            return change_set
    raise ChangeSetNotFound(f"ChangeSet [{name}] does not exist")


def _delete_change_set(response: Any) -> EmptyResult:
    try:
        change_set = _requested(response)
    except ChangeSetNotFound:
        return EmptyResult()  # on AWS, too, deleting twice is no error
    response.cloudformation_backend.delete_change_set(change_set_name=change_set.change_set_id)
    return EmptyResult()


def _list_change_sets(response: Any) -> ActionResult:
    stack = response._get_param("StackName")
    change_sets = response.cloudformation_backend.list_change_sets()
    return ActionResult({"Summaries": [known for known in change_sets if stack in {known.stack_name, known.stack_id}]})


def _execute_change_set(response: Any) -> EmptyResult:
    change_set = _requested(response)
    response.cloudformation_backend.execute_change_set(
        stack_name=change_set.stack_name, change_set_name=change_set.change_set_id
    )
    return EmptyResult()
