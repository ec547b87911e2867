"""What EventBridge is told of executions, as AWS spells it."""

import json
from collections.abc import Callable
from typing import Any

from stepweave.contract.status_change import StatusChangeEvent
from stepweave.local_cloud.adapters.step_functions.execution_start import execution_start
from stepweave.local_cloud.adapters.step_functions.state_machine_arns import state_machine_arns

QUEUE = "arn:aws:sqs:us-east-1:123456789012:changes"
TASK = {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:flaky", "End": True}
FIELDS = {
    "executionArn",
    "stateMachineArn",
    "stateMachineVersionArn",
    "stateMachineAliasArn",
    "name",
    "status",
    "startDate",
    "stopDate",
    "input",
    "inputDetails",
    "output",
    "outputDetails",
    "error",
    "cause",
    "redriveCount",
    "redriveDate",
    "redriveStatus",
    "redriveStatusReason",
}


def test_a_status_change_tells_of_versions_and_redrives(engine: Any, client: Callable[[str], Any]) -> None:
    engine.adapt(execution_start(), state_machine_arns())
    queue = client("sqs").create_queue(QueueName="changes")["QueueUrl"]
    pattern = {"detail-type": ["Step Functions Execution Status Change"]}
    client("events").put_rule(Name="changes", EventPattern=json.dumps(pattern))
    client("events").put_targets(Rule="changes", Targets=[{"Id": "queue", "Arn": QUEUE}])
    details: dict[tuple[str, int], dict[str, Any]] = {}

    def told(status: str, redrives: int) -> dict[str, Any]:
        def find() -> dict[str, Any] | None:
            for message in client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
                event = json.loads(message["Body"])
                if event["detail"]["status"] in {"FAILED", "ABORTED"}:
                    read = StatusChangeEvent.model_validate(event | {"id": "made anew"})
                    assert read.detail.redrives == event["detail"]["redriveCount"]
                details[event["detail"]["status"], event["detail"]["redriveCount"]] = event["detail"]
            return details.get((status, redrives))

        detail: dict[str, Any] = engine.until(find)
        assert set(detail) == FIELDS
        return detail

    failures = [RuntimeError("not yet")]

    def flaky(_: Any) -> str:
        if failures:
            raise failures.pop()
        return "done"

    engine.functions.by_name = {"flaky": flaky}
    machine = engine.create({"StartAt": "Only", "States": {"Only": TASK}})
    version = engine.client.publish_state_machine_version(stateMachineArn=machine)["stateMachineVersionArn"]
    execution = engine.start(version)
    engine.end(execution)

    running = told("RUNNING", 0)
    assert (running["stateMachineArn"], running["stateMachineVersionArn"]) == (machine, version)
    assert (running["stateMachineAliasArn"], running["stopDate"], running["redriveDate"]) == (None, None, None)
    assert running["redriveStatus"] == "NOT_REDRIVABLE"
    assert running["redriveStatusReason"] == "Execution is RUNNING and cannot be redriven"
    failed = told("FAILED", 0)
    assert (failed["redriveStatus"], failed["redriveStatusReason"]) == ("REDRIVABLE", None)

    date = engine.client.redrive_execution(executionArn=execution)["redriveDate"]
    engine.end(execution)
    assert told("RUNNING", 1)["redriveStatus"] == "NOT_REDRIVABLE"
    done = told("SUCCEEDED", 1)
    assert abs(done["redriveDate"] / 1000 - date.timestamp()) < 1
    assert done["redriveStatusReason"] == "Execution is SUCCEEDED and cannot be redriven"
