"""An upload by a form that does not say where to is refused.

Upstream defect: a POST to a bucket that neither deletes objects nor names a ``key`` ends in a ``KeyError``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.s3.exceptions import InvalidArgumentError
from moto.s3.responses import S3Response

from stepweave.local_cloud.adapters.patch import replaced


@contextmanager
def form_uploads() -> Iterator[None]:
    """Answer a form without a key as S3 does."""
    upstream = S3Response._bucket_response_post  # noqa: SLF001 - upstream's own seam

    def post(self: Any, request: Any, bucket_name: str) -> Any:
        try:
            return upstream(self, request, bucket_name)
        except KeyError as error:
            if error.args != ("key",):
                raise
            message = "Bucket POST must contain a field named 'key'. If it is specified, check the order of the fields."
            raise InvalidArgumentError(message, "key", "") from error

    with replaced(S3Response, "_bucket_response_post", post):
        yield
