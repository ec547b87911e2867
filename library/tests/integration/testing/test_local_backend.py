"""The test API in a local cloud, with real handlers in their processes."""

import json
from dataclasses import replace
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from stepweave.command.errors import CommandError
from stepweave.compiler.compile import compile_dag
from stepweave.functions.replayer.contract import ReplayResult, replayer
from stepweave.testing.deployed_backend import DeployedBackend
from stepweave.testing.errors import ExecutionStuckError, ExecutionTimeoutError, NotAvailableOnAwsError, TestApiError
from stepweave.testing.local_backend import LocalBackend
from stepweave.testing.run import Run
from tests.integration.testing.workflows import DAY, RESULT, crossing_naps, patient, two_naps

pytestmark = pytest.mark.timeout(240)


def approval(**state: Any) -> dict[str, Any]:
    """A machine that puts a task token into a queue, and waits for it an hour."""
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"QueueUrl.$": "$.queue", "MessageBody": {"token.$": "$$.Task.Token", "what": "deploy?"}},
        "TimeoutSeconds": 3600,
        "End": True,
    }
    pause = {"Type": "Wait", "Seconds": 600, "Next": "approve"}
    return {"StartAt": "pause", "States": {"pause": pause, "approve": task | state}}


def new_queue(cloud: LocalBackend) -> str:
    return str(cloud.client("sqs").create_queue(QueueName="approvals")["QueueUrl"])


def test_a_run_tells_what_its_tasks_did(local_cloud: LocalBackend) -> None:
    run = local_cloud.run(two_naps)
    assert run.status == "SUCCEEDED", run.cause
    assert run.order == ["first", "second"]
    assert run.started_after("second", "first")
    assert not run.started_after("first", "second")
    first, second = run.task("first"), run.task("second")
    assert first.status == second.status == "SUCCEEDED"
    assert first.attempts == 1
    assert first.input == {"seconds": 0.01}
    assert second.input == {"dependencies": [first.output]}
    assert second.output == run.output
    assert ReplayResult.model_validate(run.output).task == "second"
    assert first.started is not None
    assert second.ended is not None
    assert first.started < second.ended
    assert run.history[0]["type"] == "ExecutionStarted"
    with pytest.raises(TestApiError, match=r"has no task 'third'; it has first, second"):
        run.task("third")


def test_each_test_begins_with_nothing_stored_and_nothing_planned(local_cloud: LocalBackend) -> None:
    local_cloud.agent(replayer).fails()
    assert local_cloud.run(two_naps).error == "TransientError"
    bucket = local_cloud.payload_bucket
    local_cloud.client("s3").put_object(Bucket=bucket, Key="left", Body=b"over")
    table = local_cloud.client("dynamodb").list_tables()["TableNames"][0]
    left = local_cloud.client("dynamodb").scan(TableName=table)["Count"]

    local_cloud.end()
    local_cloud.begin()

    assert local_cloud.client("s3").list_objects_v2(Bucket=bucket)["KeyCount"] == 0
    for name in local_cloud.client("dynamodb").list_tables()["TableNames"]:
        assert local_cloud.client("dynamodb").scan(TableName=name)["Count"] == 0, (name, left)
    assert local_cloud.agent(replayer).calls == 0
    assert local_cloud.run(two_naps).status == "SUCCEEDED"


def test_executions_that_a_test_leaves_behind_are_stopped(local_cloud: LocalBackend) -> None:
    local_cloud.agent(replayer).delays(20)
    run = local_cloud.start(two_naps)
    with pytest.raises(ExecutionTimeoutError, match=r"has not ended after 0.3 s; it is RUNNING, running: first"):
        run.wait(timeout=0.3)
    local_cloud.end()
    assert run.wait().status == "ABORTED"


def test_inputs_are_checked(local_cloud: LocalBackend) -> None:
    with pytest.raises(TestApiError, match="input 'speed' is unknown"):
        local_cloud.run(two_naps, speed=3)


