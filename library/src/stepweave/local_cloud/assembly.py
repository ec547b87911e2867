"""Read a CDK cloud assembly: which stacks it has, in which order they go, and which assets they need."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from stepweave.local_cloud.account import ACCOUNT_ID, REGION
from stepweave.local_cloud.errors import AssemblyError

_STACK: Final = "aws:cloudformation:stack"
_ASSETS: Final = "cdk:asset-manifest"
_NESTED_ASSEMBLY: Final = "cdk:cloud-assembly"
_DEFAULT_VERSION_PARAMETER: Final = "/cdk-bootstrap/hnb659fds/version"


class _Document(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)


class _Artifact(_Document):
    type: str
    properties: dict[str, Any] = Field(default_factory=dict)
    dependencies: tuple[str, ...] = ()


class _Manifest(_Document):
    version: str
    artifacts: dict[str, _Artifact] = Field(default_factory=dict)


class _FileSource(_Document):
    path: str | None = None
    packaging: Literal["zip", "file"] = "file"
    executable: tuple[str, ...] | None = None


class _FileDestination(_Document):
    bucket_name: str = Field(alias="bucketName")
    object_key: str = Field(alias="objectKey")


class _FileEntry(_Document):
    source: _FileSource
    destinations: dict[str, _FileDestination]


class _AssetManifest(_Document):
    files: dict[str, _FileEntry] = Field(default_factory=dict)
    docker_images: dict[str, Any] = Field(default_factory=dict, alias="dockerImages")


_Model = TypeVar("_Model", bound=_Document)


@dataclass(frozen=True)
class FileAsset:
    """A file or a directory that must be in a bucket before a stack is deployed.

    Attributes
    ----------
    path
        What to publish.
    packaging
        ``zip`` for a directory that goes as an archive, ``file`` for a file that goes as it is.
    bucket, key
        Where to; the key holds the digest of the content.
    """

    path: Path
    packaging: Literal["zip", "file"]
    bucket: str
    key: str


@dataclass(frozen=True)
class StackArtifact:
    """A stack to deploy.

    Attributes
    ----------
    name
        The stack's name in CloudFormation.
    template
        The template's text, as it was synthesized.
    parameters, tags
        What the assembly gives to the stack.
    assets
        The files that must be published before; not the template itself.
    version_parameter
        Name of the SSM parameter that says which version of the CDK's bootstrap resources there is.
    """

    name: str
    template: str
    parameters: Mapping[str, str]
    tags: Mapping[str, str]
    assets: tuple[FileAsset, ...]
    version_parameter: str


def read_assembly(directory: Path) -> list[StackArtifact]:
    """Read a cloud assembly.

    Parameters
    ----------
    directory
        What ``cdk synth`` or ``app.synth()`` wrote, usually ``cdk.out``.

    Returns
    -------
    list
        The stacks, each after those that it depends on; those of nested assemblies (stages) too.

    Raises
    ------
    AssemblyError
        If the directory holds no assembly, or one that the local cloud cannot deploy.
    """
    artifacts = dict(_artifacts(directory))
    graph = {
        name: [other for other in artifact.dependencies if other in artifacts]
        for name, (_, artifact) in artifacts.items()
    }
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise AssemblyError(f"{directory}: the stacks depend on each other in a circle: {error.args[1]}") from error
    return [_stack(name, *artifacts[name], artifacts) for name in order if artifacts[name][1].type == _STACK]


def resolve_placeholders(text: str) -> str:
    """Fill in what an environment-agnostic assembly leaves open."""
    placeholders = {"AWS::Partition": "aws", "AWS::Region": REGION, "AWS::AccountId": ACCOUNT_ID}
    for name, value in placeholders.items():
        text = text.replace("${" + name + "}", value)
    return text


def _artifacts(directory: Path) -> Iterator[tuple[str, tuple[Path, _Artifact]]]:
    manifest = _read(directory / "manifest.json", _Manifest)
    for name, artifact in manifest.artifacts.items():
        if artifact.type == _NESTED_ASSEMBLY:
            yield from _artifacts(directory / str(artifact.properties["directoryName"]))
        yield name, (directory, artifact)


def _stack(
    name: str, directory: Path, artifact: _Artifact, artifacts: Mapping[str, tuple[Path, _Artifact]]
) -> StackArtifact:
    properties = artifact.properties
    template_file = directory / str(properties["templateFile"])
    try:
        template = template_file.read_text(encoding="utf-8")
    except OSError as error:
        raise AssemblyError(
            f"{template_file}: the template of stack {name} cannot be read: {error.strerror}"
        ) from error
    assets: list[FileAsset] = []
    for dependency in artifact.dependencies:
        if dependency in artifacts and artifacts[dependency][1].type == _ASSETS:
            asset_directory, asset_artifact = artifacts[dependency]
            assets.extend(_assets(asset_directory, str(asset_artifact.properties["file"]), template_file))
    return StackArtifact(
        name=str(properties.get("stackName", name)),
        template=template,
        parameters={
            str(key): resolve_placeholders(str(value)) for key, value in properties.get("parameters", {}).items()
        },
        tags={str(key): str(value) for key, value in properties.get("tags", {}).items()},
        assets=tuple(assets),
        version_parameter=str(properties.get("bootstrapStackVersionSsmParameter", _DEFAULT_VERSION_PARAMETER)),
    )


def _assets(directory: Path, file: str, template_file: Path) -> Iterator[FileAsset]:
    manifest = _read(directory / file, _AssetManifest)
    if manifest.docker_images:
        raise AssemblyError(f"{directory / file}: Docker images cannot be deployed locally; use zip archives")
    for digest, entry in manifest.files.items():
        if entry.source.path is None:
            raise AssemblyError(f"{directory / file}: asset {digest} is made by a command, which is not supported")
        path = directory / entry.source.path
        if path == template_file:
            continue
        if not path.exists():
            raise AssemblyError(f"{directory / file}: asset {digest} is missing: {path}")
        for destination in entry.destinations.values():
            yield FileAsset(
                path=path,
                packaging=entry.source.packaging,
                bucket=resolve_placeholders(destination.bucket_name),
                key=resolve_placeholders(destination.object_key),
            )


def _read(path: Path, model: type[_Model]) -> _Model:
    try:
        return model.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise AssemblyError(
            f"{path} does not exist: {path.parent} is no cloud assembly; synthesize the app first (python app.py)"
        ) from error
    except OSError as error:
        raise AssemblyError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        detail = str(error.errors()[0]["msg"]) if isinstance(error, ValidationError) else str(error)
        raise AssemblyError(f"{path} is not what the CDK writes: {detail}") from error
