"""Custom resources: a function makes them, and puts its answer at a URL.

Upstream defects: the answer is expected at an address at which nobody listens, so that a stack stays in progress for
ever; updates and deletions are not sent; a failure is not noticed; numbers and booleans are not sent as text.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Protocol
from urllib.parse import parse_qs, urlsplit

from moto.cloudformation.responses import CloudFormationResponse

from stepweave.local_cloud.adapters.cloudformation.intrinsic_functions import as_text
from stepweave.local_cloud.adapters.cloudformation.resource_type import Properties, RefusedError, Request, Resource
from stepweave.local_cloud.adapters.patch import replaced

_LONGEST_SECONDS: Final = 3600.0
_RESPONSE_BYTES: Final = 4096
_NOTHING: Final[Properties] = {}


class CustomResourceError(Exception):
    """A custom resource could not be made, changed or removed.

    Attributes
    ----------
    physical_id
        What was made all the same, if its maker has said so.
    """

    def __init__(self, reason: str, physical_id: str | None = None) -> None:
        super().__init__(reason)
        self.physical_id = physical_id


class AttributeMissingError(KeyError):
    """The answer has no such attribute."""


class StandIn(Protocol):
    """Does in this process what a function of the CDK does on AWS."""

    def handle(self, event: Mapping[str, Any], request: Request) -> tuple[str, dict[str, Any]]:
        """Handle an event of a custom resource; return the physical id and the data."""


@dataclass
class _Pending:
    arrived: threading.Event = field(default_factory=threading.Event)
    answer: dict[str, Any] = field(default_factory=dict)


class Responses:
    """Takes the answers that functions put.

    Parameters
    ----------
    endpoint_url
        Where functions reach the local cloud.
    """

    def __init__(self, endpoint_url: str) -> None:
        self._endpoint_url = endpoint_url
        self._pending: dict[str, _Pending] = {}

    def open(self, request_id: str, region: str) -> tuple[str, _Pending]:
        """Return the URL for the answer to a request, and what it is put into."""
        pending = self._pending[request_id] = _Pending()
        return f"{self._endpoint_url}/cloudformation_{region}/cfnresponse?request={request_id}", pending

    def close(self, request_id: str) -> None:
        """Take no answer any more."""
        self._pending.pop(request_id, None)

    def put(self, url: str, body: bytes) -> int:
        """Take an answer; return the HTTP status."""
        (request_id, *_) = parse_qs(urlsplit(url).query).get("request", [""])
        pending = self._pending.get(request_id)
        if pending is None:
            return 403  # as an expired URL
        try:
            answer = json.loads(body)
        except ValueError:
            answer = {"Status": "FAILED", "Reason": "Invalid Response object: Value must be a valid JSON object"}
        if len(body) > _RESPONSE_BYTES:
            answer = {"Status": "FAILED", "Reason": "Response object is too long."}
        pending.answer = answer if isinstance(answer, dict) else {}
        pending.arrived.set()
        return 200

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Answer at the URLs for as long as the context lasts."""

        def cfnresponse(
            _cls: type[CloudFormationResponse], request: Any, full_url: str, _headers: Any
        ) -> tuple[int, dict[str, str], str]:
            return self.put(full_url, request.get_data() if hasattr(request, "get_data") else request.body), {}, ""

        with replaced(CloudFormationResponse, "cfnresponse", classmethod(cfnresponse)):
            yield