@pytest.mark.local_cloud(time="skipped")
def test_an_agent_fails_and_is_tried_again(local_cloud: LocalBackend) -> None:
    local_cloud.agent("replayer", task="second").fails(times=2, error="TransientError", message="too many requests")
    run = local_cloud.run(two_naps)
    assert run.status == "SUCCEEDED"
    assert run.task("first").attempts == 1
    assert run.task("second").attempts == 3
    failures = [event for event in run.history if event["type"] == "LambdaFunctionFailed"]
    reported = json.loads(failures[0]["lambdaFunctionFailedEventDetails"]["cause"])
    assert reported["errorType"] == "TransientError"
    assert reported["errorMessage"] == "too many requests"


def test_an_agent_fails_for_good(local_cloud: LocalBackend) -> None:
    local_cloud.agent(replayer, task="second").fails(error="Broken", message="beyond repair")
    run = local_cloud.run(two_naps)
    assert (run.status, run.error) == ("FAILED", "Broken")
    assert "beyond repair" in run.cause
    assert run.task("second").status == "FAILED"
    assert run.task("second").error == "Broken"
    assert run.task("second").output is None


def test_what_an_agent_is_said_to_return_opens_gates_too(local_cloud: LocalBackend) -> None:
    local_cloud.agent(replayer).returns(RESULT)
    run = local_cloud.run(crossing_naps)
    assert run.status == "SUCCEEDED", run.cause
    assert sorted(run.order) == ["a", "b", "c", "d", "e"]
    assert all(task.output == RESULT.model_dump() for task in run.tasks.values())
    assert run.task("d").input == {"dependencies": [RESULT.model_dump(), RESULT.model_dump()]}


def test_an_agent_cannot_return_what_its_contract_forbids(local_cloud: LocalBackend) -> None:
    with pytest.raises(TestApiError, match="replayer cannot return this"):
        local_cloud.agent(replayer).returns({"task": 3})
    with pytest.raises(TestApiError, match="there is no agent 'nobody'"):
        local_cloud.agent("nobody")


@pytest.mark.parametrize(
    ("when", "is_stored"),
    [("started", False), ("called", False), ("returned", False), ("stored", True), ("finished", True)],
)
def test_a_crash_kills_the_process_in_mid_call(local_cloud: LocalBackend, when: str, *, is_stored: bool) -> None:
    local_cloud.agent(replayer, task="first").crashes(when=when)
    run = local_cloud.run(two_naps)
    assert (run.status, run.error) == ("FAILED", "Runtime.ExitError")
    assert "signal: killed" in run.cause
    dynamodb = local_cloud.client("dynamodb")
    table = next(name for name in dynamodb.list_tables()["TableNames"] if "Idempotency" in name)
    items = dynamodb.scan(TableName=table)["Items"]  # the function that makes dead letters has one there too
    states = [item["status"]["S"] for item in items if item["id"]["S"].startswith("replayer#")]
    assert ("COMPLETED" in states) is is_stored
    assert local_cloud.run(two_naps).status == "SUCCEEDED"


def test_a_process_that_dies_when_its_result_is_stored_has_told_nobody(local_cloud: LocalBackend) -> None:
    dynamodb = local_cloud.client("dynamodb")

    def is_published(run: Run) -> bool:
        table = next(name for name in dynamodb.list_tables()["TableNames"] if "Gates" in name)
        return any(item["id"]["S"] == f"{run.arn}#a" for item in dynamodb.scan(TableName=table)["Items"])

    assert is_published(local_cloud.run(crossing_naps))
    local_cloud.agent(replayer, task="a").crashes(when="stored")
    run = local_cloud.run(crossing_naps)
    assert run.error == "Runtime.ExitError"
    assert not is_published(run)


@pytest.mark.local_cloud(time="skipped")
def test_a_call_that_lambda_refuses_is_tried_again(local_cloud: LocalBackend) -> None:
    local_cloud.agent(replayer, task="first").is_throttled(times=1).is_unavailable(times=1)
    run = local_cloud.run(two_naps)
    assert (run.status, run.task("first").attempts) == ("SUCCEEDED", 3), run.cause
    errors = [
        event["lambdaFunctionFailedEventDetails"]["error"]
        for event in run.history
        if event["type"] == "LambdaFunctionFailed"
    ]
    assert errors == ["Lambda.TooManyRequestsException", "Lambda.ServiceException"]


