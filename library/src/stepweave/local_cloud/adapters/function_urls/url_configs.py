"""URLs of functions are served.

Upstream defects: the URL of a function leads nowhere; an alias has none of its own; a second one takes the place of the
first; they cannot be listed; and one of AWS's modes of answering, by streams, is taken though nothing streams.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import Any, Final
from urllib.parse import unquote

from moto.awslambda import urls
from moto.awslambda.exceptions import GenericResourcNotFound, LambdaClientError
from moto.awslambda.models import LambdaBackend, LambdaFunction
from moto.awslambda.responses import LambdaResponse
from moto.awslambda.utils import make_function_arn

from stepweave.local_cloud.adapters.patch import added, replaced
from stepweave.local_cloud.adapters.refused_operations import UnsupportedError
from stepweave.local_cloud.adapters.step_functions import engine_time
from stepweave.local_cloud.function_urls.endpoint import InvokeFunction, UrlEndpoint

_QUALIFIER: Final = re.compile(r"(?!^\d+$)^[0-9a-zA-Z-_]+$")
_LIST_PATH: Final = "{0}/(?P<api_version>[^/]+)/functions/(?P<function_name>[\\w_:%-]+)/urls/?$"
_SETTINGS: Final = ("AuthType", "Cors", "InvokeMode")


class NoFunctionError(LambdaClientError):  # type: ignore[misc]
    """There is no such function."""

    code = 404

    def __init__(self) -> None:
        super().__init__("ResourceNotFoundException", "Function does not exist")


class UrlExistsError(LambdaClientError):  # type: ignore[misc]
    """The function or alias has a URL already."""

    code = 409

    def __init__(self, arn: str) -> None:
        message = (
            f"Failed to create function url config for [functionArn = {arn}]. Error message:  "
            "FunctionUrlConfig exists for this Lambda function"
        )
        super().__init__("ResourceConflictException", message)


class UrlConfig:
    """The URL of a function or of an alias: what upstream keeps as its ``FunctionUrlConfig``."""

    def __init__(self, arn: str, settings: dict[str, Any], invoke: InvokeFunction) -> None:
        self.arn = arn
        self.settings = dict(settings)
        self.endpoint = UrlEndpoint(arn, lambda: self.settings.get("AuthType") == "AWS_IAM", invoke)
        self.url = self.endpoint.url
        self.created = self.last_modified = engine_time.now()

    def update(self, settings: dict[str, Any]) -> None:
        """Change those settings that are given."""
        self.settings |= settings
        self.last_modified = engine_time.now()

    def to_dict(self) -> dict[str, Any]:
        """The URL as AWS describes it."""
        described = {
            "FunctionUrl": self.url,
            "FunctionArn": self.arn,
            "CreationTime": _time(self.created),
            "LastModifiedTime": _time(self.last_modified),
            "InvokeMode": "BUFFERED",
            **self.settings,
        }
        return {name: value for name, value in described.items() if value is not None}


class _UrlConfigs:
    """The URLs of all functions, by ARN; the operations of upstream's backend on them."""

    def __init__(self, invoke: InvokeFunction) -> None:
        self._invoke = invoke
        self._configs: dict[str, UrlConfig] = {}
        self._closed: list[UrlEndpoint] = []

    def create(self, arn: str, settings: dict[str, Any]) -> UrlConfig:
        if arn in self._configs:
            raise UrlExistsError(arn)
        _check(settings)
        config = self._configs[arn] = UrlConfig(arn, _known(settings), self._invoke)
        return config

    def get(self, arn: str) -> UrlConfig:
        if arn not in self._configs:
            raise GenericResourcNotFound
        return self._configs[arn]

    def update(self, arn: str, settings: dict[str, Any]) -> UrlConfig:
        config = self.get(arn)
        _check(settings)
        config.update(_known(settings))
        return config

    def delete(self, arn: str) -> None:
        endpoint = self.get(arn).endpoint
        del self._configs[arn]
        endpoint.close()
        self._closed.append(endpoint)

    def of_function(self, arn: str) -> list[UrlConfig]:
        return [config for each, config in self._configs.items() if each == arn or each.startswith(f"{arn}:")]

    def close(self) -> None:
        for arn in list(self._configs):
            self.delete(arn)

    def join(self) -> None:
        for endpoint in self._closed:
            endpoint.join()


