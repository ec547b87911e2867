"""What a workflow's first state sends to the function that admits its inputs."""

from typing import Annotated, ClassVar, Final

from pydantic import BaseModel, ConfigDict, Field, Json, JsonValue

from stepweave.contract.formats import ADMISSION_EVENT, Format, Versioned

MAX_INPUTS: Final = 50
"""A workflow has no more inputs: as references they must all fit into a state's input."""

REFERENCE_BYTES: Final = 768
"""How long a reference to an object in S3 is at the most."""


class DeclaredInput(BaseModel):
    """An input as the workflow declares it."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    json_schema: Annotated[dict[str, JsonValue], Field(alias="schema", description="JSON schema of its values")]
    required: Annotated[bool, Field(description="whether it has to be given")] = True
    default: Annotated[JsonValue, Field(description="its value where it is not given and need not be")] = None


class AdmissionEvent(Versioned):
    """The event of the state that admits a workflow's inputs."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    format: ClassVar[Format] = ADMISSION_EVENT

    execution: Annotated[str, Field(description="ARN of the execution, whose input is looked up")]
    inputs: Annotated[
        Json[dict[str, DeclaredInput]],
        Field(description="what the workflow takes, by name: as JSON text, none of which a state machine evaluates"),
    ]
    limit_bytes: Annotated[
        int, Field(gt=0, description="how long the JSON of all inputs may be; what is more goes to S3")
    ]
