"""What EventBridge says of an execution that ended: the one shape that dead letters are made from."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

FailedStatus = Literal["FAILED", "TIMED_OUT", "ABORTED"]
"""How an execution ends that does not succeed."""


class StatusChange(BaseModel):
    """The detail of the event: an execution that did not succeed."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    execution: Annotated[str, Field(alias="executionArn", description="ARN of the execution")]
    state_machine: Annotated[str, Field(alias="stateMachineArn", description="ARN of its state machine")]
    status: FailedStatus
    started: Annotated[datetime, Field(alias="startDate")]
    stopped: Annotated[datetime | None, Field(alias="stopDate")] = None
    input: Annotated[str | None, Field(description="JSON text; None if it is too large for an event")] = None
    error: str | None = None
    cause: str | None = None
    redrives: Annotated[int | None, Field(alias="redriveCount", description="None if the event does not say")] = None


class StatusChangeEvent(BaseModel):
    """The event as a rule hands it on."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    id: str
    detail_type: Annotated[Literal["Step Functions Execution Status Change"], Field(alias="detail-type")]
    detail: StatusChange
