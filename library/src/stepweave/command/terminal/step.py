"""A step on the way to an execution that a person has to wait for."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from stepweave.command.terminal.console import seconds, standard_error, styled


@dataclass
class Step:
    """A step under way; `done` is what will be said of it after it succeeded."""

    done: str


@contextmanager
def step(doing: str, done: str) -> Iterator[Step]:
    """Show that something is being done and, after it succeeded, how long it took.

    Parameters
    ----------
    doing, done : str
        What to say meanwhile and afterwards, for example "deploying" and "deployed".
    """
    console = standard_error()
    under_way = Step(done)
    began = time.monotonic()
    if console.is_terminal:
        with console.status(styled(f"{doing} ...")):
            yield under_way
    else:
        console.print(styled(f"{doing} ..."), soft_wrap=True)
        yield under_way
    console.print(styled(f"{under_way.done} in {seconds(time.monotonic() - began)}", "dim"), soft_wrap=True)
