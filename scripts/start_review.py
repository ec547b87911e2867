"""Start a review by boto3 alone, and wait for its end: what a program does that has no ``stepweave`` command.

``python -m scripts.start_review PATH_OR_URL`` works where the AWS SDK does: on the account of the current credentials,
or at ``AWS_ENDPOINT_URL``. It prints the state machine's output as JSON; its exit code is 1 if the review failed.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import boto3

from scripts.repository.archive import archive_repository
from scripts.repository.errors import RepositoryError
from scripts.repository.upload import upload

_POLL_SECONDS = 1.0


def start(source: str, prefix: str) -> str:
    """Upload a repository and start its review.

    Parameters
    ----------
    source : str
        The path or URL of the repository.
    prefix : str
        What the names of the stacks begin with: ``Stepweave``, or ``Stepweave-staging-`` for an environment.

    Returns
    -------
    str
        The ARN of the execution.

    Raises
    ------
    RepositoryError
        If the repository cannot be read or sent.
    """
    cloudformation = boto3.client("cloudformation")
    outputs = {
        output["OutputKey"]: output["OutputValue"]
        for stack in ("Storage", "Workflows")
        for output in cloudformation.describe_stacks(StackName=f"{prefix}{stack}")["Stacks"][0].get("Outputs", [])
    }
    with tempfile.TemporaryDirectory() as scratch:
        archive = archive_repository(source, Path(scratch))
        repo = upload(boto3.client("s3"), outputs["PayloadBucketName"], archive)
    started = boto3.client("stepfunctions").start_execution(
        stateMachineArn=outputs["CodeReviewStateMachineArn"],
        input=json.dumps({"repo": repo.model_dump(mode="json")}),
    )
    return started["executionArn"]


def main() -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(prog="start_review", description="Start a review and wait for its end.")
    parser.add_argument("source", metavar="PATH_OR_URL")
    parser.add_argument("--stacks", default="Stepweave", metavar="PREFIX", help="what the stacks' names begin with")
    given = parser.parse_args()
    try:
        execution = start(given.source, given.stacks)
    except RepositoryError as error:
        parser.error(str(error))
    client = boto3.client("stepfunctions")
    while (found := client.describe_execution(executionArn=execution))["status"] == "RUNNING":
        time.sleep(_POLL_SECONDS)
    print(found.get("output") or json.dumps({"error": found.get("error"), "cause": found.get("cause")}))  # noqa: T201
    return 0 if found["status"] == "SUCCEEDED" else 1


if __name__ == "__main__":
    sys.exit(main())
