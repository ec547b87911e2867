"""Which features of Amazon States Language a definition uses, and which of them Step Functions Local lacks.

Step Functions Local is AWS's own engine in a container. AWS calls it unsupported and says that it does not have all
features [1]_; its last image, 2.0.0, is of May 2024. So it knows what Step Functions had by then:

- JSONPath with all 18 intrinsic functions (August 2022) [2]_, ``MaxDelaySeconds`` and ``JitterStrategy`` (September
  2023) [3]_; neither JSONata nor workflow variables, which came in November 2024 [4]_;
- Lambda functions and the optimised integrations of services that it has an endpoint option for: Lambda, Batch,
  DynamoDB, ECS, Glue, SageMaker, SQS, SNS and Step Functions [5]_;
- AWS SDK integrations only with mocked responses [6]_. There is no option for their endpoint, so they would call AWS
  itself, with the credentials of whoever started the container. Waiting at a gate is such an integration
  (``aws-sdk:dynamodb:updateItem.waitForTaskToken``: the optimised integration of DynamoDB cannot wait for a token), and
  so is all that makes up for an agent that failed. A workflow that has gates runs there when it is compiled with
  ``--strategy levels``.

What is listed as supported was taken from these pages; what runs is seen by ``make test-sfn-local``.

References
----------
.. [1] https://docs.aws.amazon.com/step-functions/latest/dg/sfn-local.html
.. [2] https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html
.. [3] https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
.. [4] https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
.. [5] https://docs.aws.amazon.com/step-functions/latest/dg/sfn-local-config-options.html
.. [6] https://docs.aws.amazon.com/step-functions/latest/dg/sfn-local-test-sm-exec.html
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

StateJson = Mapping[str, Any]
"""A state, or a definition, in Amazon States Language."""

_PATHS: Final = frozenset({"InputPath", "OutputPath", "Parameters", "ResultSelector", "ResultPath"})
_COMMON: Final = frozenset({"Type", "Comment", "Next", "End"})
_FAILING: Final = frozenset({"Retry", "Catch"})
_TIMES: Final = frozenset({"TimeoutSeconds", "TimeoutSecondsPath", "HeartbeatSeconds", "HeartbeatSecondsPath"})

_FIELDS: Final[Mapping[str, frozenset[str]]] = {
    "Task": _COMMON | _PATHS | _FAILING | _TIMES | {"Resource"},
    "Parallel": _COMMON | _PATHS | _FAILING | {"Branches"},
    "Map": _COMMON | _PATHS | _FAILING | {"Iterator", "ItemProcessor", "ItemsPath", "ItemSelector", "MaxConcurrency"},
    "Pass": _COMMON | _PATHS | {"Result"},
    "Choice": frozenset({"Type", "Comment", "InputPath", "OutputPath", "Choices", "Default"}),
    "Wait": _COMMON | {"InputPath", "OutputPath", "Seconds", "SecondsPath", "Timestamp", "TimestampPath"},
    "Succeed": frozenset({"Type", "Comment", "InputPath", "OutputPath"}),
    "Fail": frozenset({"Type", "Comment", "Error", "ErrorPath", "Cause", "CausePath"}),
}
_DEFINITION_FIELDS: Final = frozenset({"Comment", "StartAt", "States", "TimeoutSeconds", "Version"})
_RETRIER_FIELDS: Final = frozenset(
    {"ErrorEquals", "IntervalSeconds", "MaxAttempts", "BackoffRate", "MaxDelaySeconds", "JitterStrategy"}
)
_CATCHER_FIELDS: Final = frozenset({"ErrorEquals", "Next", "ResultPath", "Comment"})
_SERVICES: Final = frozenset({"lambda", "batch", "dynamodb", "ecs", "glue", "sagemaker", "sqs", "sns", "states"})
_INTRINSICS: Final = frozenset(
    {
        "States.Array",
        "States.ArrayContains",
        "States.ArrayGetItem",
        "States.ArrayLength",
        "States.ArrayPartition",
        "States.ArrayRange",
        "States.ArrayUnique",
        "States.Base64Decode",
        "States.Base64Encode",
        "States.Format",
        "States.Hash",
        "States.JsonMerge",
        "States.JsonToString",
        "States.MathAdd",
        "States.MathRandom",
        "States.StringSplit",
        "States.StringToJson",
        "States.UUID",
    }
)
_TEXT: Final = re.compile(r"'(?:\\.|[^'\\])*'")
_CALL: Final = re.compile(r"\bStates\.\w+(?=\()")


def features(definition: StateJson) -> frozenset[str]:
    """List the features that a definition uses: fields, task resources and intrinsic functions.

    Parameters
    ----------
    definition : StateJson
        The state machine; substitutions such as ``${agent_linter}`` may stand for functions.

    Example
    -------
    >>> sorted(features({"StartAt": "a", "States": {"a": {"Type": "Succeed"}}}))
    ['StartAt', 'States', 'Succeed', 'Succeed.Type']
    """
    return frozenset(_features(definition))


def lacking(definition: StateJson) -> list[str]:
    """List what a definition uses that Step Functions Local lacks, sorted; empty if it can be run there."""
    return sorted(feature for feature in features(definition) if not _is_supported(feature))


def _features(machine: StateJson) -> Iterator[str]:
    yield from (field for field in machine)
    for state in machine["States"].values():
        kind = str(state["Type"])
        yield kind
        yield from (f"{kind}.{field}" for field in state)
        yield from (f"Retry.{field}" for retrier in state.get("Retry", ()) for field in retrier)
        yield from (f"Catch.{field}" for catcher in state.get("Catch", ()) for field in catcher)
        if kind == "Task":
            yield f"resource {_resource(str(state['Resource']))}"
        yield from _calls(state)
        for inner in _inner_machines(state):
            yield from _features(inner)
        processor = state.get("ItemProcessor", {}).get("ProcessorConfig", {})
        if processor.get("Mode", "INLINE") != "INLINE":
            yield "distributed Map"


def _is_supported(feature: str) -> bool:
    kind, _, rest = feature.partition(" ")
    if kind == "resource":
        return rest == "function" or rest.partition(":")[0] in _SERVICES
    if feature.startswith("States."):
        return feature in _INTRINSICS
    owner, dot, field = feature.partition(".")
    if not dot:
        return owner in _FIELDS or owner in _DEFINITION_FIELDS
    known = {"Retry": _RETRIER_FIELDS, "Catch": _CATCHER_FIELDS, **_FIELDS}
    return field in known.get(owner, frozenset())


def _resource(resource: str) -> str:
    """Return ``function`` for a Lambda function, else the integration: ``sqs:sendMessage.waitForTaskToken``."""
    if resource.startswith(("${agent_", "${admission}")) or ":function:" in resource:
        return "function"
    return resource.partition(":states:::")[2] or resource


def _calls(value: object) -> Iterator[str]:
    """Yield the intrinsic functions that expressions call, and the marks of JSONata."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key in {"Branches", "Iterator", "ItemProcessor"}:
                continue  # these hold states, which are looked at on their own
            if key.endswith(".$") and isinstance(item, str):
                yield from _CALL.findall(_TEXT.sub("''", item))
            yield from _calls(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _calls(item)
    elif isinstance(value, str) and value.startswith("{%"):
        yield "JSONata expressions"


def _inner_machines(state: StateJson) -> list[StateJson]:
    found = [*state.get("Branches", ()), state.get("ItemProcessor"), state.get("Iterator")]
    return [{name: item for name, item in one.items() if name != "ProcessorConfig"} for one in found if one is not None]
