"""Subresources of buckets and objects that upstream does not know are refused.

Upstream defect: a subresource such as ``?analytics`` or ``?requestPayment`` that it does not know is overlooked, so
that the request does something else: it creates the bucket, lists its objects, or overwrites the object.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from moto.s3.responses import S3Response

from stepweave.local_cloud.adapters.patch import replaced

UNKNOWN: Final = frozenset(
    {
        "abac",
        "analytics",
        "annotation",
        "intelligent-tiering",
        "metadataAnnotationTable",
        "metadataConfiguration",
        "metadataInventoryTable",
        "metadataJournalTable",
        "metadataTable",
        "metrics",
        "renameObject",
        "requestPayment",
        "session",
        "torrent",
    }
)
"""What botocore's model of S3 has and upstream's dispatcher has not; of objects, ``encryption`` as well."""


@contextmanager
def s3_subresources() -> Iterator[None]:
    """Refuse what is not known."""
    with ExitStack() as patches:
        for name, unknown in (("_bucket_response", UNKNOWN), ("_key_response", UNKNOWN | {"encryption"})):
            patches.enter_context(replaced(S3Response, name, _checked(getattr(S3Response, name), unknown)))
        yield


def _checked(upstream: Callable[..., Any], unknown: frozenset[str]) -> Callable[..., Any]:
    def respond(self: Any, request: Any, full_url: str) -> Any:
        if not unknown.isdisjoint(request.args):
            raise NotImplementedError
        return upstream(self, request, full_url)

    return respond
