"""What may be chosen about a deployment: in the CDK's context (``cdk deploy -c name=value``) or in the project."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Final, Self, TypeVar

from constructs import Construct, Node

from stepweave.cdk import setting_values
from stepweave.cdk.dag_deployment import DAG, SHORTEN_IDS, TIME_SCALE
from stepweave.cdk.errors import SynthesisError
from stepweave.cdk.naming import Names
from stepweave.cdk.platform import Platform
from stepweave.cdk.project_names import names_of
from stepweave.cdk.setting_values import ARCHITECTURES, Removal
from stepweave.contract.vpc import Vpc
from stepweave.project.settings import Project, find_project

T = TypeVar("T")

_OWN_CONTEXT: Final = "context"
_FROM_CDK: Final = frozenset({"acknowledged-issue-numbers", "cdk-migrate", "cli-telemetry"})
"""Context of the CDK's own whose names have no prefix that says so."""


@dataclass(frozen=True)
class Settings:
    """The choices, each under its name in the context, else under ``[tool.stepweave]`` of the project.

    Parameters
    ----------
    names : Names
        The names of the deployment: ``namespace`` of the project and ``environment``, which the variable
        ``STEPWEAVE_ENVIRONMENT`` sets too.
    reserve_concurrency : bool
        Whether functions reserve the concurrency that their contracts ask for. AWS keeps 100 invocations of an
        account unreserved, and a new account has 10 in all, so that a deployment that reserves any would fail there.
    removal_policy : Removal | None
        Whether ``cdk destroy`` leaves what holds data in the account, or deletes it. Without a choice it leaves the
        buckets, and deletes tables, queues and logs.
    retain_payloads : bool | None
        The same for the buckets alone, which hold repositories and reports; wins over ``removal_policy``. Where they
        are to be deleted, that fails until they are empty.
    alarm_topic_arn : str | None
        The SNS topic that alarms notify; without it they only show in the console.
    kms_key_arn : str | None
        The KMS key that encrypts payloads, tables, queues and logs, in place of keys of AWS. Its policy must let
        ``logs``, ``events`` and ``lambda`` of the account use it.
    log_retention_days : int | None
        For how long logs are kept; without it 30 days, and 90 for the log of circuit breakers.
    tags : Mapping[str, str]
        Tags of every resource, beside ``project`` and ``environment``; in the context as a JSON object.
    python : str
        The Python that functions run, for example ``"3.13"``.
    bundle_platform : Platform
        What the wheels in the bundles are for. One sets the ``architecture`` of the functions, ``x86_64`` or
        ``arm64``, and this only where they do not run in AWS.
    runs_locally : bool
        Whether a ``bundle_platform`` was chosen, so that functions run elsewhere than in AWS: without layers, images
        and networks, none of which is there.
    vpc_subnets, vpc_security_groups : tuple[str, ...]
        Ids of the subnets and security groups of functions whose contracts say ``vpc=Vpc()``.
    bundle_files : tuple[str, ...]
        Shell patterns of files that go into bundles though nothing is known of their kind; see `BundleFiles`.
    layer_modules : tuple[str, ...]
        Top-level modules that handlers import and that their functions have from layers, not from their bundles.
    kept_agents : tuple[str, ...]
        Names of agents that have functions though no workflow calls them: those of DAG files that were deployed before.
    """

    names: Names = field(default_factory=Names)
    reserve_concurrency: bool = False
    removal_policy: Removal | None = None
    retain_payloads: bool | None = None
    alarm_topic_arn: str | None = None
    kms_key_arn: str | None = None
    log_retention_days: int | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    python: str = "3.13"
    bundle_platform: Platform = Platform.LINUX_X86_64
    runs_locally: bool = False
    vpc_subnets: tuple[str, ...] = ()
    vpc_security_groups: tuple[str, ...] = ()
    bundle_files: tuple[str, ...] = ()
    layer_modules: tuple[str, ...] = ()
    kept_agents: tuple[str, ...] = ()

    @classmethod
    def of(cls, scope: Construct) -> Self:
        """Read the settings for a construct in somebody's own stack, whose context may hold anything else too.

        Raises
        ------
        SynthesisError
            If a value is none that a setting can have.
        """
        return cls.from_context(scope.node, find_project(), is_own_app=False)

    @classmethod
    def from_context(cls, node: Node, project: Project | None = None, *, is_own_app: bool = True) -> Self:
        """Read the settings from a construct's context, and from what the project says.

        Parameters
        ----------
        node : Node
            The construct's node.
        project : Project | None
            The project, whose table ``[tool.stepweave]`` may hold settings too.
        is_own_app : bool
            Whether all that is in the context ought to be for Stepweave.

        Raises
        ------
        SynthesisError
            If there is no setting of a name, or a value is none that the setting can have.
        """
        table = {} if project is None else project.settings
        context: dict[str, object] = dict(node.get_all_context() or {})
        source = _Source(context, table)
        if is_own_app:
            source.check_names()
        platform = source.read("bundle_platform", setting_values.bundle_platform)
        architecture = source.read("architecture", setting_values.architecture) or "x86_64"
        return cls(
            names=names_of(project, source.context_text("environment")),
            reserve_concurrency=source.read("reserve_concurrency", setting_values.boolean) is True,
            removal_policy=source.read("removal_policy", setting_values.removal),
            retain_payloads=source.read("retain_payloads", setting_values.boolean),
            alarm_topic_arn=source.read("alarm_topic_arn", setting_values.topic_arn),
            kms_key_arn=source.read("kms_key_arn", setting_values.key_arn),
            log_retention_days=source.read("log_retention_days", setting_values.days),
            tags=source.read("tags", setting_values.tags) or {},
            python=source.read("python", setting_values.python) or cls.python,
            bundle_platform=platform or ARCHITECTURES[architecture],
            runs_locally=platform is not None,
            vpc_subnets=source.read("vpc_subnets", setting_values.subnets) or (),
            vpc_security_groups=source.read("vpc_security_groups", setting_values.security_groups) or (),
            bundle_files=source.read("bundle_files", setting_values.texts) or (),
            layer_modules=source.read("layer_modules", setting_values.texts) or (),
            kept_agents=source.read("kept_agents", setting_values.texts) or (),
        )

    def platform(self, architecture: str | None) -> Platform:
        """Return what a function's wheels are for, given the processor that its contract asks for, if any."""
        if architecture is None or self.runs_locally:
            return self.bundle_platform
        return ARCHITECTURES[architecture]

    def network(self, agent: str, vpc: Vpc) -> Vpc:
        """Return the network of an agent whose contract names one: its own, or that of the settings.

        Raises
        ------
        SynthesisError
            If neither says which.
        """
        if not vpc.is_by_setting:
            return vpc
        if not self.vpc_subnets or not self.vpc_security_groups:
            raise SynthesisError(
                f"agent {agent}: its contract says vpc=Vpc(), so set vpc_subnets and vpc_security_groups in "
                "pyproject.toml, [tool.stepweave], or by -c"
            )
        try:
            return Vpc(self.vpc_subnets, self.vpc_security_groups)
        except ValueError as error:
            raise SynthesisError(f"the settings' {error}") from error

    @property
    def retains_payloads(self) -> bool:
        """Whether the buckets stay when their stack goes."""
        return self.removal_policy is not Removal.DESTROY if self.retain_payloads is None else self.retain_payloads

    @property
    def retains_records(self) -> bool:
        """Whether tables, queues and logs stay when their stack goes."""
        return self.removal_policy is Removal.RETAIN

    @property
    def all_tags(self) -> dict[str, str]:
        """The tags of every resource."""
        return {"project": self.names.namespace, "environment": self.names.environment, **self.tags}