@contextmanager
def function_urls(invoke: InvokeFunction) -> Iterator[_UrlConfigs]:  # noqa: C901 - one function for each of upstream's
    """Serve the URLs of functions until the context ends.

    Parameters
    ----------
    invoke
        Calls functions.
    """
    configs = _UrlConfigs(invoke)
    upstream_delete = LambdaBackend.delete_function

    def create(self: Any, name: str, config: dict[str, Any], qualifier: str | None = None) -> UrlConfig:
        return configs.create(_arn(self, name, qualifier), config)

    def get(self: Any, name: str, qualifier: str | None = None) -> UrlConfig:
        return configs.get(_arn(self, name, qualifier))

    def update(self: Any, name: str, config: dict[str, Any], qualifier: str | None = None) -> UrlConfig:
        return configs.update(_arn(self, name, qualifier), config)

    def delete(self: Any, name: str, qualifier: str | None = None) -> None:
        configs.delete(_arn(self, name, qualifier))

    def delete_function(self: Any, function_name: str, qualifier: str | None = None) -> Any:
        arn = _arn(self, function_name, None)
        deleted = upstream_delete(self, function_name, qualifier)
        for config in configs.of_function(arn) if qualifier is None else ():
            configs.delete(config.arn)
        return deleted

    def respond_create(self: Any) -> Any:
        described = self.backend.create_function_url_config(_name(self), self.json_body, _qualifier(self)).to_dict()
        del described["LastModifiedTime"]
        if "InvokeMode" not in self.json_body:
            del described["InvokeMode"]
        return 201, {"status": 201}, json.dumps(described)

    def respond_get(self: Any) -> Any:
        return json.dumps(self.backend.get_function_url_config(_name(self), _qualifier(self)).to_dict())

    def respond_update(self: Any) -> Any:
        config = self.backend.update_function_url_config(_name(self), self.json_body, _qualifier(self))
        return json.dumps(config.to_dict())

    def respond_delete(self: Any) -> Any:
        self.backend.delete_function_url_config(_name(self), _qualifier(self))
        return 204, {"status": 204}, ""

    def respond_list(self: Any) -> Any:
        found = configs.of_function(_arn(self.backend, _name(self), None))
        return json.dumps({"FunctionUrlConfigs": [config.to_dict() for config in found]})

    operations = {"create": create, "get": get, "update": update, "delete": delete}
    responses = {"create": respond_create, "get": respond_get, "update": respond_update, "delete": respond_delete}
    with ExitStack() as patches:
        patches.callback(configs.join)
        patches.callback(configs.close)
        for verb, operation in operations.items():
            patches.enter_context(replaced(LambdaBackend, f"{verb}_function_url_config", operation))
        for verb, response in responses.items():
            patches.enter_context(replaced(LambdaResponse, f"{verb}_function_url_config", response))
        patches.enter_context(replaced(LambdaBackend, "delete_function", delete_function))
        patches.enter_context(added(LambdaResponse, "list_function_url_configs", respond_list))
        patches.enter_context(replaced(urls, "url_paths", {**urls.url_paths, _LIST_PATH: LambdaResponse.dispatch}))
        yield configs


def _name(response: Any) -> str:
    return unquote(str(response.path).rstrip("/").split("/")[-2])


def _qualifier(response: Any) -> str | None:
    given: str | None = response.querystring.get("Qualifier", [None])[0]
    return given


def _arn(backend: Any, name: str, qualifier: str | None) -> str:
    if qualifier is not None and not _QUALIFIER.match(qualifier):
        message = (
            f"1 validation error detected: Value '{qualifier}' at 'qualifier' failed to satisfy constraint: "
            r"Member must satisfy regular expression pattern: ((?!^\d+$)^[0-9a-zA-Z-_]+$)"
        )
        raise LambdaClientError("ValidationException", message)
    try:
        function: LambdaFunction = backend.get_function(name, qualifier)
    except LambdaClientError as error:
        raise NoFunctionError from error
    arn = str(make_function_arn(function.region, function.account_id, function.function_name))
    return arn if qualifier is None else f"{arn}:{qualifier}"


def _known(settings: dict[str, Any]) -> dict[str, Any]:
    return {name: settings[name] for name in _SETTINGS if settings.get(name) is not None}


def _check(settings: dict[str, Any]) -> None:
    for name, values in (("AuthType", ("NONE", "AWS_IAM")), ("InvokeMode", ("RESPONSE_STREAM", "BUFFERED"))):
        given = settings.get(name)
        if given is not None and given not in values:
            message = (
                f"1 validation error detected: Value '{given}' at '{name[:1].lower()}{name[1:]}' failed to satisfy "
                f"constraint: Member must satisfy enum value set: [{', '.join(values)}]"
            )
            raise LambdaClientError("ValidationException", message)
    if settings.get("InvokeMode") == "RESPONSE_STREAM":
        raise UnsupportedError("a function URL that answers by a stream (InvokeMode: RESPONSE_STREAM)")


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"
