"""Requests find their services as before, with fewer looks."""

from typing import Any

import pytest
from moto import backends
from moto.core import responses
from moto.core.responses import BaseResponse
from moto.moto_server.werkzeug_app import DomainDispatcherApplication
from moto.sqs.responses import SQSResponse

from stepweave.local_cloud.adapters.quick_dispatch import QuickDispatcher, quick_dispatch

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


def test_methods_are_those_of_the_class() -> None:
    upstream = responses.method_names_from_class(SQSResponse)
    with quick_dispatch():
        quick = responses.method_names_from_class(SQSResponse)
        for name in {*dir(SQSResponse), *upstream, "nothing"}:
            assert (name in quick) == (name in upstream), name


def test_a_method_that_is_added_later_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    with quick_dispatch():
        names = responses.method_names_from_class(BaseResponse)
        assert "added" not in names
        monkeypatch.setattr(BaseResponse, "added", lambda _: None, raising=False)
        assert "added" in names