KNOWN: Final = frozenset(
    {each.name for each in fields(Settings)} - {"names", "runs_locally"} | {"architecture", "environment"}
)
"""The names of all settings that may be chosen anywhere; the namespace is the project's."""


@dataclass(frozen=True)
class _Source:
    context: Mapping[str, object]
    project: Mapping[str, object]

    def read(self, name: str, parse: Callable[[object], T]) -> T | None:
        value, where = self.context.get(name), "context"
        if value is None:
            value, where = self.project.get(name), "pyproject.toml: [tool.stepweave]"
        if value is None:
            return None
        try:
            return parse(value)
        except ValueError as error:
            raise SynthesisError(f"{where} {name}={value}: {error}") from error

    def context_text(self, name: str) -> str | None:
        value = self.context.get(name)
        if value is not None and not isinstance(value, str):
            raise SynthesisError(f"context {name}={value}: must be text")
        return value

    def check_names(self) -> None:
        """Refuse a setting that nobody reads: a typing error would otherwise change nothing in silence."""
        own = self.read(_OWN_CONTEXT, setting_values.texts) if _OWN_CONTEXT in self.project else None
        if "namespace" in self.context:
            raise SynthesisError(
                "context namespace: set it in pyproject.toml, [tool.stepweave] namespace: the command reads it there"
            )
        unknown = {name for name in self.context if not _is_of_cdk(name)} - KNOWN
        unknown -= {DAG, TIME_SCALE, SHORTEN_IDS, *(own or ())}
        _refuse(unknown, "context", KNOWN, f"; for what your own code reads: [tool.stepweave] {_OWN_CONTEXT} = [...]")
        known = KNOWN | {_OWN_CONTEXT}
        _refuse(set(self.project) - known, "pyproject.toml: [tool.stepweave]", known)


def _is_of_cdk(name: str) -> bool:
    return name in _FROM_CDK or any(sign in name for sign in "@:/")


def _refuse(unknown: set[str], where: str, known: frozenset[str], hint: str = "") -> None:
    if unknown:
        raise SynthesisError(f"{where} {min(unknown)}: no such setting; there are: {', '.join(sorted(known))}{hint}")
