"""moto's functions as the function host knows them: their code on disk, their settings as a `FunctionSpec`."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from moto.awslambda.exceptions import InvalidParameterValueException
from moto.awslambda.models import LambdaFunction, LayerVersion, lambda_backends
from moto.awslambda.utils import make_function_arn

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.lambda_runtime.code_store import BadArchiveError, CodeStore
from stepweave.local_cloud.lambda_runtime.function_spec import FunctionSpec
from stepweave.local_cloud.lambda_runtime.interpreters import python_version
from stepweave.local_cloud.lambda_runtime.invocation import InvocationRefused
from stepweave.local_cloud.lambda_runtime.moto_configuration import dead_letter_arn, logging_config


@contextmanager
def code_on_disk(store: CodeStore) -> Iterator[None]:
    """Keep the code of functions and layers in `store`.

    Upstream defects: every archive is held in memory, twice where it was given inline; and one that cannot be
    extracted, or would be extracted outside of its directory, is accepted.
    """
    upstream_set_code = LambdaFunction._set_function_code  # noqa: SLF001 - the seam that upstream has
    upstream_layer_init = LayerVersion.__init__

    def _set_function_code(self: LambdaFunction, updated_spec: dict[str, Any]) -> None:
        upstream_set_code(self, updated_spec)
        _move(self, store)
        self.code.pop("ZipFile", None)

    def __init__(self: LayerVersion, *args: Any, **kwargs: Any) -> None:  # noqa: N807 - a method of the patched class
        upstream_layer_init(self, *args, **kwargs)
        _move(self, store)
        self.content.pop("ZipFile", None)

    with ExitStack() as patches:
        patches.enter_context(replaced(LambdaFunction, "_set_function_code", _set_function_code))
        patches.enter_context(replaced(LayerVersion, "__init__", __init__))
        yield


def function_spec(function: LambdaFunction, store: CodeStore) -> FunctionSpec:
    """How to run one of moto's functions. Raises `InvocationRefused` if that cannot be done here."""
    if function.package_type != "Zip" or python_version(function.run_time or "") is None:
        kind = function.run_time if function.package_type == "Zip" else "container images"
        message = f"{function.function_name}: the local cloud runs Python only, not {kind}"
        raise InvocationRefused("InvalidRuntimeException", message, 502)
    logging = logging_config(function)
    environment = function.environment_vars or {}
    reserved = function.reserved_concurrency
    return FunctionSpec(
        name=function.function_name,
        arn=make_function_arn(function.region, function.account_id, function.function_name),
        handler=function.handler or "",
        code_directory=_extracted(store, getattr(function, "code_digest", ""), function.function_name),
        layer_directories=_layers(function, store),
        environment={name: str(value) for name, value in environment.items()},
        version=str(function.version),
        runtime=function.run_time,
        timeout_seconds=float(function.timeout),
        memory_mb=int(function.memory_size),
        ephemeral_storage_mb=int(function.ephemeral_storage),
        log_group=logging["LogGroup"],
        log_format="JSON" if logging["LogFormat"] == "JSON" else "Text",
        application_log_level=logging.get("ApplicationLogLevel", ""),
        role_arn=function.role or "",
        active_tracing=(function.tracing_config or {}).get("Mode") == "Active",
        reserved_concurrency=None if reserved is None else int(reserved),
        dead_letter_arn=dead_letter_arn(function),
        **_event_invoke_config(function),
    )


def _move(code: LambdaFunction | LayerVersion, store: CodeStore) -> None:
    if not getattr(code, "code_bytes", b""):
        return
    try:
        store.put(code.code_bytes, code.code_digest)
    except BadArchiveError as error:
        raise InvalidParameterValueException(str(error)) from error
    code.code_bytes = b""


def _extracted(store: CodeStore, digest: str, name: str) -> Path:
    try:
        return store.directory(digest)
    except (KeyError, BadArchiveError) as error:
        message = f"Lambda could not unzip the deployment package of {name}."
        raise InvocationRefused("InvalidZipFileException", message, 502) from error


def _layers(function: LambdaFunction, store: CodeStore) -> tuple[Path, ...]:
    backend = lambda_backends[function.account_id][function.region]
    versions = [backend.layers_versions_by_arn(layer["Arn"]) for layer in function.layers]
    return tuple(_extracted(store, version.code_digest, version.name) for version in versions if version)


def _event_invoke_config(function: LambdaFunction) -> dict[str, Any]:
    if not function.event_invoke_config:
        return {}
    config = function.event_invoke_config[0].config
    destinations = config.get("DestinationConfig") or {}
    fields = {
        "maximum_retry_attempts": config.get("MaximumRetryAttempts"),
        "maximum_event_age_seconds": config.get("MaximumEventAgeInSeconds"),
        "on_success_arn": (destinations.get("OnSuccess") or {}).get("Destination") or None,
        "on_failure_arn": (destinations.get("OnFailure") or {}).get("Destination") or None,
    }
    return {name: value for name, value in fields.items() if value is not None}