@dataclass(frozen=True)
class CustomResourceType:
    """A type of custom resources.

    Attributes
    ----------
    name
        Such as ``Custom::Thing``.
    responses
        Takes the answers.
    stand_in
        What is asked instead of the function, if anything.
    """

    name: str
    responses: Responses
    stand_in: StandIn | None = None

    def check(self, properties: Properties) -> None:
        """Refuse one without a function."""
        if "ServiceToken" not in properties:
            raise RefusedError("required key [ServiceToken] not found")

    def is_replaced(self, before: Properties, after: Properties) -> bool:  # noqa: ARG002 - its function decides
        """Tell that it is changed in place: its function may say that there is a new one by another physical id."""
        return False

    def create(self, request: Request) -> Resource:
        """Have one made."""
        return self._asked("Create", request, request.properties, None)

    def update(self, request: Request, current: Resource) -> Resource:
        """Have one changed."""
        if current.properties["ServiceToken"] != request.properties["ServiceToken"]:
            raise CustomResourceError("Modifying service token is not allowed.")
        return self._asked("Update", request, request.properties, current)

    def delete(self, request: Request, current: Resource) -> None:
        """Have one removed."""
        self._asked("Delete", request, current.properties, current)

    def _asked(self, kind: str, request: Request, properties: Properties, current: Resource | None) -> Resource:
        event = {
            "RequestType": kind,
            "ServiceToken": properties["ServiceToken"],
            "StackId": request.stack_id,
            "RequestId": str(uuid.uuid4()),
            "LogicalResourceId": request.logical_id,
            "ResourceType": self.name,
            "ResourceProperties": _texts(properties),
        }
        if current is not None:
            event["PhysicalResourceId"] = current.physical_id
        if kind == "Update" and current is not None:
            event["OldResourceProperties"] = _texts(current.properties)
        if self.stand_in is not None:
            physical_id, data = self.stand_in.handle(event, request)
        else:
            physical_id, data = self._answer(event, request, _timeout(properties))
        return Resource(physical_id, _Data(data, physical_id), properties)

    def _answer(self, event: dict[str, Any], request: Request, timeout: float) -> tuple[str, dict[str, Any]]:
        request_id = event["RequestId"]
        event["ResponseURL"], pending = self.responses.open(request_id, request.region)
        failures: list[str] = []
        threading.Thread(target=_send, args=(event, request, pending, failures), daemon=True).start()
        try:
            pending.arrived.wait(timeout)
        finally:
            self.responses.close(request_id)
        answer = pending.answer
        if not answer:
            raise CustomResourceError(
                "CloudFormation did not receive a response from your Custom Resource. Please check your logs for "
                f"requestId [{request_id}]." + "".join(f" The function failed: {failure}" for failure in failures)
            )
        physical_id = answer.get("PhysicalResourceId")
        if answer.get("Status") != "SUCCESS":
            raise CustomResourceError(
                "Received response status [FAILED] from custom resource. Message returned: "
                f"{answer.get('Reason', '')} (RequestId: {request_id})",
                physical_id,
            )
        if not physical_id or not isinstance(physical_id, str):
            raise CustomResourceError("Invalid PhysicalResourceId")
        return physical_id, answer.get("Data") or {}


class _Data(dict[str, Any]):
    """The attributes that a custom resource has."""

    def __init__(self, data: Mapping[str, Any], physical_id: str) -> None:
        super().__init__(data)
        self._physical_id = physical_id

    def __missing__(self, name: str) -> Any:
        raise AttributeMissingError(
            f"CustomResource attribute error: Vendor response doesn't contain {name} attribute in object "
            f"{self._physical_id}"
        )


def _send(event: dict[str, Any], request: Request, pending: _Pending, failures: list[str]) -> None:
    """Send an event. If it is clear that no answer will come, do not let anybody wait for it."""
    try:
        token = str(event["ServiceToken"])
        if token.startswith("arn:aws:sns:"):
            request.client("sns").publish(
                TopicArn=token, Subject="AWS CloudFormation custom resource request", Message=json.dumps(event)
            )
            return
        answer = request.client("lambda").invoke(FunctionName=token, Payload=json.dumps(event).encode())
        if not answer.get("FunctionError"):
            return
        failures.append(answer["Payload"].read().decode(errors="replace"))
    except Exception as error:  # noqa: BLE001 - whatever it was, it is why there is no answer
        failures.append(str(error))
    pending.arrived.set()


def _timeout(properties: Properties) -> float:
    return min(float(properties.get("ServiceTimeout", _LONGEST_SECONDS)), _LONGEST_SECONDS)


def _texts(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _texts(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_texts(item) for item in value]
    return as_text(value)
