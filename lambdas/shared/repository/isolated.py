"""The child process of `isolation`: call a function on each file, and answer in lines of JSON."""

import contextlib
import importlib
import json
import os
import resource
import sys

from lambdas.shared.repository.source import valid_text


def main(module: str, function: str, tree: str, memory: str) -> None:
    """Answer for each path on standard input; end early after a file for which the memory did not suffice.

    Parameters
    ----------
    module, function : str
        What is called with each path.
    tree : str
        The directory in which it is called.
    memory : str
        Bytes of address space that this process may have.
    """
    inspect = getattr(importlib.import_module(module), function)
    # What a tool prints must not mix with the answers.
    with os.fdopen(os.dup(1), "w", encoding="ascii") as answers:
        os.dup2(2, 1)
        paths = sys.stdin.buffer.read().split(b"\0")
        os.chdir(tree)
        with contextlib.suppress(ValueError, OSError):  # macOS may refuse
            resource.setrlimit(resource.RLIMIT_AS, (int(memory), int(memory)))
        print("ready", file=answers, flush=True)
        for path in paths:
            try:
                answer: dict[str, object] = {"result": inspect(os.fsdecode(path)).model_dump(mode="json")}
                spent = False
            except Exception as error:  # noqa: BLE001  - whatever is wrong with a file costs that file alone
                answer = {"skipped": valid_text(_reason(error))}
                spent = isinstance(error, MemoryError)
            print(json.dumps(answer), file=answers, flush=True)
            if spent:
                return  # what is left of the memory is in fragments; a fresh process goes on


def _reason(error: Exception) -> str:
    """Say in a few words why a file could not be read."""
    match error:
        case OSError():
            return error.strerror or type(error).__name__
        case MemoryError():
            return "reading it takes more memory than there is"
        case RecursionError():
            return "its code is nested too deeply"
        case SyntaxError(msg=message, lineno=int(line)):
            return f"syntax error in line {line}: {message}"
        case SyntaxError(msg=message):
            return f"syntax error: {message}"
        case _:
            return f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    main(*sys.argv[1:])
