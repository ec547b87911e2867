"""What a function runs: a bundle, or a container image."""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aws_cdk as cdk
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from stepweave.cdk.bundle import Bundle
from stepweave.cdk.errors import SynthesisError
from stepweave.cdk.platform import Platform

_BUNDLE: Final = "bundle"


@dataclass(frozen=True)
class FunctionCode:
    """What the CDK has to know of it.

    Parameters
    ----------
    code : lambda_.Code
        Where it is.
    runtime : lambda_.Runtime
        What runs it.
    handler : str
        What is called.
    """

    code: lambda_.Code
    runtime: lambda_.Runtime
    handler: str


def bundle_code(bundle: Bundle, python: str) -> FunctionCode:
    """Return the code of a function that runs a bundle.

    Parameters
    ----------
    bundle : Bundle
        The bundle.
    python : str
        The Python that runs it, for example ``"3.13"``.
    """
    code = lambda_.Code.from_asset(str(bundle.path), asset_hash=bundle.digest, asset_hash_type=cdk.AssetHashType.CUSTOM)
    return FunctionCode(code, lambda_.Runtime(f"python{python}", lambda_.RuntimeFamily.PYTHON), bundle.handler)


def stored_image_code(scope: Construct, uri: str, handler: str) -> FunctionCode:
    """Return the code of a function that runs an image in Amazon ECR.

    Parameters
    ----------
    scope : Construct
        Where the repository is named.
    uri : str
        The image's URI, with a tag or a digest.
    handler : str
        What the image's Lambda runtime shall call.
    """
    registry, _, path = uri.partition("/")
    name, _, version = path.partition("@") if "@" in path else path.rpartition(":")
    account, _, _, region, *_ = registry.split(".")
    repository = ecr.Repository.from_repository_attributes(
        scope,
        f"ImageRepository-{handler}",
        repository_name=name,
        repository_arn=f"arn:{cdk.Aws.PARTITION}:ecr:{region}:{account}:repository/{name}",
    )
    code = lambda_.Code.from_ecr_image(repository, tag_or_digest=version, cmd=[handler])
    return _image(code)


def built_image_code(folder: Path, bundle: Bundle, platform: Platform) -> FunctionCode:
    """Return the code of a function that runs an image of a Dockerfile, which ``cdk deploy`` builds.

    What the function would run without an image lies in the folder ``bundle`` beside the Dockerfile then, so that it
    says ``COPY bundle/ ${LAMBDA_TASK_ROOT}/``.

    Parameters
    ----------
    folder : Path
        The folder of the Dockerfile.
    bundle : Bundle
        The agent's bundle.
    platform : Platform
        What the image is for.

    Raises
    ------
    SynthesisError
        If the folder has no Dockerfile, or a ``bundle`` of its own.
    """
    if not (folder / "Dockerfile").is_file():
        raise SynthesisError(f"{folder}: there is no Dockerfile, and a contract names this folder as its image")
    if (folder / _BUNDLE).exists():
        raise SynthesisError(f"{folder / _BUNDLE}: rename it: the agent's bundle is put there for the Dockerfile")
    target = ecr_assets.Platform.LINUX_ARM64 if platform.is_arm64 else ecr_assets.Platform.LINUX_AMD64
    return _image(lambda_.Code.from_asset_image(str(_context(folder, bundle)), cmd=[bundle.handler], platform=target))


def _context(folder: Path, bundle: Bundle) -> Path:
    """Return a folder with what Docker needs, kept beside the bundle."""
    context = bundle.path.with_suffix("")
    making = Path(tempfile.mkdtemp(prefix=".making-", dir=context.parent))
    shutil.copytree(folder, making, dirs_exist_ok=True)
    shutil.unpack_archive(bundle.path, making / _BUNDLE)
    shutil.rmtree(context, ignore_errors=True)
    making.rename(context)
    return context


def _image(code: lambda_.Code) -> FunctionCode:
    return FunctionCode(code, lambda_.Runtime.FROM_IMAGE, lambda_.Handler.FROM_IMAGE)
