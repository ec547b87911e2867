"""The contract of an agent: the one place that says what it takes, returns and needs."""

import re
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from datetime import timedelta
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel

from stepweave.contract.breaker import Breaker
from stepweave.contract.calls import record_call
from stepweave.contract.function_options import (
    ARCHITECTURES,
    LOG_LEVELS,
    check_environment,
    check_image,
    check_layers,
)
from stepweave.contract.option_checks import (
    check_choice,
    check_instance,
    check_time,
    check_tuple,
    check_whole_number,
    check_whole_seconds,
)
from stepweave.contract.permission import Permission
from stepweave.contract.retry import Retry
from stepweave.contract.secret import Secret
from stepweave.contract.vpc import Vpc

InputT = TypeVar("InputT", bound=BaseModel)
OutputT = TypeVar("OutputT", bound=BaseModel)

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_MAX_TIMEOUT_SECONDS = 900
_MOST_MIB = 10_240
_MOST_CONCURRENT = 2**31 - 1


@dataclass(frozen=True)
class Agent(Generic[InputT, OutputT]):
    """What an agent takes, what it returns and what its function needs.

    Inside a ``@workflow`` function a contract is called to place a task:
    ``linter("syntax_analysis", repo=repo)``. The handler is never imported for that.

    Parameters
    ----------
    name : str
        The agent's name, which is also its folder below ``lambdas/``.
    input, output : type[BaseModel]
        The models of what it is given and what it returns.
    timeout : timedelta
        How long one attempt may take: whole seconds, at most 15 minutes.
    memory_mb : int
        Memory of the function in whole MiB, 128 to 10,240.
    ephemeral_storage_mb : int
        Size of the function's ``/tmp`` in whole MiB, 512 to 10,240.
    reserved_concurrency : int | None
        How many invocations may run at once over the whole fleet; None reserves none.
    retry : Retry
        How a task of this agent is tried again, unless the workflow says otherwise.
    expected : timedelta | None
        How long a task of this agent usually takes, unless the workflow says otherwise; None if that is not known.
    breaker : Breaker | None
        The circuit breaker that guards what the agent depends on; None guards nothing.
    permissions : tuple[Permission, ...]
        What it may do in AWS beyond what every agent may.
    environment : Mapping[str, str]
        Variables of its environment, 3 KB at the most: no secrets, since whoever may look at the function sees them.
    secrets : tuple[str | Secret, ...]
        What it reads with ``context.secret(name)``: names of secrets in AWS Secrets Manager, or, with a slash first,
        of parameters in the Parameter Store.
    layers : tuple[str, ...]
        ARNs of versions of Lambda layers, five at the most. The local cloud has no layers.
    vpc : Vpc | None
        The network that it is attached to; None attaches it to none.
    architecture : {"x86_64", "arm64"} | None
        The processor that it runs on; that of the project if None.
    image : str | None
        The container image that it runs in place of a bundle: its URI in Amazon ECR, or a folder of the project that
        has a Dockerfile. The local cloud has no containers, and runs the agent's folder.
    log_level : {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}
        From which level on its logger writes.
    provisioned_concurrency : int | None
        How many environments are kept ready for what state machines call; AWS charges for them. None keeps none.

    Raises
    ------
    ValueError
        If a value is outside the range that AWS Lambda allows.
    TypeError
        If a value is of another type: memory is a whole number, a time a ``timedelta``, a breaker a
        :class:`~stepweave.contract.breaker.Breaker`.

    Example
    -------
    >>> echo = Agent(name="echo", input=Words, output=Words)  # doctest: +SKIP
    """

    name: str
    input: type[InputT]
    output: type[OutputT]
    timeout: timedelta = timedelta(minutes=1)
    memory_mb: int = 512
    ephemeral_storage_mb: int = 512
    reserved_concurrency: int | None = None
    retry: Retry = field(default_factory=Retry)
    expected: timedelta | None = None
    breaker: Breaker | None = None
    _: KW_ONLY
    permissions: tuple[Permission, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, hash=False)
    secrets: tuple[str | Secret, ...] = ()
    layers: tuple[str, ...] = ()
    vpc: Vpc | None = None
    architecture: Literal["x86_64", "arm64"] | None = None
    image: str | None = None
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "INFO"
    provisioned_concurrency: int | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.name, str):
            raise TypeError(f"the name of an agent must be a text, as in Agent(name='linter', ...), not {self.name!r}")
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"agent name {self.name!r}: use a lower-case Python identifier of at most 40 characters")
        own = f"agent {self.name}"
        for what, model in (("input", self.input), ("output", self.output)):
            if not (isinstance(model, type) and issubclass(model, BaseModel)):
                raise TypeError(f"{own}: {what} must be a class derived from pydantic.BaseModel, not {model!r}")
        check_whole_seconds(f"{own}: timeout", self.timeout, 1, _MAX_TIMEOUT_SECONDS)
        check_whole_number(f"{own}: memory_mb", self.memory_mb, 128, _MOST_MIB)
        check_whole_number(f"{own}: ephemeral_storage_mb", self.ephemeral_storage_mb, 512, _MOST_MIB)
        if self.reserved_concurrency is not None:
            check_whole_number(f"{own}: reserved_concurrency", self.reserved_concurrency, 1, _MOST_CONCURRENT)
        check_instance(f"{own}: retry", self.retry, Retry, "Retry(attempts=5)")
        if self.expected is not None:
            check_time(f"{own}: expected", self.expected, timedelta(microseconds=1), self.timeout)
        if self.breaker is not None:
            check_instance(f"{own}: breaker", self.breaker, Breaker, "Breaker('github-api')")
        self._check_access(own)
        self._check_function(own)

    def _check_access(self, own: str) -> None:
        check_tuple(f"{own}: permissions", self.permissions, Permission, "Permission(actions=..., resources=...)")
        check_environment(f"{own}: environment", self.environment)
        check_tuple(f"{own}: secrets", self.secrets, (str, Secret), "'claims/payer'")
        try:
            names = [Secret.of(secret).name for secret in self.secrets]
        except ValueError as error:
            raise ValueError(f"{own}: secrets: {error}") from error
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"{own}: secrets has {name!r} twice, and context.secret() knows them by name")
        if self.vpc is not None:
            check_instance(f"{own}: vpc", self.vpc, Vpc, "Vpc()")

    def _check_function(self, own: str) -> None:
        check_layers(f"{own}: layers", self.layers)
        if self.architecture is not None:
            check_choice(f"{own}: architecture", self.architecture, ARCHITECTURES)
        if self.image is not None:
            check_image(f"{own}: image", self.image)
            if self.layers:
                raise ValueError(f"{own}: layers: an image takes none; put into the image what they hold")
        check_choice(f"{own}: log_level", self.log_level, LOG_LEVELS)
        if self.provisioned_concurrency is not None:
            most = _MOST_CONCURRENT if self.reserved_concurrency is None else self.reserved_concurrency
            check_whole_number(f"{own}: provisioned_concurrency", self.provisioned_concurrency, 1, most)

    def __call__(self, task_id: str | None = None, /, **inputs: object) -> Any:
        """Place a task of this agent in the workflow that is being traced.

        Parameters
        ----------
        task_id : str | None
            The task's id; the agent's name if not given.
        **inputs : object
            The task's input by field name: results of other tasks, workflow inputs, or constants.

        Returns
        -------
        Any
            The task's handle, which stands for its future result. It is typed ``Any`` so that it passes
            for that result in the workflow function; the tracer checks the real types.

        Raises
        ------
        RuntimeError
            If it is called outside a ``@workflow`` function.
        """
        return record_call(self, task_id, inputs)
