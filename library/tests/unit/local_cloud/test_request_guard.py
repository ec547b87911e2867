import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepweave.local_cloud.http_errors import ForeignRequestError, MalformedRequestError, RefusedRequestError
from stepweave.local_cloud.request_guard import check_request, is_local_authority

HOST = ("Host", "localhost:4566")


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:4566",
        "LocalHost:4566",
        "127.0.0.1",
        "127.0.0.1:4566",
        "127.0.0.2:1",
        "[::1]",
        "[::1]:4566",
        "[0:0:0:0:0:0:0:1]:4566",
        "bucket.localhost:4566",
        "dotted.bucket_1.localhost",
        "api.localhost:4566",
        "123456789012.s3-control.localhost:4566",
    ],
)
def test_names_that_only_this_machine_has_are_served(host: str) -> None:
    check_request([("host", host)])
    check_request([HOST], target_authority=host)


FOREIGN = [
    "",
    "evil.example",
    "evil.example:4566",
    "localhost.evil.example:4566",
    "evillocalhost:4566",
    "127.0.0.1.evil.example",
    "127.0.0.1.nip.io:4566",
    "sync-127.0.0.1:4566",
    "sync-localhost:4566",
    "0.0.0.0:4566",
    "192.168.0.1:4566",
    "127.1",
    "2130706433",
    "0177.0.0.1",
    "[::]:4566",
    "[::ffff:10.0.0.1]",
    "[fe80::1]",
    "[fe80::1%25eth0]",
    "::1",
    "[::1",
    "::1]",
    "[]",
    "[localhost]",
    "[127.0.0.1]",
    "localhost.",
    "localhost.:4566",
    ".localhost",
    "a..localhost",
    "-a.localhost",
    "localhost:",
    "localhost:port",
    "localhost:-1",
    "localhost:65536",
    "localhost:99999999",
    "localhost:80:80",
    "localhost:4566, evil.example",
    "localhost evil.example",
    "user@localhost:4566",
    "localhost@evil.example",
    "localhost/evil",
    "localhost#",
    "localhost\\evil",
    "s3.amazonaws.com",
    "bucket.s3.amazonaws.com",
    "host.docker.internal:4566",
    "l\u00f6calhost",
    "loca\u017fhost",
    "\uff4cocalhost",
    "localhost\n",
    "a." * 10_000 + "localhost",
]


@pytest.mark.parametrize("host", FOREIGN)
def test_other_names_and_what_is_no_name_are_refused(host: str) -> None:
    with pytest.raises(ForeignRequestError):
        check_request([("Host", host)])
    with pytest.raises(ForeignRequestError):
        check_request([HOST], target_authority=host)


def test_a_request_is_addressed_once() -> None:
    with pytest.raises(MalformedRequestError):
        check_request([])
    with pytest.raises(MalformedRequestError):
        check_request([HOST, HOST])
    with pytest.raises(ForeignRequestError):
        check_request([HOST, ("Host", "evil.example")])


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "http://evil.example",
        "https://evil.example",
        "http://evil.example:4566",
        "http://localhost",
        "http://localhost:3000",
        "https://localhost:4566",
        "http://127.0.0.1:4566",
        "http://bucket.localhost:4566",
        "http://localhost:4566.evil.example",
        "http://localhost:4566/",
        "file://",
        "chrome-extension://abc",
        "moz-extension://abc",
    ],
)
def test_pages_of_other_origins_are_refused(origin: str) -> None:
    with pytest.raises(ForeignRequestError):
        check_request([HOST, ("origin", origin)])
    with pytest.raises(ForeignRequestError):
        check_request([("ORIGIN", "http://localhost:4566"), HOST, ("Origin", origin)])


@pytest.mark.parametrize("site", ["cross-site", "same-site", "", "anything"])
def test_requests_that_other_sites_cause_are_refused(site: str) -> None:
    with pytest.raises(ForeignRequestError):
        check_request([HOST, ("Sec-Fetch-Site", site)])


@pytest.mark.parametrize("site", ["none", "same-origin"])
def test_what_the_reader_of_a_browser_asks_for_is_served(site: str) -> None:
    check_request([HOST, ("Sec-Fetch-Site", site), ("Origin", "http://localhost:4566")])


@given(st.text(alphabet="localhst127.0:[]@/-xé ", max_size=30))
def test_no_name_passes_that_may_be_another_machines(host: str) -> None:
    try:
        check_request([("Host", host)])
    except RefusedRequestError:
        return
    name = host.rpartition(":")[0] if ":" in host and not host.endswith("]") else host
    assert name.startswith(("127.", "[")) or name.rpartition(".")[2] == "localhost"
    assert is_local_authority(host)
