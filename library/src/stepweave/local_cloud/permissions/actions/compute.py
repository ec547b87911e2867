"""Lambda, Step Functions and EventBridge Scheduler."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from stepweave.local_cloud.account import ACCOUNT_ID, REGION
from stepweave.local_cloud.permissions.actions.table import Access, Call, ServiceTable, some


def function_arn(name: str, qualifier: str | None = None, region: str = REGION) -> str:
    """Return the ARN of a function, by its name or ARN, with the qualifier that is in that or given."""
    if not name.startswith("arn:"):
        *_account, name = name.split(":function:")
        name = f"arn:aws:lambda:{region}:{ACCOUNT_ID}:function:{name}"
    return f"{name}:{qualifier}" if qualifier and name.count(":") == 6 else name


def _function(call: Call) -> str:
    return function_arn(call.text("FunctionName"), call.text("Qualifier"), call.region)


def _unqualified(call: Call) -> str:
    return ":".join(_function(call).split(":")[:7])


def _lambda_resource(call: Call) -> str:
    if "EventSourceMapping" in call.operation:
        return call.arn("lambda", f"event-source-mapping:{call.text('UUID')}") if call.text("UUID") else "*"
    if "Layer" in call.operation:
        version = call.text("VersionNumber")
        return call.arn("lambda", f"layer:{call.text('LayerName')}{f':{version}' if version else ''}")
    if resource := call.text("Resource") or call.text("ResourceArn"):
        return resource
    return _unqualified(call) if "Alias" in call.operation or "Version" in call.operation else _function(call)


def _lambda_keys(call: Call) -> dict[str, tuple[str, ...]]:
    is_mapping = "EventSourceMapping" in call.operation and call.text("FunctionName")
    return some(
        lambda__functionarn=function_arn(call.text("FunctionName"), region=call.region) if is_mapping else None,
        lambda__principal=call.text("Principal"),
        lambda__functionurlauthtype=call.text("FunctionUrlAuthType") or call.text("AuthType"),
    )


LAMBDA: Final = ServiceTable(
    "lambda",
    _lambda_resource,
    {
        "Invoke": "InvokeFunction",
        "InvokeAsync": "InvokeFunction",
        "InvokeWithResponseStream": "InvokeFunction",
    },
    frozenset({"GetAccountSettings", "ListEventSourceMappings", "ListFunctions", "ListLayers", "ListLayerVersions"}),
    keys=_lambda_keys,
)


def _machine(call: Call) -> str:
    """The resource of a call: a state machine without its qualifier, an execution, an activity or a Map run."""
    for name in (
        "executionArn",
        "mapRunArn",
        "activityArn",
        "stateMachineArn",
        "resourceArn",
        "stateMachineAliasArn",
        "stateMachineVersionArn",
    ):
        if arn := call.text(name):
            is_machine = ":stateMachine:" in arn and "/" not in arn
            return ":".join(arn.split(":")[:7]) if is_machine else arn
    kind = "activity" if "Activity" in call.operation else "stateMachine"
    return call.arn("states", f"{kind}:{call.text('name')}")


def _machine_keys(call: Call) -> dict[str, tuple[str, ...]]:
    parts = call.text("stateMachineArn").split(":")
    return some(states__statemachinequalifier=parts[7] if len(parts) > 7 else None)


def _task_token(call: Call) -> Iterator[Access]:
    machine = call.stored.machine_of_token(call.text("taskToken"))
    if machine is not None:  # else Step Functions says what is wrong with the token
        yield Access(f"states:{call.operation}", machine)


STATES: Final = ServiceTable(
    "states",
    _machine,
    without_resource=frozenset({"ListActivities", "ListStateMachines", "TestState", "ValidateStateMachineDefinition"}),
    special=dict.fromkeys(("SendTaskSuccess", "SendTaskFailure", "SendTaskHeartbeat"), _task_token),
    keys=_machine_keys,
)


def _schedule(call: Call) -> str:
    if arn := call.text("ResourceArn"):
        return arn
    if "ScheduleGroup" in call.operation:
        return call.arn("scheduler", f"schedule-group/{call.text('Name')}")
    return call.arn("scheduler", f"schedule/{call.text('GroupName') or 'default'}/{call.text('Name')}")


def _passing_role(action: str, role: Callable[[Call], str]) -> Callable[[Call], Iterator[Access]]:
    service = action.partition(":")[0]

    def accesses(call: Call) -> Iterator[Access]:
        yield Access(action, _schedule(call))
        if role(call):
            yield Access("iam:PassRole", role(call), some(iam__passedtoservice=f"{service}.amazonaws.com"))

    return accesses


def _target_role(call: Call) -> str:
    return str((call.parameters.get("Target") or {}).get("RoleArn", ""))


SCHEDULER: Final = ServiceTable(
    "scheduler",
    _schedule,
    without_resource=frozenset({"ListScheduleGroups", "ListSchedules"}),
    special={
        f"{verb}Schedule": _passing_role(f"scheduler:{verb}Schedule", _target_role) for verb in ("Create", "Update")
    },
)
