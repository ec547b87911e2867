"""What the results of optimised integrations say of the HTTP answer that they came with.

Upstream defect: they say nothing. A definition may select any of it: ``$.SdkHttpMetadata.HttpStatusCode``.
"""

from __future__ import annotations

import datetime
import json
import uuid
import zlib
from collections.abc import Mapping
from email.utils import format_datetime
from typing import Any, Final

from stepweave.local_cloud.adapters.step_functions import engine_time

_JSON: Final = "application/x-amz-json-1.0"
_CONTENT_TYPES: Final = {"lambda": "application/json", "sns": "text/xml"}
_XML_MORE: Final = 242  # bytes by which the XML of an answer with one member is longer than its JSON
_CONNECTION: Final = {"dynamodb": "Connection", "lambda": "Connection"}


def http_metadata(
    service: str, response: object, about: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return the members ``SdkHttpMetadata`` and ``SdkResponseMetadata`` of a result.

    Parameters
    ----------
    service
        As in the task's resource, such as ``sqs``.
    response
        What the service answered; or how many bytes that was.
    about
        What botocore says of the answer: ``ResponseMetadata``.
    headers
        More headers, which only this service sends.
    """
    request_id = str(about.get("RequestId") or uuid.uuid4())
    body = json.dumps(response, separators=(",", ":"), ensure_ascii=False, default=_as_long).encode()
    length = response if isinstance(response, int) else len(body)
    if service == "sns":
        length += _XML_MORE
    if service == "dynamodb":
        headers = {"Server": "Server", "x-amz-crc32": str(zlib.crc32(body))}
    sent = {
        **(headers or {}),
        "x-amzn-RequestId": request_id,
        _CONNECTION.get(service, "connection"): "keep-alive",
        "Content-Length": str(length),
        "Date": format_datetime(engine_time.now(), usegmt=True),
        "Content-Type": _CONTENT_TYPES.get(service, _JSON),
    }
    return {
        "SdkHttpMetadata": {
            "AllHttpHeaders": {name: [value] for name, value in sent.items()},
            "HttpHeaders": dict(sorted(sent.items())),
            "HttpStatusCode": int(about.get("HTTPStatusCode", 200)),
        },
        "SdkResponseMetadata": {"RequestId": request_id},
    }


def _as_long(value: object) -> object:
    """Stand for what is no JSON by what is as long: AWS writes a time as ``1.762432522123E9``."""
    return 10**15 if isinstance(value, datetime.datetime) else str(value)
