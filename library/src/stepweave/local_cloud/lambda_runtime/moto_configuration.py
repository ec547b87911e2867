"""Function settings that moto 5.2.5 forgets.

Upstream defects: ``DeadLetterConfig`` and ``LoggingConfig`` are dropped wherever they are given; CloudFormation's
``Layers``, ``EphemeralStorage``, ``TracingConfig``, ``Architectures``, ``KmsKeyArn`` and ``Tags`` are dropped when a
function is created; and ``EphemeralStorage``, ``TracingConfig`` and the reserved concurrency when it is updated.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from moto.awslambda.models import LambdaFunction

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.lambda_runtime.moto_limits import check_limits

_KEPT = {"DeadLetterConfig": "dead_letter_config", "LoggingConfig": "logging_config"}
_DROPPED_BY_CLOUDFORMATION = ("Layers", "EphemeralStorage", "TracingConfig", "Architectures", "KmsKeyArn", "Tags")


def dead_letter_arn(function: LambdaFunction) -> str | None:
    """The function's dead-letter queue."""
    return (getattr(function, "dead_letter_config", None) or {}).get("TargetArn") or None


def logging_config(function: LambdaFunction) -> dict[str, str]:
    """The function's ``LoggingConfig``, with AWS's defaults."""
    defaults = {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{function.function_name}"}
    return {**defaults, **(getattr(function, "logging_config", None) or {})}


@contextmanager
def complete_configuration() -> Iterator[None]:
    """Keep the settings that moto forgets, and show them in the function's configuration."""
    upstream_init = LambdaFunction.__init__
    upstream_get = LambdaFunction.get_configuration
    upstream_update = LambdaFunction.update_configuration
    upstream_create = LambdaFunction.create_from_cloudformation_json.__func__

    def __init__(self: LambdaFunction, *args: Any, **kwargs: Any) -> None:  # noqa: N807 - a method of the patched class
        settings = kwargs["spec"] if "spec" in kwargs else args[1]
        check_limits(settings)
        upstream_init(self, *args, **kwargs)
        _keep(self, settings)

    def get_configuration(self: LambdaFunction, on_create: bool = False) -> dict[str, Any]:
        configuration: dict[str, Any] = upstream_get(self, on_create)
        configuration["LoggingConfig"] = logging_config(self)
        if target := dead_letter_arn(self):
            configuration["DeadLetterConfig"] = {"TargetArn": target}
        return configuration

    def update_configuration(self: LambdaFunction, config_updates: dict[str, Any]) -> dict[str, Any]:
        check_limits(config_updates)
        if "Environment" in config_updates:  # Upstream fails where the variables are left out.
            variables = config_updates["Environment"].get("Variables", {})
            config_updates = {**config_updates, "Environment": {"Variables": variables}}
        upstream_update(self, config_updates)
        _keep(self, config_updates)
        _apply(self, config_updates)
        return self.get_configuration()  # type: ignore[no-any-return]

    def create_from_cloudformation_json(
        cls: type[LambdaFunction],
        /,
        resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
        **kwargs: Any,
    ) -> LambdaFunction:
        function = upstream_create(cls, resource_name, cloudformation_json, account_id, region_name, **kwargs)
        properties = cloudformation_json["Properties"]
        names = (*_DROPPED_BY_CLOUDFORMATION, *_KEPT)
        function.update_configuration({name: properties[name] for name in names if name in properties})
        function.code_or_config_updated = False
        return function

    with ExitStack() as patches:
        for name, value in (
            ("__init__", __init__),
            ("get_configuration", get_configuration),
            ("update_configuration", update_configuration),
            ("create_from_cloudformation_json", classmethod(create_from_cloudformation_json)),
        ):
            patches.enter_context(replaced(LambdaFunction, name, value))
        yield


def _keep(function: LambdaFunction, settings: dict[str, Any]) -> None:
    for name, attribute in _KEPT.items():
        if name in settings:
            setattr(function, attribute, settings[name])


def _apply(function: LambdaFunction, settings: dict[str, Any]) -> None:
    if "EphemeralStorage" in settings:
        function.ephemeral_storage = int(settings["EphemeralStorage"]["Size"])
    if "TracingConfig" in settings:
        function.tracing_config = settings["TracingConfig"]
    if "Architectures" in settings:
        function.architectures = settings["Architectures"]
    if "KmsKeyArn" in settings:
        function.kms_key_arn = settings["KmsKeyArn"]
    if "ReservedConcurrentExecutions" in settings:
        function.reserved_concurrency = int(settings["ReservedConcurrentExecutions"])
    if isinstance(settings.get("Tags"), list):
        function.tags = {tag["Key"]: tag["Value"] for tag in settings["Tags"]}
