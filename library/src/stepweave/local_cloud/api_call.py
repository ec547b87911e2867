"""Which operation of which AWS service a request calls, and how that service spells an error.

What there is to know of a service is in botocore's model of it. A request tells the name that it was signed for, which
a service may share with others: the one that has the operation is meant.
"""

from __future__ import annotations

import io
import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

from botocore.exceptions import DataNotFoundError, UnknownServiceError
from botocore.loaders import Loader

if TYPE_CHECKING:
    from moto.core.model import ServiceModel

_SCOPE: Final = re.compile(r"Credential=[^/]+/\d{8}/[^/]+/([^/]+)/aws4_request")
_PRESIGNED: Final = re.compile(r"X-Amz-Credential=[^&]+%2F\d{8}%2F[^&]+%2F([^&]+)%2Faws4_request", re.IGNORECASE)
_ACTION: Final = re.compile(r"(?:^|&)Action=(\w+)")
_PROTOCOLS: Final = ("json", "rest-json", "rest-xml", "query", "ec2")
_SIGNED_FOR: Final = {
    "access-analyzer": ("accessanalyzer",),
    "airflow": ("mwaa",),
    "aoss": ("opensearchserverless",),
    "apigateway": ("apigateway", "apigatewayv2"),
    "appconfig": ("appconfig", "appconfigdata"),
    "aps": ("amp",),
    "bedrock": ("bedrock", "bedrock-runtime", "bedrock-agent", "bedrock-agent-runtime", "bedrock-data-automation"),
    "bedrock-agentcore": ("bedrock-agentcore", "bedrock-agentcore-control"),
    "cassandra": ("keyspaces", "keyspacesstreams"),
    "cloudcontrolapi": ("cloudcontrol",),
    "dynamodb": ("dynamodb", "dynamodbstreams"),
    "elasticfilesystem": ("efs",),
    "elasticloadbalancing": ("elbv2", "elb"),
    "elasticmapreduce": ("emr",),
    "es": ("opensearch", "es"),
    "execute-api": ("apigatewaymanagementapi",),
    "geo": ("location",),
    "iotdata": ("iot-data",),
    "kinesisanalytics": ("kinesisanalyticsv2", "kinesisanalytics"),
    "lex": ("lexv2-models", "lexv2-runtime", "lex-models", "lex-runtime"),
    "mobiletargeting": ("pinpoint",),
    "monitoring": ("cloudwatch",),
    "rds": ("rds", "docdb", "neptune"),
    "s3": ("s3", "s3control"),
    "sagemaker": ("sagemaker", "sagemaker-runtime"),
    "servicequotas": ("service-quotas",),
    "ses": ("sesv2", "ses"),
    "sso-oauth": ("sso-oidc",),
    "states": ("stepfunctions",),
    "tagging": ("resourcegroupstaggingapi",),
    "timestream": ("timestream-write", "timestream-query"),
}
"""Services in boto3, by the name that their requests are signed for, where that is not the service's own."""

Answer = tuple[str, list[tuple[str, str]], bytes]


