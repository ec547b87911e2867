"""The queue of dead letters that belongs to a state machine."""

from __future__ import annotations

import json

from stepweave.contract.dead_letter import QUEUE_SUFFIX, DeadLetter
from stepweave.runtime.clients import sqs


def send(letter: DeadLetter) -> str:
    """Put a letter into its workflow's queue and return the message's id."""
    queue = f"{letter.state_machine.rpartition(':')[2]}-{QUEUE_SUFFIX}"
    url = sqs().get_queue_url(QueueName=queue)["QueueUrl"]
    # ASCII only: a message must not hold every character that JSON may.
    return sqs().send_message(QueueUrl=url, MessageBody=json.dumps(letter.model_dump(mode="json")))["MessageId"]
