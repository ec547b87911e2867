"""Requests are signed as botocore signs them."""

from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from stepweave.runtime import request_signing
from stepweave.runtime.request_signing import signed_headers

WORDS = st.text("abcXYZ012/+=-._", min_size=1, max_size=30)
VALUES = st.sampled_from([" two  words ", "DynamoDB_20120810.GetItem"])
MOMENTS = st.integers(1_600_000_000, 2_200_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


def by_botocore(
    headers: dict[str, str], host: str, body: bytes, credentials: Credentials, region: str
) -> dict[str, str]:
    request = AWSRequest("POST", f"http://{host}/", headers=headers, data=body)
    auth.SigV4Auth(credentials, "dynamodb", region).add_auth(request)
    return {name.lower(): " ".join(value.split()) for name, value in request.headers.items()}


@given(
    moment=MOMENTS,
    host=st.sampled_from(["localhost:4566", "dynamodb.eu-west-1.amazonaws.com"]),
    body=st.binary(max_size=200),
    secret=WORDS,
    token=st.none() | WORDS,
    region=st.sampled_from(["us-east-1", "eu-west-1"]),
    others=st.dictionaries(st.sampled_from(["X-Amz-Target", "x-other", "X-Amzn-Trace-Id", "Accept"]), WORDS | VALUES),
)
def test_they_are_signed_alike(  # noqa: PLR0917
    moment: datetime, host: str, body: bytes, secret: str, token: str | None, region: str, others: dict[str, str]
) -> None:
    credentials = Credentials("AKID", secret, token)
    headers = {"Content-Type": "application/x-amz-json-1.0", "User-Agent": "any", **others}

    class Now(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return moment.astimezone(tz)

    with patch.object(request_signing, "datetime", Now), patch.object(auth, "get_current_datetime", lambda: moment):
        expected = by_botocore(headers, host, body, credentials, region)
        signed = signed_headers(headers, body, service="dynamodb", region=region, host=host, credentials=credentials)
    assert {name: value for name, value in signed.items() if name != "host"} == expected
    assert signed["host"] == host
