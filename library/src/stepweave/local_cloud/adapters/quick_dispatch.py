"""A request finds its service, and the method that answers it, without a look at all that there are.

Upstream defects: for each request the folders of all services are listed, one system call for each, and hundreds of
patterns are matched; then all members of the class that answers are gathered to look for one name. Together they take
longer than most of the answers.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.core import responses
from moto.moto_server.werkzeug_app import DomainDispatcherApplication

from stepweave.local_cloud.adapters.patch import replaced


class QuickDispatcher(DomainDispatcherApplication):  # type: ignore[misc]
    """Passes requests to the applications of services, and knows again where a host's went before."""

    def __init__(self, create_app: Any) -> None:
        super().__init__(create_app)
        self._services: dict[str | None, Any] = {}

    def get_backend_for_host(self, host: str | None) -> Any:
        """Return the name of the service at a host such as ``states.us-east-1.amazonaws.com``, or None."""
        service = self._services.get(host)
        if service is None and (service := super().get_backend_for_host(host)) is not None:
            self._services[host] = service
        return service


class _Methods:
    """The names of a class's methods, as far as somebody asks whether one is among them."""

    def __init__(self, owner: type) -> None:
        self._owner = owner

    def __contains__(self, name: str) -> bool:
        return inspect.isfunction(getattr(self._owner, name, None))


@contextmanager
def quick_dispatch() -> Iterator[None]:
    """Look for the one method that is to answer."""
    with replaced(responses, "method_names_from_class", _Methods):
        yield
