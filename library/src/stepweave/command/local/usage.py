"""How to use a local cloud that is up: lines to copy into a shell."""

from collections.abc import Iterable

from stepweave.local_client.session import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY


def usage(endpoint_url: str, workflows: Iterable[str] | None, stop: str) -> list[tuple[str, tuple[str, ...]]]:
    """Return what can be done with a local cloud, and the lines that do it.

    Parameters
    ----------
    endpoint_url : str
        Where it answers.
    workflows : Iterable[str]
        The workflows that are deployed there; None if it belongs to no project.
    stop : str
        How it is stopped.
    """
    workflow = next(iter(workflows or ()), None)
    running = (
        "see what a workflow takes, to run it",
        ("stepweave list" if workflow is None else f"stepweave run {workflow} --help",),
    )
    return [
        *([] if workflows is None else [running]),
        (
            "in this shell, let all that follows talk to it and not to AWS",
            (
                f"export AWS_ENDPOINT_URL={endpoint_url} AWS_DEFAULT_REGION={REGION} "
                f"AWS_ACCESS_KEY_ID={ACCESS_KEY_ID} AWS_SECRET_ACCESS_KEY={SECRET_ACCESS_KEY} "
                "AWS_DISABLE_HOST_PREFIX_INJECTION=true",
            ),
        ),
        ("AWS CLI", ("aws stepfunctions list-state-machines",)),
        ("boto3", ("""python3 -c 'import boto3; print(boto3.client("stepfunctions").list_state_machines())'""",)),
        (
            "CDK",
            ("npx cdk bootstrap && npx cdk deploy --all --require-approval never",),
        ),
        ("stop", (stop,)),
    ]
