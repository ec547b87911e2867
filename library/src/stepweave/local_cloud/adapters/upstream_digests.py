"""Every upstream function that an adapter replaces, known by a digest of its source.

A replacement is right for the function that it was written against. ``upstream_digests.json`` holds the digests of
those functions; a test installs all adapters and compares. After an upgrade it names each function that changed: look
at the adapter that replaces it, and at what the change means for it, then run

    python -m stepweave.local_cloud.adapters.upstream_digests

which writes the digests of what is installed. The same after an adapter has come or gone.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from stepweave.local_cloud.adapters.patch import witnessed

DECLARED: Final = Path(__file__).with_name("upstream_digests.json")
_OURS: Final = witnessed.__module__.partition(".")[0]  # this module may be "__main__"
_DIGITS: Final = 16  # 64 bits: nobody tries to forge one


def declared_digests() -> dict[str, str]:
    """Return the digests of the functions that the adapters were written against, by qualified name."""
    digests: dict[str, str] = json.loads(DECLARED.read_text())
    return digests


def digests_of(replaced: Iterable[object]) -> dict[str, str]:
    """Return the digests of those of some values that have a source which is neither ours nor Python's own.

    Parameters
    ----------
    replaced
        Functions, methods, properties and classes; values of other kinds are passed over.

    Returns
    -------
    dict of str to str
        By qualified name, such as ``moto.events.models.EventsBackend.put_events``, in order.
    """
    digests: dict[str, str] = {}
    for each in replaced:
        function = _function(each)
        module = getattr(function, "__module__", None) or ""
        package = module.partition(".")[0]
        if package and package not in {_OURS, *sys.stdlib_module_names}:
            source = inspect.getsource(function)
            digests[f"{module}.{function.__qualname__}"] = hashlib.sha256(source.encode()).hexdigest()[:_DIGITS]
    return dict(sorted(digests.items()))


def installed_digests() -> dict[str, str]:
    """Install all adapters in this process, and return the digests of what they replace.

    In a process of its own, or it sees what others have replaced already.
    """
    from stepweave.local_cloud.adapters.installation import AdaptedMoto  # noqa: PLC0415 - imports moto
    from stepweave.local_cloud.controls import Controls  # noqa: PLC0415 - likewise
    from stepweave.local_cloud.lambda_runtime.host import FunctionHost  # noqa: PLC0415 - likewise
    from stepweave.local_cloud.lambda_runtime.managed_runtime import managed_runtime  # noqa: PLC0415 - likewise

    def start_host(_: object, __: object) -> FunctionHost:
        return FunctionHost(runtime_directory=managed_runtime())

    with Controls() as controls, witnessed() as seen:
        moto = AdaptedMoto("http://localhost:1", start_host, controls)
        try:
            moto.prepare_all()
            from stepweave.local_cloud.persistence.stacks import same_names  # noqa: PLC0415 - when moto is adapted

            with same_names({}):  # which is replaced only while stacks are restored
                return digests_of(seen)
        finally:
            moto.close()


def _function(value: object) -> Any:
    """Return what has the source of a value; None if the value is of no kind that has one."""
    if isinstance(value, property):
        value = value.fget
    elif isinstance(value, functools.cached_property):
        value = value.func
    return inspect.unwrap(value) if callable(value) else None


if __name__ == "__main__":
    DECLARED.write_text(json.dumps(installed_digests(), indent=2) + "\n")
