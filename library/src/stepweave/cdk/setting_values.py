"""The values that settings can have: from the text of a command line, from JSON and from TOML."""

import json
import re
from collections.abc import Callable
from enum import StrEnum
from typing import Final

from stepweave.cdk.platform import Platform

PYTHONS: Final = ("3.11", "3.12", "3.13", "3.14")
"""The versions that AWS Lambda runs and Stepweave works with."""

RETENTION_DAYS: Final = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
)  # fmt: skip
"""For how long CloudWatch Logs can keep a log."""

ARCHITECTURES: Final = {"x86_64": Platform.LINUX_X86_64, "arm64": Platform.LINUX_ARM64}
"""The processors that AWS Lambda has, by its names for them, and what wheels for them are called."""

_KEY_ARN: Final = re.compile(
    r"arn:[\w-]+:kms:[\w-]+:\d{12}:key/([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})"
)
_TAG_TEXT: Final = re.compile(r"[\w\s.:/=+\-@]*")


class Removal(StrEnum):
    """What becomes of what holds data when its stack is destroyed."""

    RETAIN = "retain"
    DESTROY = "destroy"


def boolean(value: object) -> bool:
    """Read true or false. Raises `ValueError` for anything else."""
    # `-c name=false` arrives as text, a value in cdk.json as a boolean
    text = str(value).lower()
    if text not in ("true", "false"):
        raise ValueError("must be true or false")
    return text == "true"


def removal(value: object) -> Removal:
    """Read what becomes of data. Raises `ValueError` for anything else."""
    return Removal(_one_of(tuple(Removal))(value))


def topic_arn(value: object) -> str:
    """Read the ARN of an SNS topic. Raises `ValueError` for anything else."""
    if not isinstance(value, str) or not value.startswith("arn:") or ":sns:" not in value:
        raise ValueError("must be the ARN of an SNS topic, arn:aws:sns:REGION:ACCOUNT:NAME")
    return value


def key_arn(value: object) -> str:
    """Read the ARN of a KMS key. Raises `ValueError` for anything else."""
    if not isinstance(value, str) or not _KEY_ARN.fullmatch(value):
        raise ValueError("must be the ARN of a KMS key (not of an alias), arn:aws:kms:REGION:ACCOUNT:key/ID")
    return value


def days(value: object) -> int:
    """Read for how many days a log is kept. Raises `ValueError` for anything else."""
    if str(value) not in {str(days) for days in RETENTION_DAYS}:
        raise ValueError(f"must be one of {', '.join(map(str, RETENTION_DAYS))}")
    return int(str(value))


def tags(value: object) -> dict[str, str]:
    """Read tags: a table, or a JSON object. Raises `ValueError` for anything else."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            value = None
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise ValueError('must be texts by their keys, as {"team": "claims"}')
    for key, text in value.items():
        if not 1 <= len(key) <= 128 or key.lower().startswith("aws:") or not _TAG_TEXT.fullmatch(key):
            raise ValueError(f"{key!r} is no key that AWS takes")
        if len(text) > 256 or not _TAG_TEXT.fullmatch(text):
            raise ValueError(f"{text!r} is no value that AWS takes")
    return value


def subnets(value: object) -> tuple[str, ...]:
    """Read the ids of subnets. Raises `ValueError` for anything else."""
    return _ids(value, "subnet")


def security_groups(value: object) -> tuple[str, ...]:
    """Read the ids of security groups. Raises `ValueError` for anything else."""
    return _ids(value, "sg")


def texts(value: object) -> tuple[str, ...]:
    """Read texts: a list, or one text with commas between. Raises `ValueError` for anything else."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
        raise ValueError("must be a list of texts")
    return tuple(value)


def _ids(value: object, kind: str) -> tuple[str, ...]:
    ids = texts(value)
    if not ids or not all(re.fullmatch(rf"{kind}-[0-9a-f]{{8}}([0-9a-f]{{9}})?", one) for one in ids):
        raise ValueError(f"must be ids, as in {kind}-0123456789abcdef0")
    return ids


def _one_of(values: tuple[str, ...]) -> Callable[[object], str]:
    def parse(value: object) -> str:
        if value not in values:
            quoted = " (in quotes)" if not isinstance(value, str) and str(value) in values else ""
            raise ValueError(f"must be one of {', '.join(values)}{quoted}")
        return str(value)

    return parse


def bundle_platform(value: object) -> Platform:
    """Read a platform. Raises `ValueError` for anything else."""
    return Platform(_one_of(tuple(Platform))(value))


python = _one_of(PYTHONS)
architecture = _one_of(tuple(ARCHITECTURES))
