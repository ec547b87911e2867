import gc
import weakref
from contextlib import nullcontext

import pytest
from moto.core.common_models import BaseModel

from stepweave.local_cloud.adapters.untracked_instances import untracked_instances


@pytest.mark.parametrize("is_adapted", [True, pytest.param(False, id="upstream_still_keeps_all")])
def test_what_nobody_refers_to_is_forgotten(is_adapted: bool) -> None:
    class Thing(BaseModel):  # type: ignore[misc]
        def __init__(self, name: str) -> None:
            self.name = name

    with untracked_instances() if is_adapted else nullcontext():
        thing = Thing("x")
        assert thing.name == "x"
        known = weakref.ref(thing)
        del thing
        gc.collect()
        assert (known() is None) == is_adapted
