"""The part of SARIF 2.1.0 that the reporter writes.

Source: OASIS, Static Analysis Results Interchange Format (SARIF) Version 2.1.0; the section is named at each object.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

SARIF_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

ResultLevel = Literal["error", "warning", "note", "none"]


class _SarifObject(BaseModel):
    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True)


class Message(_SarifObject):
    """Section 3.11."""

    text: str


class ArtifactLocation(_SarifObject):
    """Section 3.4."""

    uri: str | None = None
    uri_base_id: str | None = None
    description: Message | None = None


class Region(_SarifObject):
    """Section 3.30; lines and columns count from 1, and the end column is the one behind the last character."""

    start_line: Annotated[int, Field(ge=1)]
    start_column: Annotated[int | None, Field(ge=1)] = None
    end_line: Annotated[int | None, Field(ge=1)] = None
    end_column: Annotated[int | None, Field(ge=1)] = None


class PhysicalLocation(_SarifObject):
    """Section 3.29."""

    artifact_location: ArtifactLocation
    region: Region | None = None


class Location(_SarifObject):
    """Section 3.28."""

    physical_location: PhysicalLocation


class Result(_SarifObject):
    """Section 3.27."""

    rule_id: str
    rule_index: int
    level: ResultLevel
    message: Message
    locations: list[Location]
    partial_fingerprints: dict[str, str]


class RuleConfiguration(_SarifObject):
    """Section 3.50."""

    level: ResultLevel


class RuleProperties(BaseModel):
    """A property bag (section 3.8) with the names that GitHub reads."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    tags: list[str]
    precision: Literal["high", "medium", "low"] | None = None
    security_severity: Annotated[str | None, Field(serialization_alias="security-severity")] = None
    problem_severity: Annotated[
        Literal["error", "warning", "recommendation"] | None, Field(serialization_alias="problem.severity")
    ] = None


class Rule(_SarifObject):
    """A reportingDescriptor, section 3.49."""

    id: str
    short_description: Message
    full_description: Message
    help: Message
    help_uri: str | None = None
    default_configuration: RuleConfiguration
    properties: RuleProperties


class Driver(_SarifObject):
    """A toolComponent, section 3.19."""

    name: str
    version: str | None = None
    information_uri: str
    rules: list[Rule]


class Tool(_SarifObject):
    """Section 3.18."""

    driver: Driver


class Notification(_SarifObject):
    """Section 3.58."""

    level: ResultLevel
    message: Message
    locations: list[Location] | None = None


class Invocation(_SarifObject):
    """Section 3.20."""

    execution_successful: bool
    command_line: str | None = None
    tool_execution_notifications: list[Notification]


class VersionControlDetails(_SarifObject):
    """Section 3.23."""

    repository_uri: str
    revision_id: str
    mapped_to: ArtifactLocation


class AutomationDetails(_SarifObject):
    """Section 3.17."""

    id: str


class RunProperties(_SarifObject):
    """A property bag (section 3.8): how much of what was found the run holds."""

    total_results: int
    omitted_results: int


class Run(_SarifObject):
    """Section 3.14."""

    tool: Tool
    invocations: list[Invocation]
    automation_details: AutomationDetails
    original_uri_base_ids: dict[str, ArtifactLocation]
    version_control_provenance: list[VersionControlDetails] | None = None
    column_kind: Literal["unicodeCodePoints", "utf16CodeUnits"]
    results: list[Result]
    properties: RunProperties


class SarifLog(BaseModel):
    """Section 3.13."""

    model_config = ConfigDict(frozen=True)

    schema_uri: Annotated[str, Field(serialization_alias="$schema")] = SARIF_SCHEMA
    version: Literal["2.1.0"] = "2.1.0"
    runs: list[Run]

    def to_json(self) -> str:
        """Return the log's JSON text, without properties that have no value."""
        return self.model_dump_json(by_alias=True, exclude_none=True)
