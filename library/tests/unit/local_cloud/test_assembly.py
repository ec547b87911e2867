import json
from pathlib import Path
from typing import Any

import pytest

from stepweave.local_cloud.assembly import read_assembly, resolve_placeholders
from stepweave.local_cloud.errors import AssemblyError


def write_assembly(directory: Path, dependencies: dict[str, list[str]], **more: Any) -> None:
    artifacts: dict[str, Any] = {}
    for name, others in dependencies.items():
        artifacts[name] = {
            "type": "aws:cloudformation:stack",
            "environment": "aws://unknown-account/unknown-region",
            "properties": {"templateFile": f"{name}.template.json"},
            "dependencies": [f"{name}.assets", *others],
        }
        artifacts[f"{name}.assets"] = {"type": "cdk:asset-manifest", "properties": {"file": f"{name}.assets.json"}}
        (directory / f"{name}.template.json").write_text('{"Resources": {}}')
        (directory / f"{name}.assets.json").write_text(json.dumps(assets(f"{name}.template.json")))
    manifest = {"version": "55.0.0", "artifacts": artifacts | more}
    (directory / "manifest.json").write_text(json.dumps(manifest))


def assets(*paths: str) -> dict[str, Any]:
    destination = {
        "bucketName": "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}",
        "assumeRoleArn": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/publish",
    }
    return {
        "version": "55.0.0",
        "files": {
            f"digest-of-{path}": {
                "source": {"path": path, "packaging": "file" if path.endswith(".json") else "zip"},
                "destinations": {"here": destination | {"objectKey": f"digest-of-{path}.zip"}},
            }
            for path in paths
        },
        "dockerImages": {},
    }


def test_stacks_come_after_what_they_depend_on(tmp_path: Path) -> None:
    write_assembly(tmp_path, {"C": ["B"], "A": [], "B": ["A"]})
    assert [stack.name for stack in read_assembly(tmp_path)] == ["A", "B", "C"]


def test_assets_are_found_and_the_template_is_none_of_them(tmp_path: Path) -> None:
    write_assembly(tmp_path, {"A": []})
    (tmp_path / "asset.1").mkdir()
    (tmp_path / "A.assets.json").write_text(json.dumps(assets("asset.1", "A.template.json")))
    (stack,) = read_assembly(tmp_path)
    (asset,) = stack.assets
    assert asset.path == tmp_path / "asset.1"
    assert asset.packaging == "zip"
    assert (asset.bucket, asset.key) == ("cdk-hnb659fds-assets-123456789012-us-east-1", "digest-of-asset.1.zip")
    assert stack.template == '{"Resources": {}}'
    assert stack.version_parameter == "/cdk-bootstrap/hnb659fds/version"


def test_stacks_of_stages_are_found(tmp_path: Path) -> None:
    stage = tmp_path / "assembly-Stage"
    stage.mkdir()
    write_assembly(stage, {"Inner": []})
    nested = {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-Stage"}}
    write_assembly(tmp_path, {"Outer": []}, Stage=nested)
    assert {stack.name for stack in read_assembly(tmp_path)} == {"Outer", "Inner"}


def test_stack_names_parameters_and_tags(tmp_path: Path) -> None:
    properties = {
        "templateFile": "A.template.json",
        "stackName": "Named",
        "parameters": {"P": "in ${AWS::Region}"},
        "tags": {"team": "x"},
    }
    write_assembly(tmp_path, {"A": []}, A={"type": "aws:cloudformation:stack", "properties": properties})
    (stack,) = read_assembly(tmp_path)
    assert (stack.name, stack.parameters, stack.tags) == ("Named", {"P": "in us-east-1"}, {"team": "x"})


def test_placeholders() -> None:
    assert resolve_placeholders("${AWS::Partition} ${AWS::AccountId} ${x}") == "aws 123456789012 ${x}"


def test_no_assembly(tmp_path: Path) -> None:
    with pytest.raises(AssemblyError, match="no cloud assembly; synthesize the app first"):
        read_assembly(tmp_path)


@pytest.mark.parametrize("content", ["{", "[]", '{"artifacts": {}}', '{"version": "1", "artifacts": {"A": {}}}'])
def test_a_broken_manifest_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(AssemblyError, match=r"manifest\.json"):
        read_assembly(tmp_path)


def test_a_circle(tmp_path: Path) -> None:
    write_assembly(tmp_path, {"A": ["B"], "B": ["A"]})
    with pytest.raises(AssemblyError, match="circle"):
        read_assembly(tmp_path)


def test_a_missing_asset_is_named(tmp_path: Path) -> None:
    write_assembly(tmp_path, {"A": []})
    (tmp_path / "A.assets.json").write_text(json.dumps(assets("asset.1")))
    with pytest.raises(AssemblyError, match=r"digest-of-asset\.1 is missing"):
        read_assembly(tmp_path)


def test_docker_images_are_refused(tmp_path: Path) -> None:
    write_assembly(tmp_path, {"A": []})
    (tmp_path / "A.assets.json").write_text(json.dumps(assets() | {"dockerImages": {"image": {}}}))
    with pytest.raises(AssemblyError, match="Docker images"):
        read_assembly(tmp_path)
