"""In a worker process: has an agent fail or return what a test says in place of its own code, or die on its way.

Runs as a script before the handler is loaded, with nothing of this package; the local cloud's workers are told of it
when that starts.
"""

import builtins
import functools
import importlib
import json
import os
import pathlib
import signal
from collections.abc import Callable
from typing import Any

_RUNTIME = "stepweave.runtime.agent_handler"


def install(order_key: str) -> None:
    """Let the agent of this process obey orders.

    Parameters
    ----------
    order_key
        The key of the client context whose value is the file of an order.
    """
    try:
        runtime = importlib.import_module(_RUNTIME)
    except Exception:  # noqa: BLE001
        # No agent; or one that cannot be loaded, which the handler's own import is about to tell.
        return
    orders: list[dict[str, Any]] = []  # of the one event that a worker handles at a time
    runtime.agent_handler = _obedient(runtime.agent_handler, orders, order_key)  # type: ignore[attr-defined]
    runtime.run_once = _mortal(runtime.run_once, orders)  # type: ignore[attr-defined]


def _obedient(agent_handler: Callable[..., Any], orders: list[dict[str, Any]], order_key: str) -> Callable[..., Any]:
    def decorator(contract: Any) -> Callable[..., Any]:
        decorate = agent_handler(contract)

        def decorated(function: Callable[..., Any]) -> Callable[..., Any]:
            @functools.wraps(function)
            def agent(given: Any, context: Any) -> Any:
                if orders and "die" not in orders[-1]:
                    return _obey(orders[-1], contract)
                _die_if(orders, "called")
                result = function(given, context)
                _die_if(orders, "returned")
                return result

            handle = decorate(agent)

            @functools.wraps(handle)
            def entry(event: object, context: Any) -> Any:
                orders[:] = _orders(context, order_key)
                return handle(event, context)

            return entry

        return decorated

    return decorator


def _mortal(run_once: Callable[..., Any], orders: list[dict[str, Any]]) -> Callable[..., Any]:
    @functools.wraps(run_once)
    def mortal(*arguments: Any, **options: Any) -> Any:
        outcome = run_once(*arguments, **options)
        _die_if(orders, "stored")
        return outcome

    return mortal


def _die_if(orders: list[dict[str, Any]], point: str) -> None:
    if orders and orders[-1].get("die") == point:
        os.kill(os.getpid(), signal.SIGKILL)


def _orders(context: Any, key: str) -> list[dict[str, Any]]:
    custom = getattr(getattr(context, "client_context", None), "custom", None) or {}
    return [json.loads(pathlib.Path(custom[key]).read_text(encoding="utf-8"))] if key in custom else []


def _obey(order: dict[str, Any], contract: Any) -> Any:
    if "raise" not in order:
        return contract.output.model_validate_json(json.dumps(order["return"]))
    name, message = order["raise"]["error"], order["raise"]["message"]
    errors = importlib.import_module("stepweave.runtime.errors")
    known = getattr(errors, name, None) or getattr(builtins, name, None)
    if isinstance(known, type) and issubclass(known, Exception):
        raise known(message)
    raise type(name, (Exception,), {})(message)
