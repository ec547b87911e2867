"""Requests find their services as before, with fewer looks."""

from typing import Any

import pytest
from moto import backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication

from stepweave.local_cloud.adapters.quick_dispatch import QuickDispatcher

HOSTS = (
    "sqs.us-east-1.amazonaws.com",
    "states.eu-west-1.amazonaws.com",
    "bucket.s3.amazonaws.com",
    "dynamodb",
    "moto_api",
    "nowhere.example",
    None,
)


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """Count the looks at all services."""
    looks: list[None] = []
    upstream = backends.list_of_moto_modules

    def listed() -> Any:
        looks.append(None)
        return upstream()

    monkeypatch.setattr(backends, "list_of_moto_modules", listed)
    return looks


def test_every_host_leads_where_it_led() -> None:
    quick, upstream = QuickDispatcher(None), DomainDispatcherApplication(lambda _: None)
    for host in (*HOSTS, *HOSTS):
        assert quick.get_backend_for_host(host) == upstream.get_backend_for_host(host)


@pytest.mark.parametrize(("kind", "expected"), [(DomainDispatcherApplication, 3), (QuickDispatcher, 1)])
def test_services_are_listed_once_for_a_host(kind: Any, expected: int, looks: list[None]) -> None:
    dispatcher = kind(lambda _: None)
    for _ in range(3):
        dispatcher.get_backend_for_host(HOSTS[0])
    assert len(looks) == expected
