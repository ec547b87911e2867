"""The environment variables and the search path of a worker: the function's and Lambda's, nothing of the caller's."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from stepweave.local_cloud.lambda_runtime.function_spec import FunctionSpec

PYTHON_VERSION: Final = f"{sys.version_info.major}.{sys.version_info.minor}"


@dataclass(frozen=True)
class Sandbox:
    """Where one worker lives.

    Attributes
    ----------
    runtime_api : str
        ``host:port`` of its Runtime API.
    temporary_directory : Path
        The stand-in for ``/tmp``: private to the worker.
    log_stream : str
        The CloudWatch log stream that takes its output.
    memory_limit_mb : int or None
        How much memory it may use, in MiB; None if that is not watched.
    """

    runtime_api: str
    temporary_directory: Path
    log_stream: str
    memory_limit_mb: int | None


@dataclass(frozen=True)
class WorkerHook:
    """A script that a worker runs before anything else, by its function ``install``.

    Attributes
    ----------
    script : Path
        Needs nothing but the standard library when it is run.
    argument : str
        What ``install`` is given.
    """

    script: Path
    argument: str


@dataclass(frozen=True)
class Platform:
    """What all workers of a host have in common.

    Attributes
    ----------
    python : Path
        The interpreter; that of an empty virtual environment.
    runtime_directory : Path
        The managed runtime's packages.
    endpoint_url : str or None
        Where AWS clients connect.
    xray_daemon_address : str
        ``host:port`` that takes trace segments by UDP.
    hooks : tuple of WorkerHook
        What controls workers in tests.
    python_version : str
        The interpreter's, as ``3.11``.
    """

    python: Path
    runtime_directory: Path
    endpoint_url: str | None
    xray_daemon_address: str
    hooks: tuple[WorkerHook, ...] = ()
    python_version: str = PYTHON_VERSION


def search_path(spec: FunctionSpec, runtime_directory: Path, python_version: str) -> list[str]:
    """The directories before the standard library: the function's code, its layers (last one first), the runtime's."""
    layers: list[str] = []
    for layer in reversed(spec.layer_directories):
        layers += [str(layer / "python"), str(layer / "python" / "lib" / f"python{python_version}" / "site-packages")]
    return [str(spec.code_directory), *layers, str(runtime_directory)]


def worker_environment(spec: FunctionSpec, platform: Platform, sandbox: Sandbox) -> dict[str, str]:
    """All the variables a worker sees.

    The function's own win over Lambda's defaults, but not over those that Lambda reserves.
    """
    layers = list(reversed(spec.layer_directories))
    binaries = [platform.python.parent, Path("/usr/local/bin"), Path("/usr/bin"), Path("/bin")]
    libraries = [spec.code_directory, spec.code_directory / "lib", *(layer / "lib" for layer in layers)]
    defaults = {
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PATH": ":".join(map(str, [*binaries, *(layer / "bin" for layer in layers)])),
        "LD_LIBRARY_PATH": ":".join(map(str, libraries)),
        "PYTHONPATH": str(platform.runtime_directory),
        # Lambda has no home. Without this, AWS clients would find the caller's ~/.aws through the password database.
        "HOME": str(sandbox.temporary_directory),
        "TMPDIR": str(sandbox.temporary_directory),
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
    }
    if platform.endpoint_url:
        defaults["AWS_ENDPOINT_URL"] = platform.endpoint_url
        # Some operations have a host of their own below the service's, "sync-..." for one; there is but one host here.
        defaults["AWS_DISABLE_HOST_PREFIX_INJECTION"] = "true"
    return {**defaults, **spec.environment, **_reserved(spec, platform, sandbox)}


def _reserved(spec: FunctionSpec, platform: Platform, sandbox: Sandbox) -> dict[str, str]:
    daemon_host, _, daemon_port = platform.xray_daemon_address.rpartition(":")
    reserved = {
        "_HANDLER": spec.handler,
        "AWS_REGION": spec.region,
        "AWS_DEFAULT_REGION": spec.region,
        "AWS_ACCESS_KEY_ID": "ASIALOCALCLOUD000000",
        "AWS_SECRET_ACCESS_KEY": "local-cloud",
        "AWS_SESSION_TOKEN": "local-cloud" if spec.session is None else spec.session.token,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{spec.runtime}",
        "AWS_LAMBDA_FUNCTION_NAME": spec.name,
        "AWS_LAMBDA_FUNCTION_VERSION": spec.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(spec.memory_mb),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": spec.log_group_name,
        "AWS_LAMBDA_LOG_STREAM_NAME": sandbox.log_stream,
        "AWS_LAMBDA_LOG_FORMAT": spec.log_format,
        "AWS_LAMBDA_RUNTIME_API": sandbox.runtime_api,
        "AWS_XRAY_DAEMON_ADDRESS": platform.xray_daemon_address,
        "_AWS_XRAY_DAEMON_ADDRESS": daemon_host,
        "_AWS_XRAY_DAEMON_PORT": daemon_port,
        "LAMBDA_TASK_ROOT": str(spec.code_directory),
        "LAMBDA_RUNTIME_DIR": str(platform.runtime_directory),
    }
    if spec.application_log_level:
        reserved["AWS_LAMBDA_LOG_LEVEL"] = spec.application_log_level
    return reserved