@pytest.mark.local_cloud(time="skipped")
def test_a_function_that_is_too_slow_times_out(local_cloud: LocalBackend) -> None:
    local_cloud.agent(replayer, task="second").delays(10_000)
    run = local_cloud.run(two_naps)
    assert run.status == "FAILED"
    assert run.error == "Sandbox.Timedout"
    taken = run.task("second").seconds
    assert taken is not None
    assert taken >= replayer.timeout.total_seconds()


def test_an_event_that_is_delivered_twice_changes_nothing(local_cloud: LocalBackend) -> None:
    local_cloud.agent(replayer).is_called_twice(times=5)
    run = local_cloud.run(two_naps)
    # Idempotency keeps the second delivery out; if it was the first to answer, the state tries again.
    assert run.status == "SUCCEEDED", run.cause
    assert local_cloud.agent(replayer).calls >= 2


@pytest.mark.local_cloud(time="skipped")
def test_a_day_and_three_retries_pass_at_once_and_in_order(local_cloud: LocalBackend) -> None:
    local_cloud.deploy(two_naps)
    local_cloud.agent(replayer, task="work").fails(times=3, error="Throttled")
    machine = local_cloud.deploy_definition("patient", patient("${agent_replayer}"))
    before = local_cloud.now()
    run = local_cloud.run(machine)
    assert run.status == "SUCCEEDED", run.cause
    assert run.states == ["pause", "work"]
    assert run.task("work").attempts == 4
    scheduled = [event["timestamp"] for event in run.history if event["type"] == "LambdaFunctionScheduled"]
    failed = [event["timestamp"] for event in run.history if event["type"] == "LambdaFunctionFailed"]
    assert (scheduled[0] - before).total_seconds() >= DAY
    # What a call itself takes comes on top.
    waits = [(later - earlier).total_seconds() for earlier, later in zip(failed, scheduled[1:], strict=True)]
    for wait, least in zip(waits, [600, 1200, 2400], strict=True):
        assert least <= wait < least + 60
    result = ReplayResult.model_validate(run.output)
    # The handler's own clock, in its own process, is the same.
    assert result.started >= before.timestamp() + DAY + 4200
    assert run.seconds is not None
    assert DAY + 4200 <= run.seconds < DAY + 4500


@pytest.mark.local_cloud(time="skipped")
def test_a_task_token_is_sent_back_in_time(local_cloud: LocalBackend) -> None:
    machine = local_cloud.deploy_definition("approval", approval())
    run = local_cloud.start(machine, queue=new_queue(local_cloud))
    pending = run.wait_for_token("approve")
    assert run.status == "RUNNING"
    assert run.task("pause").seconds is not None
    local_cloud.send_success(pending.token, {"approved": True})
    assert run.wait().output == {"approved": True}
    assert run.pending_tokens() == []


@pytest.mark.local_cloud(time="skipped")
def test_a_task_token_that_is_not_sent_back_runs_out(local_cloud: LocalBackend) -> None:
    machine = local_cloud.deploy_definition("approval", approval())
    run = local_cloud.run(machine, queue=new_queue(local_cloud))
    assert (run.status, run.error) == ("FAILED", "States.Timeout")
    taken = run.task("approve").seconds
    assert taken is not None
    assert taken >= 3600


@pytest.mark.local_cloud(time="skipped")
def test_a_test_that_waits_for_ever_is_told_so(local_cloud: LocalBackend) -> None:
    definition = approval()
    del definition["States"]["approve"]["TimeoutSeconds"]
    machine = local_cloud.deploy_definition("endless-approval", definition)
    run = local_cloud.start(machine, queue=new_queue(local_cloud))
    with pytest.raises(ExecutionStuckError, match="the task token of approve was not sent back"):
        run.wait()
    local_cloud.send_failure(run.wait_for_token().token, "Refused", "not today")
    assert (run.wait().status, run.error, run.cause) == ("FAILED", "Refused", "not today")


