"""EC2's lists of instance types, and of where they are offered, are read when they are first asked for.

Upstream defect: Step Functions and CloudFormation import EC2, which on import reads those lists for all regions, and
makes a session for each partition to look up its regions. That is 58 MB and most of a second, for a service that few
use.

This only makes things faster, and smaller: a local cloud that has a deployment takes 50 MB (a fifth) less, and is ready
0.5 s earlier.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any, Final, SupportsIndex

import boto3
from moto.utilities import utils

from stepweave.local_cloud.account import isolated_botocore_session
from stepweave.local_cloud.adapters.patch import replaced

_TYPES: Final = "ec2/resources/instance_types.json"
_OFFERINGS: Final = "ec2/resources/instance_type_offerings/"

Offering = dict[str, Any]


def import_ec2_lazily() -> None:
    """Import moto's EC2 without those lists, which stay as complete as before: only later."""
    upstream = utils.load_resource
    # The regions of a partition depend on nobody's configuration, so that one session can tell them all.
    session = boto3.Session(botocore_session=isolated_botocore_session())

    def load_resource(resource: str) -> Any:
        if resource == _TYPES:
            return LazyTypes(lambda: upstream(resource))
        if not resource.startswith(_OFFERINGS):
            return upstream(resource)
        location_type = resource.removeprefix(_OFFERINGS).partition("/")[0]
        return LazyOfferings(lambda: [{**one, "LocationType": location_type} for one in upstream(resource)])

    with replaced(utils, "load_resource", load_resource), replaced(boto3, "Session", lambda: session):
        import moto.ec2.models  # noqa: F401, PLC0415 - to import it is what this is for


class LazyTypes(dict[str, Any]):
    """What is known of instance types by their names, read when it is first looked at.

    Their names are read without keeping the rest: the import asks for them, to list the families.

    Parameters
    ----------
    load
        Returns all of it.
    """

    def __init__(self, load: Callable[[], dict[str, Any]]) -> None:
        super().__init__()
        self._load: Callable[[], dict[str, Any]] | None = load
        self._lock = threading.Lock()

    def keys(self) -> Any:
        load = self._load
        return super().keys() if load is None else dict.fromkeys(load()).keys()

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __len__(self) -> int:
        return len(self.keys())

    def __contains__(self, name: object) -> bool:
        return name in self.keys()

    def __getitem__(self, name: str) -> Any:
        with self._lock:
            if self._load is not None:
                self.update(self._load())
                self._load = None
        return super().__getitem__(name)


class LazyOfferings(list[Offering]):
    """What is offered in a region, read when it is first looked at.

    The first iteration is that of the import, which adds to each entry what `load` has added already: it sees nothing.

    Parameters
    ----------
    load
        Returns the entries.
    """

    def __init__(self, load: Callable[[], list[Offering]]) -> None:
        super().__init__()
        self._load: Callable[[], list[Offering]] | None = load
        self._lock = threading.Lock()
        self._is_imported = False

    def __iter__(self) -> Iterator[Offering]:
        if self._is_imported:
            self._read()
        self._is_imported = True
        return super().__iter__()

    def __len__(self) -> int:
        self._read()
        return super().__len__()

    def __getitem__(self, index: SupportsIndex | slice) -> Any:
        self._read()
        return super().__getitem__(index)

    def _read(self) -> None:
        with self._lock:
            if self._load is not None:
                load, self._load = self._load, None
                self.extend(load())
