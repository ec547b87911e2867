import io

import pytest

from stepweave.local_cloud.adapters.s3.form_uploads import form_uploads
from stepweave.local_cloud.server import WsgiApplication, call_application
from tests.unit.local_cloud.adapters.conftest import Client


def post(application: WsgiApplication) -> tuple[str, bytes]:
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "HTTP_HOST": "bucket.localhost",
        "CONTENT_LENGTH": "1",
        "wsgi.input": io.BytesIO(b"x"),
        "wsgi.url_scheme": "http",
    }
    status, _headers, content = call_application(application, environ)
    return status, content


@pytest.fixture(autouse=True)
def bucket(client: Client) -> None:
    client("s3").create_bucket(Bucket="bucket")


def test_a_form_without_a_key_is_refused_as_s3_does(application: WsgiApplication) -> None:
    with form_uploads():
        status, content = post(application)
    assert status.startswith("400 ")
    assert b"<Code>InvalidArgument</Code>" in content


def test_upstream_still_fails(application: WsgiApplication) -> None:
    assert post(application) == ("500 Internal Server Error", b"KeyError: 'key'")
