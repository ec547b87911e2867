"""How asynchronous events are retried, and where their records go, can be changed.

Upstream defect: a configuration that is put or updated is added behind the old one, which stays in force.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.awslambda.models import LambdaBackend

from stepweave.local_cloud.adapters.patch import replaced


@contextmanager
def event_invoke_configs() -> Iterator[None]:
    """Replace the configuration where it is put, and merge the new settings into it where it is updated."""
    upstream = LambdaBackend.put_function_event_invoke_config

    def put(self: LambdaBackend, function_name: str, config: dict[str, Any]) -> Any:
        self.get_function(function_name).event_invoke_config.clear()
        return upstream(self, function_name, config)

    def update(self: LambdaBackend, function_name: str, config: dict[str, Any]) -> Any:
        known = self.get_function(function_name).event_invoke_config
        return put(self, function_name, {**(known[0].config if known else {}), **config})

    with (
        replaced(LambdaBackend, "put_function_event_invoke_config", put),
        replaced(LambdaBackend, "update_function_event_invoke_config", update),
    ):
        yield
