"""What agents that read a repository share: how it is referred to, and what can be said of its files."""

from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from stepweave import Argument, Stored


class RepoRef(BaseModel):
    """A snapshot of a repository's tracked files: a gzipped tar archive in S3.

    The archive holds regular files, and symbolic links that stay inside the tree; member names are relative
    to the top of the repository.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    stored: ClassVar[Stored] = Stored("repositories/")
    argument: ClassVar[Argument] = Argument(
        "scripts.repository.argument:prepare",
        metavar="PATH|URL",
        doing="archiving the repository",
        help="a folder, or a Git URL to clone",
    )

    bucket: str
    key: str
    sha256: Annotated[str, Field(description="digest of the archive, lower-case hex")]
    name: Annotated[str, Field(description="what to call the repository, for example its folder's name")]
    commit: Annotated[str | None, Field(description="the commit that was checked out; None if there is none")] = None
    dirty: Annotated[bool, Field(description="whether tracked files differed from that commit")] = False


class ToolSettings(BaseModel):
    """Which settings of the repository counted when a tool read it; without files, the tool's own defaults did."""

    model_config = ConfigDict(frozen=True)

    files: Annotated[tuple[str, ...], Field(description="the files that hold them")] = ()
    problem: Annotated[str | None, Field(description="why the repository's settings were ignored")] = None


class Tool(BaseModel):
    """A tool and the options that it was run with, so that a result can be reproduced by hand."""

    model_config = ConfigDict(frozen=True)

    name: str
    version: str
    command: Annotated[str, Field(description="the command line, run at the top of the repository")]
    settings: ToolSettings = ToolSettings()


class SkippedFile(BaseModel):
    """A file that a tool could not read."""

    model_config = ConfigDict(frozen=True)

    path: str
    reason: str
