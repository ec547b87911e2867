"""Checks of what an agent's contract says of its function: variables, layers, image."""

import json
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final

from stepweave.contract.option_checks import check_text, check_texts

ARCHITECTURES: Final = ("x86_64", "arm64")
LOG_LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

_VARIABLE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]+")
_OWN_PREFIXES: Final = ("STEPWEAVE_", "POWERTOOLS_")
_OF_LAMBDA: Final = frozenset(
    {
        "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION", "AWS_EXECUTION_ENV", "AWS_REGION",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_MAX_CONCURRENCY", "AWS_LAMBDA_METADATA_API", "AWS_LAMBDA_METADATA_TOKEN",
        "AWS_LAMBDA_RUNTIME_API", "AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY", "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR", "LAMBDA_TASK_ROOT",
    }
)  # fmt: skip
_MOST_BYTES: Final = 3_072
"""What Lambda takes, 4 KB, without what Stepweave's own variables can need."""

_LAYER: Final = re.compile(
    r"arn:(aws[a-z-]*|\$\{AWS::Partition\}):lambda:([a-z0-9-]+|\$\{AWS::Region\}):(\d{12}|\$\{AWS::AccountId\})"
    r":layer:[A-Za-z0-9_-]{1,140}:\d+"
)
_MOST_LAYERS: Final = 5
_REPOSITORY: Final = re.compile(
    r"\d{12}\.dkr\.ecr(-fips)?\.[a-z0-9-]+\.amazonaws\.com(\.cn)?"
    r"/[a-z0-9]+([._/-][a-z0-9]+)*(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}|@sha256:[0-9a-f]{64})"
)
_FOLDER: Final = re.compile(r"[A-Za-z0-9_./-]+")


def check_environment(what: str, environment: object) -> None:
    """Refuse variables that a function cannot have.

    Raises
    ------
    TypeError
        If it is no mapping of texts to texts.
    ValueError
        If a name is none or is taken by AWS Lambda or Stepweave, or all together are too large.
    """
    if not isinstance(environment, Mapping):
        raise TypeError(f"{what} must be a mapping, as in {{'CLAIMS_TABLE': 'claims'}}, not {environment!r}")
    for name, value in environment.items():
        check_text(f"{what}: the name {name!r}", name)
        if not _VARIABLE.fullmatch(name):
            raise ValueError(f"{what}: {name!r}: use letters, digits and underscores, at least two, a letter first")
        if name in _OF_LAMBDA:
            raise ValueError(f"{what}: {name!r} is set by AWS Lambda; choose another name")
        if name.startswith(_OWN_PREFIXES):
            raise ValueError(f"{what}: {name!r} is Stepweave's by its prefix; choose another name")
        check_text(f"{what}: {name}", value)
        if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in value):
            raise ValueError(f"{what}: {name} has a character that no variable can hold")
    size = len(json.dumps(dict(environment), ensure_ascii=False).encode())
    if size > _MOST_BYTES:
        raise ValueError(
            f"{what} has {size:,} bytes of JSON, and {_MOST_BYTES:,} are left of the 4 KB that AWS Lambda takes; put "
            "what is large into a file of the agent's folder, or into a parameter"
        )


def check_layers(what: str, layers: tuple[str, ...]) -> None:
    """Refuse what are no ARNs of versions of layers.

    Raises
    ------
    TypeError
        If they are no tuple of texts.
    ValueError
        If one is no such ARN, or there are more than five.
    """
    example = "arn:aws:lambda:eu-west-1:123456789012:layer:tools:3"
    check_texts(what, layers, example)
    for layer in layers:
        if not _LAYER.fullmatch(layer):
            raise ValueError(f"{what}: {layer!r} must be the ARN of a layer's version, as in {example!r}")
    if len(layers) > _MOST_LAYERS:
        raise ValueError(f"{what}: AWS Lambda takes {_MOST_LAYERS} at most, not {len(layers)}")


def check_image(what: str, image: str) -> None:
    """Refuse what is neither the URI of an image in Amazon ECR nor a folder of the project.

    Raises
    ------
    TypeError
        If it is no text.
    ValueError
        If it is neither.
    """
    check_text(what, image)
    if is_image_uri(image):
        return
    folder = PurePosixPath(image)
    inside = not folder.is_absolute() and ".." not in folder.parts and folder.parts
    if not inside or not _FOLDER.fullmatch(image) or "amazonaws.com" in image:
        raise ValueError(
            f"{what}: {image!r} must be the URI of an image in Amazon ECR with its tag or digest, as in "
            "'123456789012.dkr.ecr.eu-west-1.amazonaws.com/claims:1.4', or a folder of the project that has a "
            "Dockerfile, as in 'images/payer'"
        )


def is_image_uri(image: str) -> bool:
    """Tell whether an image is one in Amazon ECR, and no folder.

    Example
    -------
    >>> is_image_uri("images/payer")
    False
    """
    return _REPOSITORY.fullmatch(image) is not None
