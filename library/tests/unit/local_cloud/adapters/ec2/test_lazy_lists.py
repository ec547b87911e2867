"""In a process of its own: what was imported before cannot be imported lazily any more."""

import json
import subprocess
import sys

import pytest

from stepweave.local_cloud.adapters.ec2.lazy_lists import LazyOfferings, LazyTypes

COUNT = """
import json, sys
from moto.utilities import utils
read = []
upstream = utils.load_resource
utils.load_resource = lambda resource: read.append(resource) or upstream(resource)
if sys.argv[1] == "lazily":
    from stepweave.local_cloud.adapters.ec2.lazy_lists import import_ec2_lazily
    import_ec2_lazily()
from moto.ec2.models import ec2_backends
from moto.batch.models import EC2_INSTANCE_FAMILIES
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend
before = [one for one in read if "offerings" in one]
backend = ec2_backends["123456789012"]["us-east-1"]
offered = backend.describe_instance_type_offerings(location_type="availability-zone")
print(json.dumps({
    "read": len(before),
    "offered": sorted(map(json.dumps, offered)),
    "types": sorted(json.dumps(one, default=str) for one in backend.describe_instance_types()),
    "families": sorted(EC2_INSTANCE_FAMILIES),
    "regions": [region.name for region in RegionsAndZonesBackend.regions],
}))
"""


def imported(how: str) -> dict[str, object]:
    answer = subprocess.run([sys.executable, "-c", COUNT, how], capture_output=True, text=True, check=True)
    value: dict[str, object] = json.loads(answer.stdout)
    return value


@pytest.mark.slow
def test_what_is_offered_is_read_later_and_is_the_same() -> None:
    lazily, at_once = imported("lazily"), imported("at once")
    assert at_once.pop("read") != 0
    assert lazily.pop("read") == 0
    assert lazily == at_once
    assert lazily["offered"]
    assert lazily["types"]
    assert lazily["families"]


def test_a_list_is_read_once_and_not_by_the_import() -> None:
    loads: list[int] = []

    def load() -> list[dict[str, object]]:
        loads.append(1)
        return [{"a": 1}, {"a": 2}]

    offerings = LazyOfferings(load)
    assert [one for one in offerings] == []  # noqa: C416 - `list` would ask for the length first
    assert not loads
    assert [one["a"] for one in offerings] == [1, 2]
    assert (len(offerings), offerings[1], bool(offerings)) == (2, {"a": 2}, True)
    assert len(loads) == 1


def test_the_names_of_types_are_known_without_keeping_the_rest() -> None:
    loads: list[int] = []

    def load() -> dict[str, object]:
        loads.append(1)
        return {"a.big": {"n": 1}, "b.big": {"n": 2}}

    types = LazyTypes(load)
    assert (list(types.keys()), list(types), len(types), "a.big" in types) == (["a.big", "b.big"],) * 2 + (2, True)
    assert dict.__len__(types) == 0
    before = len(loads)
    assert (types["a.big"], types["b.big"]) == ({"n": 1}, {"n": 2})
    assert (list(types), len(types), "c.big" in types) == (["a.big", "b.big"], 2, False)
    assert len(loads) == before + 1