@pytest.mark.local_cloud(time="skipped")
def test_heartbeats_keep_a_task_alive(local_cloud: LocalBackend) -> None:
    machine = local_cloud.deploy_definition("heartbeats", approval(HeartbeatSeconds=100))
    run = local_cloud.start(machine, queue=new_queue(local_cloud))
    token = run.wait_for_token().token
    for _ in range(3):
        local_cloud.sleep(80)
        local_cloud.send_heartbeat(token)
    assert run.status == "RUNNING"
    local_cloud.sleep(120)
    assert run.wait().status == "FAILED"
    assert run.error in {"States.HeartbeatTimeout", "States.Timeout"}


@pytest.mark.local_cloud(time="skipped")
def test_time_stands_still_for_nobody_who_does_not_wait(local_cloud: LocalBackend) -> None:
    run = local_cloud.start(local_cloud.deploy_definition("approval", approval()), queue=new_queue(local_cloud))
    before = local_cloud.now()
    assert run.status == "RUNNING"
    local_cloud.sleep(300)
    assert 300 <= (local_cloud.now() - before).total_seconds() < 360
    assert run.task("pause").status == "RUNNING"
    local_cloud.sleep(300)
    assert run.task("pause").status == "SUCCEEDED"


@pytest.mark.local_cloud(time="skipped")
def test_a_throttled_table_is_survived(local_cloud: LocalBackend) -> None:
    local_cloud.deploy(crossing_naps)
    local_cloud.service("dynamodb").throttles(0.3, seed=5, times=6)
    run = local_cloud.run(crossing_naps)
    assert run.status == "SUCCEEDED", run.cause


def test_the_clients_see_the_errors_of_aws(local_cloud: LocalBackend) -> None:
    queue = new_queue(local_cloud)
    for service in ("dynamodb", "sqs"):
        local_cloud.service(service).throttles(times=1)
    once = Config(retries={"total_max_attempts": 1})
    session = local_cloud.cloud.session()
    with pytest.raises(ClientError) as refused:
        session.client("dynamodb", config=once).list_tables()
    assert refused.value.response["Error"]["Code"] == "ProvisionedThroughputExceededException"
    with pytest.raises(ClientError) as refused:
        session.client("sqs", config=once).send_message(QueueUrl=queue, MessageBody="x")
    assert refused.value.response["Error"]["Code"] == "RequestThrottled"
    local_cloud.service("sqs").loses_answers(times=1, operations=["SendMessage"])
    with pytest.raises(ClientError, match="InternalFailure"):
        session.client("sqs", config=once).send_message(QueueUrl=queue, MessageBody="arrived")
    received = session.client("sqs").receive_message(QueueUrl=queue)["Messages"]
    assert [message["Body"] for message in received] == ["arrived"]


@pytest.mark.local_cloud(time="skipped")
def test_messages_that_are_delayed_come_when_time_has_passed(local_cloud: LocalBackend) -> None:
    queue, sqs = new_queue(local_cloud), local_cloud.client("sqs")
    sqs.send_message(QueueUrl=queue, MessageBody="later", DelaySeconds=600)
    assert "Messages" not in sqs.receive_message(QueueUrl=queue)
    local_cloud.sleep(601)
    assert sqs.receive_message(QueueUrl=queue, VisibilityTimeout=3600)["Messages"][0]["Body"] == "later"
    assert "Messages" not in sqs.receive_message(QueueUrl=queue)
    local_cloud.sleep(3601)
    assert sqs.receive_message(QueueUrl=queue)["Messages"][0]["Body"] == "later"


