"""What agents that read texts share: how a folder of texts is referred to."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from stepweave import Argument, Stored


class Texts(BaseModel):
    """A folder of text files, as one object in S3: its JSON holds each file's text by the file's name."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    stored: ClassVar[Stored] = Stored("texts/")
    argument: ClassVar[Argument] = Argument("scripts.texts:prepare", metavar="PATH", doing="packing the texts")

    bucket: str
    key: str
    name: str
