import gc
from typing import NoReturn

from stepweave.local_cloud.adapters.installation import AdaptedMoto


def no_host(*_: object) -> NoReturn:
    raise AssertionError("no function is called here")


def test_the_collector_leaves_what_is_loaded_alone_for_as_long_as_moto_is_there() -> None:
    before = gc.get_freeze_count()
    moto = AdaptedMoto("http://localhost:1", no_host)
    moto.prepare("s3")
    assert gc.get_freeze_count() > 10_000
    moto.close()
    assert gc.get_freeze_count() <= before
