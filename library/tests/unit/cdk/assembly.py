"""What the CDK wrote, read as a person reads it."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stepweave.cdk.naming import Names


@dataclass(frozen=True)
class Resource:
    """A resource of a template, and its template."""

    id: str
    template: "Template"

    @property
    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = self.template.body["Resources"][self.id]
        return body

    @property
    def type(self) -> str:
        return str(self.body["Type"])

    @property
    def properties(self) -> dict[str, Any]:
        """All of them but the tags."""
        properties: dict[str, Any] = self.body.get("Properties", {})
        return {name: value for name, value in properties.items() if name != "Tags"}

    @property
    def tags(self) -> dict[str, str]:
        tags: Any = self.body.get("Properties", {}).get("Tags", {})
        return dict(tags) if isinstance(tags, dict) else {tag["Key"]: tag["Value"] for tag in tags}

    def text(self, value: Any) -> str:
        return self.template.text(value)


@dataclass(frozen=True)
class Template:
    """A template, read as a person reads it."""

    body: dict[str, Any]
    exports: Mapping[str, str]

    def all(self, kind: str | None = None) -> list[Resource]:
        """Return all resources, or those of a type."""
        return [Resource(id, self) for id, body in self.body["Resources"].items() if kind in (None, body["Type"])]

    def one(self, kind: str, **properties: object) -> Resource:
        """Return the only resource of a type that has these properties."""
        found = [
            resource
            for resource in self.all(kind)
            if all(resource.properties.get(name) == value for name, value in properties.items())
        ]
        assert len(found) == 1, f"{len(found)} {kind} with {properties}"
        return found[0]

    def named(self, reference: Any) -> Resource:
        """Return the resource of this template that a Ref or Fn::GetAtt means."""
        id = reference["Ref"] if "Ref" in reference else reference["Fn::GetAtt"][0]
        return Resource(id, self)

    def text(self, value: Any) -> str:
        """Write a value with intrinsic functions as one text; ids lose the digest that the CDK appends."""
        match value:
            case str():
                return value
            case {"Ref": str(id)}:
                return f"${{{_without_digest(id)}}}"
            case {"Fn::GetAtt": [str(id), str(attribute)]}:
                return f"${{{_without_digest(id)}.{attribute}}}"
            case {"Fn::Join": [str(separator), list(parts)]}:
                return separator.join(self.text(part) for part in parts)
            case {"Fn::ImportValue": str(name)}:
                return self.exports[name]
        raise AssertionError(f"no reading of {value}")

    def permissions(self, role: Resource) -> set[tuple[str, str]]:
        """Return the pairs of action and resource that a role is allowed; nothing may be denied or conditional."""
        documents = [policy["PolicyDocument"] for policy in role.properties.get("Policies", [])]
        documents += [
            policy.properties["PolicyDocument"]
            for policy in self.all("AWS::IAM::Policy")
            if {"Ref": role.id} in policy.properties["Roles"]
        ]
        assert "ManagedPolicyArns" not in role.properties
        pairs: set[tuple[str, str]] = set()
        for statement in (statement for document in documents for statement in document["Statement"]):
            assert set(statement) == {"Action", "Effect", "Resource"}
            assert statement["Effect"] == "Allow"
            pairs |= {
                (action, self.text(resource))
                for action in _as_list(statement["Action"])
                for resource in _as_list(statement["Resource"])
            }
        return pairs

    def refuses_plain_http(self, kind: str, owner: Resource) -> bool:
        """Tell whether a bucket or queue has a policy that denies everything to everybody without TLS."""
        for policy in self.all(kind):
            if {"Ref": owner.id} not in (*policy.properties.get("Queues", ()), policy.properties.get("Bucket")):
                continue
            for statement in policy.properties["PolicyDocument"]["Statement"]:
                if (
                    statement["Effect"] == "Deny"
                    and statement["Action"] in ("s3:*", "sqs:*")
                    and statement["Principal"] == {"AWS": "*"}
                    and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
                ):
                    return True
        return False


@dataclass(frozen=True)
class Assembly:
    """A cloud assembly."""

    folder: Path
    storage: Template
    agents: Template
    workflows: Template

    @property
    def templates(self) -> Iterator[Template]:
        yield from (self.storage, self.agents, self.workflows)

    @property
    def manifest(self) -> dict[str, Any]:
        manifest: dict[str, Any] = json.loads((self.folder / "manifest.json").read_text())
        return manifest

    def asset(self, stack: str, key: str) -> Path:
        """Return the file that is published under a key of the assets bucket."""
        files = json.loads((self.folder / f"{stack}.assets.json").read_text())["files"]
        paths = {
            destination["objectKey"]: self.folder / file["source"]["path"]
            for file in files.values()
            for destination in file["destinations"].values()
        }
        return paths[key]


Synthesize = Callable[..., Assembly]
"""Synthesizes workflows with settings: ``synthesize([...], reserve_concurrency=\"true\")``."""


def read_assembly(folder: Path, names: Names | None = None) -> Assembly:
    """Read what is in a folder; of the default deployment of this project, if no names are given."""
    names = names or Names()
    bodies = {
        stack: json.loads((folder / f"{stack}.template.json").read_text())
        for stack in (names.storage_stack, names.agents_stack, names.workflows_stack)
    }
    exports: dict[str, str] = {}
    for body in bodies.values():
        for output in body["Outputs"].values() if "Outputs" in body else ():
            if "Export" in output:
                exports[output["Export"]["Name"]] = Template(body, {}).text(output["Value"])
    storage, agents, workflows = (Template(body, exports) for body in bodies.values())
    return Assembly(folder, storage, agents, workflows)


def _without_digest(id: str) -> str:
    return re.sub(r"[0-9A-F]{8}$", "", id)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
