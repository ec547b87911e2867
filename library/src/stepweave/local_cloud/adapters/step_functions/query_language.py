"""The query language is known per definition, and a state that names none has that of the definition.

Upstream defects: ``Preprocessor`` keeps the stack of query languages in a class attribute that all threads share, so
definitions parsed at the same time disturb each other and valid ones are rejected; and a state in a ``Map`` or
``Parallel`` has the language of that state rather than of the definition.
"""

# ruff: noqa: SLF001 - upstream's own seams

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
    upstream_open: Callable[..., None] = Preprocessor._open_query_language_scope

    def initialise(self: Any, *args: Any, **options: Any) -> None:
        upstream(self, *args, **options)
        self._query_language_per_scope = []

    def open_scope(self: Any, parse_tree: Any) -> None:
        scopes = self._query_language_per_scope
        around = scopes[1:]
        del scopes[1:]
        upstream_open(self, parse_tree)
        scopes[1:1] = around

    with (
        replaced(Preprocessor, "__init__", initialise),
        replaced(Preprocessor, "_open_query_language_scope", open_scope),
    ):
        yield
