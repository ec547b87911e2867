"""What the intrinsic functions of the Amazon States Language return.

Upstream defects: Base64 knows ASCII only; ``States.ArrayContains`` and ``States.ArrayUnique`` take ``true`` for 1, and
the latter knows no objects; negative indices count from the end; ``States.JsonToString`` escapes what is not ASCII;
``States.Format`` trips over single braces, missing and superfluous values; ``States.ArrayRange`` does not count down;
a first argument of ``States.JsonMerge`` that is no object and text that is no text are not provided for; and each error
of an argument is ``States.Runtime``, which nobody can catch, where AWS fails the state with
``States.IntrinsicFailure``.
"""

# ruff: noqa: SLF001 - upstream's own seams

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import math
import random
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.common.string.string_expression import StringIntrinsicFunction
from moto.stepfunctions.parser.asl.component.intrinsic.function.statesfunction.generic.string_format import StringFormat
from moto.stepfunctions.parser.asl.component.intrinsic.function.statesfunction.states_function import StatesFunction

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.adapters.step_functions.escaped_strings import template_parts
from stepweave.local_cloud.adapters.step_functions.state_failures import state_failure
from stepweave.local_cloud.adapters.step_functions.strict_json import loads

_LONGEST_TEXT: Final = 10_000  # characters
_LONGEST_RANGE: Final = 1_000
_HASHES: Final = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}


def _array(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f"an array is required, not {json.dumps(value)}")
    return value


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"an object is required, not {json.dumps(value)}")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a string is required, not {json.dumps(value)}")
    return str(value)


def _short(value: Any) -> str:
    if len(_text(value)) > _LONGEST_TEXT:
        raise ValueError(f"a string has at most {_LONGEST_TEXT} characters")
    return str(value)


def _integer(value: Any) -> int:
    """Round as Java does: halves up."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"an integer is required, not {json.dumps(value)}")
    return math.floor(value + 0.5) if isinstance(value, float) else value


def same(left: Any, right: Any) -> bool:
    """Tell whether two values of JSON are the same; ``1`` and ``1.0`` are, ``1`` and ``true`` are not."""
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def _partition(array: Any, size: Any) -> list[Any]:
    items, length = _array(array), _integer(size)
    if length <= 0:
        raise ValueError("the size of a chunk must be positive")
    return [items[start : start + length] for start in range(0, len(items), length)]


def _range(first: Any, last: Any, step: Any) -> list[int]:
    start, end, each = map(_integer, (first, last, step))
    if each == 0:
        raise ValueError("the increment must not be zero")
    numbers = range(start, end + (1 if each > 0 else -1), each)
    if len(numbers) > _LONGEST_RANGE:
        raise ValueError(f"an array has at most {_LONGEST_RANGE} items")
    return list(numbers)


def _get_item(array: Any, index: Any) -> Any:
    items = _array(array)
    if isinstance(index, float) and not index.is_integer():
        raise TypeError("an index is an integer")
    position = _integer(index)
    if not 0 <= position < len(items):
        raise ValueError(f"the index {position} is out of bounds")
    return items[position]


def _unique(array: Any) -> list[Any]:
    unique: list[Any] = []
    for item in _array(array):
        if not any(same(item, known) for known in unique):
            unique.append(item)
    return unique


def _base64_decode(text: Any) -> str:
    try:
        return base64.b64decode(_short(text), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ValueError(f"this is not the Base64 of text: {error}") from error


def _hash(data: Any, algorithm: Any) -> str:
    if algorithm not in _HASHES:
        raise ValueError(f"the algorithm is one of {list(_HASHES)}")
    return hashlib.new(_HASHES[algorithm], _short(data).encode()).hexdigest()


def _merge(first: Any, second: Any, is_deep: Any) -> dict[str, Any]:
    if is_deep is not False:
        raise ValueError("only shallow merging is supported: the third argument must be false")
    return {**_object(first), **_object(second)}


def _string_to_json(text: Any) -> Any:
    if text is None or not _text(text).strip():
        return None
    return loads(text)


def _random(start: Any, end: Any, seed: Any = None) -> int:
    generator = random.Random(None if seed is None else _integer(seed))  # noqa: S311 - not a secret
    return generator.randrange(_integer(start), _integer(end))


def _split(text: Any, separators: Any) -> list[str]:
    if not _text(separators):
        return [_text(text)]
    pattern = "|".join(map(re.escape, separators))
    return [part for part in re.split(pattern, _text(text)) if part]


def _format(template: Any, *values: Any) -> str:
    parts = template_parts(_text(template) and template)
    if len(parts) != len(values) + 1:
        raise ValueError(f"the template has {len(parts) - 1} placeholders, for {len(values)} values")
    texts = map(StringFormat._to_str_repr, values)
    return parts[0] + "".join(text + part for text, part in zip(texts, parts[1:], strict=True))


FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    "Format": _format,
    "StringToJson": _string_to_json,
    "JsonToString": lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":")),
    "Array": lambda *values: list(values),
    "ArrayPartition": _partition,
    "ArrayContains": lambda array, value: any(same(item, value) for item in _array(array)),
    "ArrayRange": _range,
    "ArrayGetItem": _get_item,
    "ArrayLength": lambda array: len(_array(array)),
    "ArrayUnique": _unique,
    "Base64Encode": lambda text: base64.b64encode(_short(text).encode()).decode(),
    "Base64Decode": _base64_decode,
    "Hash": _hash,
    "JsonMerge": _merge,
    "MathRandom": _random,
    "MathAdd": lambda first, second: _integer(first) + _integer(second),
    "StringSplit": _split,
    "UUID": lambda: str(uuid.uuid4()),
}


@contextmanager
def intrinsic_functions() -> Iterator[None]:
    """Replace what the functions do."""
    upstream_call = StringIntrinsicFunction._eval_body

    def call(self: Any, env: Any) -> None:
        try:
            upstream_call(self, env)
        except ArgumentError as error:
            cause = f"The function '{self.literal_value}' had the following error: {error}"
            failure = StatesErrorNameType.StatesIntrinsicFailure
            raise state_failure(env, failure, cause, tells_state=True) from error

    with ExitStack() as patches:
        for function in StatesFunction.__subclasses__():
            patches.enter_context(replaced(function, "_eval_body", _eval_body))
        patches.enter_context(replaced(StringIntrinsicFunction, "_eval_body", call))
        yield


class ArgumentError(Exception):
    """A function cannot do with its arguments."""


def _eval_body(self: Any, env: Any) -> None:
    self.argument_list.eval(env=env)
    arguments = env.stack.pop()
    function = FUNCTIONS[self.name.function_type._name_]
    try:
        env.stack.append(function(*arguments))
    except (TypeError, ValueError, RecursionError) as error:
        raise ArgumentError(str(error)) from error
