"""The state of a service is found without a look at all services, and is still forgotten with them."""

import pytest
from moto.core import base_backend
from moto.core.base_backend import BackendDict
from moto.sqs.models import SQSBackend

from stepweave.local_cloud.account import ACCOUNT_ID, REGION
from stepweave.local_cloud.adapters.quick_backends import quick_backends


class Refused:
    """A lock that nobody may take."""

    def __enter__(self) -> None:
        raise AssertionError("the lock of all services was taken")

    def __exit__(self, *_: object) -> None:
        """Nothing was taken."""


def test_what_is_there_is_found_without_the_lock_of_all_services(monkeypatch: pytest.MonkeyPatch) -> None:
    with quick_backends():
        services = BackendDict(SQSBackend, "sqs")
        made = services[ACCOUNT_ID][REGION]
        monkeypatch.setattr(base_backend, "backend_lock", Refused())
        assert services[ACCOUNT_ID][REGION] is made


def test_a_service_that_was_used_is_reset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BackendDict, "_instances", [])
    with quick_backends():
        services = BackendDict(SQSBackend, "sqs")
        for _ in range(2):
            services[ACCOUNT_ID][REGION].create_queue("q", {})
            assert services[ACCOUNT_ID][REGION].queues
            BackendDict.reset()
            assert not services[ACCOUNT_ID][REGION].queues
