"""The name of a DAG file's workflow."""

import hashlib
import re

from stepweave.language.workflow import MAX_NAME

_PREFIX = "dag"
_DIGEST = 8


def workflow_name(stem: str) -> str:
    """Return the workflow's name for a file's name: ``dag``, and its letters and digits with single hyphens between.

    Example
    -------
    >>> workflow_name("wf-blast--small_001")
    'dag-wf-blast-small-001'
    """
    name = "-".join([_PREFIX, *re.findall(r"[A-Za-z0-9]+", stem)])
    if len(name) > MAX_NAME:
        digest = hashlib.sha256(stem.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST]
        name = f"{name[: MAX_NAME - _DIGEST - 1].rstrip('-')}-{digest}"
    return name
