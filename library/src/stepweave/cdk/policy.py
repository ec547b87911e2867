"""Policies that say what is allowed, on what, and nothing else."""

from collections.abc import Iterable

from aws_cdk import aws_iam as iam


def allow(service: str, actions: Iterable[str], resources: Iterable[str]) -> iam.PolicyDocument:
    """Return a policy that allows some actions of a service on some resources.

    Example
    -------
    >>> allow("s3", ["GetObject"], [bucket.arn_for_objects("results/*")])  # doctest: +SKIP
    """
    statement = iam.PolicyStatement(actions=[f"{service}:{action}" for action in actions], resources=list(resources))
    return iam.PolicyDocument(statements=[statement])
