"""What the function host must know of a Lambda function to run it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from stepweave.local_cloud.permissions.callers import RoleSession

UNCOMPARED = False  # A change of such a field concerns the next call, not the processes that are warm.


@dataclass(frozen=True)
class FunctionSpec:
    """One version of a Lambda function.

    Two specs are equal if the same worker processes can serve both: reserved concurrency, retries, destinations and
    the dead-letter queue do not take part in the comparison.

    Attributes
    ----------
    name : str
        The function's name, without a qualifier.
    arn : str
        The function's ARN, without a qualifier. Reserved concurrency is counted by it.
    handler : str
        ``module.function``; the module may have dots or slashes.
    code_directory : Path
        The extracted deployment package, the stand-in for ``/var/task``.
    layer_directories : tuple of Path
        Each an extracted layer, a stand-in for ``/opt``; a later one hides an earlier one.
    environment : mapping
        The function's own environment variables.
    version : str
        ``$LATEST`` or the number of a published version.
    runtime : str
        The identifier of the managed runtime, as ``python3.11``.
    timeout_seconds : float
        From the event's delivery to the handler's result.
    memory_mb, ephemeral_storage_mb : int
        In MiB. The memory is enforced; the storage is only passed on.
    log_group : str
        The CloudWatch log group; ``/aws/lambda/<name>`` if empty.
    log_format : {"Text", "JSON"}
        How the platform's own lines (START, END, REPORT) and the runtime's are written.
    application_log_level : str
        The level of the root logger (``LoggingConfig.ApplicationLogLevel``), or empty.
    active_tracing : bool
        Whether calls that come without a trace are sampled.
    role_arn : str
        The role in whose name the function's code makes calls; empty if none is known.
    reserved_concurrency : int or None
        How many calls may run at once; None means no limit of its own.
    dead_letter_arn : str or None
        Where an asynchronous event goes that failed for good.
    on_success_arn, on_failure_arn : str or None
        Destinations of the records of asynchronous events.
    maximum_retry_attempts : int
        How often an asynchronous event is tried again after a function error.
    maximum_event_age_seconds : float
        How long an asynchronous event may wait.
    alias : str
        The alias by which it is called, or empty.
    """

    name: str
    arn: str
    handler: str
    code_directory: Path
    layer_directories: tuple[Path, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    version: str = "$LATEST"
    runtime: str = "python3.11"
    timeout_seconds: float = 3.0
    memory_mb: int = 128
    ephemeral_storage_mb: int = 512
    log_group: str = ""
    log_format: Literal["Text", "JSON"] = "Text"
    application_log_level: str = ""
    active_tracing: bool = False
    role_arn: str = ""
    reserved_concurrency: int | None = field(default=None, compare=UNCOMPARED)
    dead_letter_arn: str | None = field(default=None, compare=UNCOMPARED)
    on_success_arn: str | None = field(default=None, compare=UNCOMPARED)
    on_failure_arn: str | None = field(default=None, compare=UNCOMPARED)
    maximum_retry_attempts: int = field(default=2, compare=UNCOMPARED)
    maximum_event_age_seconds: float = field(default=6 * 3600.0, compare=UNCOMPARED)
    alias: str = field(default="", compare=UNCOMPARED)

    @property
    def qualified_arn(self) -> str:
        """The ARN of this version: that of the function itself for ``$LATEST``."""
        return self.arn if self.version == "$LATEST" else f"{self.arn}:{self.version}"

    @property
    def session(self) -> RoleSession | None:
        """The session of the function's role."""
        return RoleSession(self.role_arn, self.name, source_function_arn=self.arn) if self.role_arn else None

    @property
    def region(self) -> str:
        """The region in the ARN."""
        return self.arn.split(":")[3]

    @property
    def log_group_name(self) -> str:
        """The log group that takes the function's output."""
        return self.log_group or f"/aws/lambda/{self.name}"
