"""Lambda handler of the publisher."""

from lambdas.publisher.contract import CountFile, Published, PublishInput, publisher
from stepweave.contract.failure import TaskFailure
from stepweave.runtime.agent_handler import agent_handler
from stepweave.runtime.aws_errors import object_errors
from stepweave.runtime.clients import s3
from stepweave.runtime.context import TaskContext
from stepweave.runtime.settings import payload_bucket


@agent_handler(publisher)
def handler(task: PublishInput, context: TaskContext) -> Published:
    """Write the counts to a text file."""
    lines = "unknown" if isinstance(task.lines, TaskFailure) else str(task.lines.count)
    bucket, key = payload_bucket(), f"counts/{context.execution_name}/counts.txt"
    with object_errors("write", bucket, key):
        s3().put_object(Bucket=bucket, Key=key, Body=f"{task.words.count} words, {lines} lines\n".encode())
    file = CountFile(bucket=bucket, key=key, media_type="text/plain")
    return Published(words=task.words.count, reports={"text": file})
