"""Which version an alias calls: the other one that it names gets its share of the calls.

Upstream defect: the weights are kept, and never looked at.
"""

import random
from collections.abc import Callable

from moto.awslambda.models import LambdaBackend, LambdaFunction


def called_version(
    backend: LambdaBackend, function: str, qualifier: str | None, draw: Callable[[], float] = random.random
) -> LambdaFunction:
    """Return the version of a function that a call goes to.

    Parameters
    ----------
    backend
        Where the functions are.
    function
        Name or ARN, either with a qualifier or without.
    qualifier
        A version or an alias, if the function's name or ARN has none.
    draw
        Draws a number from 0 to 1.

    Raises
    ------
    moto.core.exceptions.JsonRESTError
        If there is no such function.
    """
    found: LambdaFunction = backend.get_function(function, qualifier)
    name = str(found.function_name)
    last = qualifier or function.rpartition(":")[2]
    if last in {name, "$LATEST"} or last.isdigit():
        return found
    alias = {one.name: one for one in backend.list_aliases(name)}.get(last)
    weights = {} if alias is None else (alias.routing_config or {}).get("AdditionalVersionWeights") or {}
    drawn = draw() if weights else 1.0
    for version, weight in weights.items():
        drawn -= float(weight)
        if drawn < 0:
            other: LambdaFunction = backend.get_function(name, version)
            return other
    return found