@pytest.mark.local_cloud(time="skipped")
def test_a_schedule_fires_while_time_is_skipped_and_is_no_reason_to_skip(local_cloud: LocalBackend) -> None:
    events, sqs = local_cloud.client("events"), local_cloud.client("sqs")
    ticks = str(sqs.create_queue(QueueName="ticks")["QueueUrl"])
    events.put_rule(Name="each-minute", ScheduleExpression="rate(1 minute)")
    arn = "arn:aws:sqs:us-east-1:123456789012:ticks"
    events.put_targets(Rule="each-minute", Targets=[{"Id": "ticks", "Arn": arn, "InputPath": "$.time"}])

    def received() -> list[str]:
        times: list[str] = []
        while messages := sqs.receive_message(QueueUrl=ticks, MaxNumberOfMessages=10).get("Messages"):
            times += [json.loads(message["Body"]) for message in messages]
            for message in messages:
                sqs.delete_message(QueueUrl=ticks, ReceiptHandle=message["ReceiptHandle"])
        return times

    definition = approval()
    del definition["States"]["approve"]["TimeoutSeconds"]
    machine = local_cloud.deploy_definition("approval-beside-a-schedule", definition)
    run = local_cloud.start(machine, queue=new_queue(local_cloud))
    with pytest.raises(ExecutionStuckError, match="the task token of approve was not sent back"):
        run.wait()
    meanwhile = received()
    local_cloud.sleep(300)
    after = received()
    events.remove_targets(Rule="each-minute", Ids=["ticks"])
    events.delete_rule(Name="each-minute")
    assert (len(meanwhile), len(after)) == (10, 5)
    assert meanwhile + after == sorted({*meanwhile, *after})
    local_cloud.sleep(300)
    assert received() == []


def test_what_is_deployed_is_run_by_the_same_methods(local_cloud: LocalBackend) -> None:
    local_cloud.deploy(two_naps)
    deployed = DeployedBackend(local_cloud.cloud.session(), "the endpoint")
    run = deployed.run(two_naps)
    assert run.status == "SUCCEEDED", run.cause
    assert run.order == ["first", "second"]
    with pytest.raises(CommandError, match="workflow never-naps is not deployed on the endpoint"):
        deployed.run(compile_dag(replace(two_naps.trace(), name="never-naps")))
    with pytest.raises(NotAvailableOnAwsError, match="use the fixture local_cloud"):
        deployed.agent(replayer)
    with pytest.raises(NotAvailableOnAwsError, match="use the fixture local_cloud"):
        deployed.service("sqs")


def test_rules_end_with_the_test_that_put_them_but_for_those_of_stacks(local_cloud: LocalBackend) -> None:
    local_cloud.deploy(two_naps)
    events, scheduler = local_cloud.client("events"), local_cloud.client("scheduler")

    def rules(bus: str) -> set[str]:
        return {rule["Name"] for rule in events.list_rules(EventBusName=bus)["Rules"]}

    of_stacks = rules("default")
    assert of_stacks
    events.create_event_bus(Name="own")
    events.put_rule(Name="each-minute", ScheduleExpression="rate(1 minute)")
    events.put_rule(Name="all", EventPattern='{"source": [{"prefix": ""}]}', EventBusName="own")
    events.put_targets(
        Rule="all", EventBusName="own", Targets=[{"Id": "q", "Arn": "arn:aws:sqs:us-east-1:123456789012:q"}]
    )
    target = {"Arn": "arn:aws:sqs:us-east-1:123456789012:q", "RoleArn": "arn:aws:iam::123456789012:role/any"}
    scheduler.create_schedule(
        Name="each-minute", ScheduleExpression="rate(1 minute)", Target=target, FlexibleTimeWindow={"Mode": "OFF"}
    )
    local_cloud.end()
    assert (rules("default"), rules("own")) == (of_stacks, set())
    assert scheduler.list_schedules()["Schedules"] == []
    events.put_rule(Name="of-a-larger-scope", ScheduleExpression="rate(1 day)")
    local_cloud.begin()
    local_cloud.end()
    assert rules("default") == of_stacks | {"of-a-larger-scope"}
    events.delete_rule(Name="of-a-larger-scope")
    events.delete_event_bus(Name="own")
