"""The claim check: what stands in for a result that is too large to travel through the state machine."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

REFERENCE_KEY = "stepweave:reference"


class ResultReference(BaseModel):
    """Where a result was put in S3, and how to know that what is read back is the same."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bucket: str
    key: str
    size: Annotated[int, Field(ge=0, description="bytes of the JSON text")]
    sha256: str
