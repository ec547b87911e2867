"""What S3 says of every object: that it is encrypted, and of what its checksum is.

Upstream defect: since 2023 each object is encrypted, with ``AES256`` if nothing else is asked for, and the checksum
that an SDK sends is one of the full object; both are said only where the client said so.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from moto.s3.models import FakeKey
from moto.s3.responses import S3Response

from stepweave.local_cloud.adapters.patch import replaced

_TYPE: Final = "x-amz-checksum-type"
_WHOLE: Final = "FULL_OBJECT"


@contextmanager
def object_headers() -> Iterator[None]:
    """Say it until the context ends."""
    upstream_init, upstream_checksum = FakeKey.__init__, S3Response._get_checksum  # noqa: SLF001 - upstream's own seam

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        upstream_init(self, *args, **kwargs)
        self.encryption = self.encryption or "AES256"
        self.checksum_type = self.checksum_type or _WHOLE

    def get_checksum(self: Any, response_headers: dict[str, Any]) -> tuple[Any, Any]:
        algorithm, value = upstream_checksum(self, response_headers)
        if value:
            response_headers[_TYPE] = _WHOLE
        return algorithm, value

    with replaced(FakeKey, "__init__", init), replaced(S3Response, "_get_checksum", get_checksum):
        yield
