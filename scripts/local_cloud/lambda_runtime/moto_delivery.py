"""Delivers what functions leave behind to moto: logs to CloudWatch Logs, dead letters to SQS."""

from moto.logs.models import logs_backends
from moto.sqs.models import sqs_backends

from scripts.local_cloud.lambda_runtime.event_queue import DeadLetter
from scripts.local_cloud.lambda_runtime.log_batch import LogBatch


def deliver_logs(batch: LogBatch) -> None:
    """Put a batch into its log stream; group and stream are created if need be, as Lambda does."""
    _arn, _partition, _service, region, account, *_rest = batch.function_arn.split(":")
    logs = logs_backends[account][region]
    logs.ensure_log_group(batch.group)
    logs.ensure_log_stream(batch.group, batch.stream)
    # A clock that was set back must not lose the batch: the order of time is what PutLogEvents asks for.
    events = sorted(batch.events, key=lambda event: event.timestamp_ms)
    logs.put_log_events(
        batch.group, batch.stream, [{"timestamp": event.timestamp_ms, "message": event.message} for event in events]
    )


def deliver_dead_letter(letter: DeadLetter) -> None:
    """Send an event to the function's dead-letter queue. Raises `ValueError` if that is no SQS queue."""
    _arn, _partition, service, region, account, name, *_rest = letter.target_arn.split(":")
    if service != "sqs":
        raise ValueError(f"a dead-letter queue must be an SQS queue here, not {letter.target_arn}")
    sqs_backends[account][region].send_message(
        name,
        letter.payload.decode(),
        message_attributes={
            "RequestID": {"DataType": "String", "StringValue": letter.request_id},
            "ErrorCode": {"DataType": "Number", "StringValue": str(letter.error_code)},
            "ErrorMessage": {"DataType": "String", "StringValue": letter.error_message or "-"},
        },
    )