@dataclass(frozen=True)
class ApiCall:
    """A call of an AWS API.

    Attributes
    ----------
    service : str
        The service's name in boto3; what the request was signed for if boto3 knows no such service, and ``s3`` if it
        was signed for none.
    operation : str
        Such as ``PutItem``; empty if the request calls none that the service has.
    protocol : str
        How the service spells an error: ``json``, ``rest-json``, ``rest-xml``, ``query`` or ``ec2``.
    asked : str
        What the request says that it calls, be it an operation or not: for people.
    """

    service: str
    operation: str
    protocol: str
    asked: str = ""

    @classmethod
    def of(cls, environ: dict[str, Any]) -> ApiCall:
        """Return the call that a WSGI request makes. Its input is read, and put back to its beginning."""
        scope = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", "")) or _PRESIGNED.search(environ["QUERY_STRING"])
        signed_for = scope[1] if scope else "s3"
        target: str = environ.get("HTTP_X_AMZ_TARGET", "")
        is_form = environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded")
        body = _body(environ).decode("latin-1") if is_form else ""
        action = _ACTION.search(body) or _ACTION.search(environ["QUERY_STRING"])
        asked = target.rpartition(".")[2] or (action[1] if action else "")
        form = "json" if target else "query" if action else "rest-json"
        unknown = cls(signed_for, "", form, asked or f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
        is_first = True
        for model in _models(signed_for):
            names = [name for name in model.metadata.get("protocols", [model.protocol]) if name in _PROTOCOLS]
            call = replace(unknown, service=str(model.service_name), protocol=form if form in names else names[0])
            if operation := _operation(model, environ, target, asked):
                return replace(call, operation=operation, asked=operation)
            unknown, is_first = (call, False) if is_first else (unknown, False)
        return unknown

    def error(self, code: str, status: int, message: str) -> Answer:
        """Return the answer that reports an error."""
        request_id = str(uuid.uuid4())
        headers = [("x-amzn-RequestId", request_id), ("x-amzn-ErrorType", code)]
        if self.protocol in {"json", "rest-json"}:
            names = {"message": message, "Message": message} if self.service == "lambda" else {"message": message}
            content = json.dumps({"__type": code, **names} if self.protocol == "json" else names)
            kind = "application/json" if self.protocol == "rest-json" else "application/x-amz-json-1.0"
            return f"{status} Error", [*headers, ("Content-Type", kind)], content.encode()
        error = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
        sender = "Sender" if status < 500 else "Receiver"
        requested = f"<RequestId>{request_id}</RequestId>"
        match self.protocol, self.service:
            case _, "s3":
                body = f"<Error>{error}{requested}</Error>"
            case "ec2", _:
                body = (
                    f"<Response><Errors><Error>{error}</Error></Errors><RequestID>{request_id}</RequestID></Response>"
                )
            case _:
                body = f"<ErrorResponse><Error><Type>{sender}</Type>{error}</Error>{requested}</ErrorResponse>"
        return f"{status} Error", [*headers, ("Content-Type", "text/xml")], body.encode()

    def parameters(self, environ: dict[str, Any]) -> Any:
        """Return the parameters of a request for this operation, by their names in the API."""
        from moto.core.parse import PROTOCOL_PARSERS  # noqa: PLC0415 - moto takes a second
        from moto.core.request import Request  # noqa: PLC0415 - as above
        from moto.core.routing import get_service_router  # noqa: PLC0415 - as above
        from moto.core.utils import get_service_model  # noqa: PLC0415 - as above

        request = Request({**environ, "wsgi.input": io.BytesIO(_body(environ))})
        found, path = get_service_router(self.service).match(request)
        asked = {
            "method": request.method,
            "headers": request.headers,
            "body": request.get_data(parse_form_data=self.protocol in {"query", "ec2"}),
            "values": request.values,
            "url_path": request.path,
            "url_params": path,
        }
        operation = get_service_model(self.service).operation_model(found.name)
        return PROTOCOL_PARSERS[self.protocol](operation).parse(asked)


def _body(environ: dict[str, Any]) -> bytes:
    stream = environ["wsgi.input"]
    stream.seek(0)
    body: bytes = stream.read()
    stream.seek(0)
    return body


def _models(signed_for: str) -> Iterator[ServiceModel]:
    from moto.core.utils import get_service_model  # noqa: PLC0415 - moto takes a second

    for name in _SIGNED_FOR.get(signed_for, (signed_for,)):
        if name in _services():
            try:
                yield get_service_model(name)
            except (DataNotFoundError, UnknownServiceError):  # what moto asks botocore for in a way of its own
                continue


@cache
def _services() -> frozenset[str]:
    return frozenset(Loader().list_available_services("service-2"))


def _operation(model: ServiceModel, environ: dict[str, Any], target: str, asked: str) -> str:
    """Return the operation of a service that a request calls; empty if it has none such."""
    if target and not target.startswith(f"{model.metadata.get('targetPrefix', '')}."):
        return ""
    if asked:
        return asked if asked in model.operation_names else ""
    from moto.core.request import Request  # noqa: PLC0415 - moto takes a second
    from moto.core.routing import NotFound, get_service_router  # noqa: PLC0415 - as above

    try:
        request = Request({**environ, "wsgi.input": io.BytesIO(_body(environ))})
        return str(get_service_router(str(model.service_name)).match(request)[0].name)
    except (NotFound, NotImplementedError):
        return ""
