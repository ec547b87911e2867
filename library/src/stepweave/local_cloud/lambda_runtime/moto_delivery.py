"""Delivers what functions leave behind to moto: logs, dead letters, and records of asynchronous events."""

from collections.abc import Callable
from typing import Final

from moto.events.models import events_backends
from moto.logs.models import logs_backends
from moto.sqs.models import sqs_backends

from stepweave.local_cloud.lambda_runtime.event_queue import DeadLetter
from stepweave.local_cloud.lambda_runtime.invocation_record import Condition, InvocationRecord
from stepweave.local_cloud.lambda_runtime.log_batch import LogBatch
from stepweave.local_cloud.permissions.actions.table import Access
from stepweave.local_cloud.permissions.authority import check
from stepweave.local_cloud.permissions.callers import RoleSession

QueueEvent = Callable[[str, bytes], object]
SENDING: Final = {
    "events": "events:PutEvents",
    "lambda": "lambda:InvokeFunction",
    "sns": "sns:Publish",
    "sqs": "sqs:SendMessage",
}
"""What the role of a function must allow to send what is left to a queue, topic, bus or function."""


def deliver_logs(batch: LogBatch) -> None:
    """Put a batch into its log stream; group and stream are created if need be, as Lambda does."""
    _arn, _partition, _service, region, account, *_rest = batch.function_arn.split(":")
    logs = logs_backends[account][region]
    first = () if batch.group in logs.groups else ("CreateLogGroup",)
    stream = f"arn:aws:logs:{region}:{account}:log-group:{batch.group}:log-stream:{batch.stream}"
    if not all(
        check(batch.caller, Access(f"logs:{action}", stream)).is_allowed
        for action in (*first, "CreateLogStream", "PutLogEvents")
    ):
        return  # as in AWS, nobody hears of it
    logs.ensure_log_group(batch.group)
    logs.ensure_log_stream(batch.group, batch.stream)
    # A clock that was set back must not lose the batch: the order of time is what PutLogEvents asks for.
    events = sorted(batch.events, key=lambda event: event.timestamp_ms)
    logs.put_log_events(
        batch.group, batch.stream, [{"timestamp": event.timestamp_ms, "message": event.message} for event in events]
    )


def deliver_dead_letter(letter: DeadLetter) -> None:
    """Send an event to the function's dead-letter queue or topic. Raises `ValueError` if it is neither."""
    _arn, _partition, service, region, account, name, *_rest = letter.target_arn.split(":")
    attributes = {
        "RequestID": {"DataType": "String", "StringValue": letter.request_id},
        "ErrorCode": {"DataType": "Number", "StringValue": str(letter.error_code)},
        "ErrorMessage": {"DataType": "String", "StringValue": letter.error_message or "-"},
    }
    body = letter.payload.decode()
    _check_sending(letter.caller, letter.target_arn)
    match service:
        case "sqs":
            sqs_backends[account][region].send_message(name, body, message_attributes=attributes)
        case "sns":
            _publish(letter.target_arn, body)
        case _:
            raise ValueError(f"a dead-letter queue must be an SQS queue or an SNS topic, not {letter.target_arn}")


def deliver_record(record: InvocationRecord, queue_event: QueueEvent) -> None:
    """Send the record of an event to a destination: a queue, topic, bus or function.

    Parameters
    ----------
    record : InvocationRecord
    queue_event : callable
        Calls a function, by its ARN, with a payload.

    Raises
    ------
    ValueError
        If the destination is of another kind.
    """
    _arn, _partition, service, region, account, name, *_rest = record.target_arn.split(":")
    _check_sending(record.caller, record.target_arn)
    match service:
        case "sqs":
            sqs_backends[account][region].send_message(name, record.to_text())
        case "sns":
            _publish(record.target_arn, record.to_text())
        case "lambda":
            queue_event(record.target_arn, record.to_text().encode())
        case "events":
            outcome = "Success" if record.condition is Condition.SUCCESS else "Failure"
            entry = {
                "Source": "lambda",
                "DetailType": f"Lambda Function Invocation Result - {outcome}",
                "Resources": [record.target_arn, record.function_arn],
                "Detail": record.to_text(),
                "EventBusName": name.removeprefix("event-bus/"),
            }
            events_backends[account][region].put_events([entry])
        case _:
            raise ValueError(f"the local cloud cannot send records to {record.target_arn}")


def _check_sending(caller: RoleSession | None, target_arn: str) -> None:
    action = SENDING.get(target_arn.split(":")[2])
    if action is not None and not (decision := check(caller, Access(action, target_arn))).is_allowed:
        raise PermissionError(f"{action} is not allowed {decision.reason}")


def _publish(topic_arn: str, message: str) -> None:
    from moto.sns.models import sns_backends  # noqa: PLC0415 - seldom used

    region, account = topic_arn.split(":")[3:5]
    sns_backends[account][region].publish(message, arn=topic_arn)
