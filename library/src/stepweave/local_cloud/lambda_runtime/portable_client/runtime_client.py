# mypy: ignore-errors
"""What is compiled in AWS's runtime interface client, in plain Python: for versions that it is not compiled for.

Runs in workers, with nothing but the standard library.
"""

import http.client
import os

_PATH = "/2018-06-01/runtime/invocation/"
_ACCEPTED = 202
_OK = 200
_agent = ""


def initialize_client(user_agent):
    global _agent  # noqa: PLW0603
    _agent = user_agent


def next():
    body, headers = _request("GET", "next", None, {}, _OK)
    return body, headers


def post_invocation_result(invoke_id, result, content_type, invocation_id=None):
    headers = {"Content-Type": content_type, **_invocation(invocation_id)}
    _request("POST", f"{invoke_id}/response", result, headers, _ACCEPTED)


def post_error(invoke_id, error, xray_fault, invocation_id=None):
    headers = {
        "Content-Type": "application/json",
        "Lambda-Runtime-Function-XRay-Error-Cause": xray_fault,
        **_invocation(invocation_id),
    }
    _request("POST", f"{invoke_id}/error", error, headers, _ACCEPTED)


def _invocation(invocation_id):
    return {"Lambda-Runtime-Invocation-Id": invocation_id} if invocation_id else {}


def _request(method, path, body, headers, expected):
    connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    try:
        content = body.encode() if isinstance(body, str) else body
        connection.request(method, _PATH + path, content, {"User-Agent": _agent, **headers})
        response = connection.getresponse()
        answer = response.read()
    finally:
        connection.close()
    if response.status != expected:
        raise RuntimeError(f"{method} {path}: {response.status} {answer!r}")
    return answer, dict(response.getheaders())
