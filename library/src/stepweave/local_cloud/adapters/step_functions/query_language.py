"""The query language is known per definition.

Upstream defect: ``Preprocessor`` keeps the stack of query languages in a class attribute that all threads share, so
definitions parsed at the same time disturb each other and valid ones are rejected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor

from stepweave.local_cloud.adapters.patch import replaced


@contextmanager
def query_language_per_definition() -> Iterator[None]:
    """Give each ``Preprocessor`` a stack of its own."""
    upstream: Callable[..., None] = Preprocessor.__init__

    def initialise(self: Any, *args: Any, **options: Any) -> None:
        upstream(self, *args, **options)
        self._query_language_per_scope = []

    with replaced(Preprocessor, "__init__", initialise):
        yield
