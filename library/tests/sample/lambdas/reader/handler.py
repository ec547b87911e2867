"""Lambda handler of the reader."""

import json

from lambdas.reader.contract import Lines, ReadInput, reader
from stepweave import TaskContext, agent_handler, object_errors, s3


@agent_handler(reader)
def handler(task: ReadInput, _: TaskContext) -> Lines:
    """Read all lines, in the order of the files' names."""
    with object_errors("read", task.texts.bucket, task.texts.key):
        body = s3().get_object(Bucket=task.texts.bucket, Key=task.texts.key)["Body"].read()
    texts: dict[str, str] = json.loads(body)
    return Lines(name=task.texts.name, lines=[line for name in sorted(texts) for line in texts[name].splitlines()])
