"""AWS's services, actions and errors by the names that Step Functions has for them: those of the AWS SDK for Java 2.

``cognitoidentityprovider:listUserPools`` is botocore's ``cognito-idp`` and ``ListUserPools``, and what it raises is
called ``CognitoIdentityProvider.…``. botocore's models are the catalogue of what there is: it is what the rules below
are checked against.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel
from botocore.utils import EVENT_ALIASES

_LOADER: Final = Loader()
_MODEL: Final = "service-2"
_OWN_NAMES: Final = {"lexv2-models": "lexmodelsv2", "lexv2-runtime": "lexruntimev2", "sms-voice": "pinpointsmsvoice"}
"""The services whose botocore name does not lead to their id."""


@cache
def boto_name(service: str) -> str | None:
    """Return botocore's name of a service, None if AWS has no such service.

    Example
    -------
    >>> boto_name("sfn"), boto_name("elasticloadbalancingv2"), boto_name("s4")
    ('stepfunctions', 'elbv2', None)
    """
    return _boto_names().get(_bare(service))


@cache
def _boto_names() -> dict[str, str]:
    names = _LOADER.list_available_services(_MODEL)
    by_id = {_bare(_OWN_NAMES.get(name) or EVENT_ALIASES.get(name, name)): name for name in names}
    return {**{_bare(name): name for name in names}, **by_id}


def _bare(name: str) -> str:
    """Write a name as Step Functions writes services: no signs, and without what the SDK for Java leaves out."""
    letters = re.sub("[^a-z0-9]", "", name.lower())
    return letters.removeprefix("amazon").removeprefix("aws").removesuffix("service")


@cache
def service_model(service: str) -> ServiceModel:
    """Return botocore's model of a service, by botocore's name."""
    return ServiceModel(_LOADER.load_service_model(service, _MODEL), service)


def operation_of(service: str, action: str) -> OperationModel | None:
    """Return the model of an action of a service, None if there is no such action.

    Parameters
    ----------
    service
        Botocore's name, such as ``stepfunctions``.
    action
        In camel case; for botocore's names in snake case, too.
    """
    model = service_model(service)
    name = _operations(service).get(action.replace("_", "").lower())
    return None if name is None else model.operation_model(name)


@cache
def _operations(service: str) -> dict[str, str]:
    return {name.lower(): name for name in service_model(service).operation_names}


@cache
def error_prefix(service: str) -> str:
    """Return what the names of a service's errors begin with, by botocore's name of the service.

    Example
    -------
    >>> error_prefix("dynamodb"), error_prefix("secretsmanager"), error_prefix("elbv2")
    ('DynamoDb', 'SecretsManager', 'ElasticLoadBalancingV2')
    """
    words = re.sub("[^A-Za-z0-9]+", " ", str(service_model(service).service_id))
    for boundary in (
        r"(?<=[^a-z]{2})(?=v[0-9])|(?<=[^A-Z]{2})(?=V[0-9])",
        r"(?<=[a-z])(?=[A-Z][a-zA-Z0-9])",
        r"(?<=[A-Z])(?=[A-Z][a-z])",
        r"(?<=[0-9])(?=[a-zA-Z])",
    ):
        words = re.sub(boundary, " ", words)
    parts = [word.capitalize() for word in words.split()]
    return "".join(part for part in parts if part not in {"Amazon", "Aws"}).removesuffix("Service")


@cache
def listed_errors(service: str) -> dict[str, str]:
    """Return the names of the errors that a service's API lists, by the codes with which they are answered.

    Parameters
    ----------
    service
        Botocore's name.
    """
    model = service_model(service)
    shapes = {shape.name: shape for name in model.operation_names for shape in model.operation_model(name).error_shapes}
    codes = {shape.metadata.get("error", {}).get("code"): name for name, shape in shapes.items()}
    return {**{name: name for name in shapes}, **{code: name for code, name in codes.items() if code}}
