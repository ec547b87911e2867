"""The claim check: what stands in for a result that is too large to travel through the state machine."""

from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field

from stepweave.contract.formats import REFERENCE, Format, Versioned

REFERENCE_KEY = "stepweave:reference"


class ResultReference(Versioned):
    """Where a result was put in S3, and how to know that what is read back is the same."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    format: ClassVar[Format] = REFERENCE

    bucket: str
    key: str
    size: Annotated[int, Field(ge=0, description="bytes of the JSON text")]
    sha256: str
