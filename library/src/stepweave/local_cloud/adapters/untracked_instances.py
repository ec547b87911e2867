"""What is deleted in a service is forgotten.

Upstream defect: each object of a service, and each copy that is made of one for a single request, is kept in a list of
its class until all state is reset: for the dashboard of moto's server, which shows them. So no body that was put into
a bucket, no item and no log event is ever given back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.core.common_models import BaseModel

from stepweave.local_cloud.adapters.patch import replaced


@contextmanager
def untracked_instances() -> Iterator[None]:
    """Keep no list of objects; the dashboard shows none."""

    def new(cls: type[Any], *_arguments: Any, **_fields: Any) -> Any:
        return super(BaseModel, cls).__new__(cls)

    with replaced(BaseModel, "__new__", staticmethod(new)):
        yield
