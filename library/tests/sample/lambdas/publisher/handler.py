"""Lambda handler of the publisher."""

from lambdas.publisher.contract import CountFile, Published, PublishInput, publisher
from stepweave import TaskContext, TaskFailure, agent_handler, object_errors, payload_bucket, s3


@agent_handler(publisher)
def handler(task: PublishInput, context: TaskContext) -> Published:
    """Write the counts to a text file."""
    lines = "unknown" if isinstance(task.lines, TaskFailure) else str(task.lines.count)
    bucket, key = payload_bucket(), f"counts/{context.execution_path}/counts.txt"
    with object_errors("write", bucket, key):
        s3().put_object(Bucket=bucket, Key=key, Body=f"{task.words.count} words, {lines} lines\n".encode())
    file = CountFile(bucket=bucket, key=key, media_type="text/plain")
    return Published(words=task.words.count, reports={"text": file})
