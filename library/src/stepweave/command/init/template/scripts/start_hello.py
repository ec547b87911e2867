"""Start the workflow where it is deployed: ``python -m scripts.start_hello STATE_MACHINE_ARN PERSON``."""

import json
import sys

import boto3


def main() -> None:
    """Start an execution and print its ARN."""
    if len(sys.argv) != 3:
        sys.exit("usage: python -m scripts.start_hello STATE_MACHINE_ARN PERSON")
    arn, person = sys.argv[1:]
    started = boto3.client("stepfunctions").start_execution(stateMachineArn=arn, input=json.dumps({"person": person}))
    print(started["executionArn"])


if __name__ == "__main__":
    main()
