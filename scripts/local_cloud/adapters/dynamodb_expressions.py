"""Expressions of DynamoDB are parsed once.

Upstream defects: each call parses its update expression twice, and its condition once for each look at it, with
patterns that are compiled anew for each token. An update then copies the parsed tree by the general ``deepcopy`` and
walks it ten times, asking at each node what each walk is looking for.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from typing import Any, Final

from moto.dynamodb.comparisons import ConditionExpressionParser
from moto.dynamodb.parsing import validators
from moto.dynamodb.parsing.ast_nodes import DepthFirstTraverser, Node
from moto.dynamodb.parsing.expressions import UpdateExpressionParser

from scripts.local_cloud.adapters.patch import replaced

_KEPT: Final = 1024


@contextmanager
def quick_dynamodb_expressions() -> Iterator[None]:
    """Keep what was parsed, and walk it faster."""
    with ExitStack() as patches:
        make = lru_cache(maxsize=_KEPT)(UpdateExpressionParser.make)
        patches.enter_context(replaced(UpdateExpressionParser, "make", staticmethod(make)))
        patches.enter_context(replaced(validators, "deepcopy", copy_tree))
        patches.enter_context(replaced(DepthFirstTraverser, "traverse", _walker()))
        patches.enter_context(replaced(ConditionExpressionParser, "parse", _parsed_last(ConditionExpressionParser)))
        patches.enter_context(
            replaced(ConditionExpressionParser, "_lex_condition_expression", _lexed_once(ConditionExpressionParser))
        )
        yield


def copy_tree(node: Any) -> Any:
    """Copy the tree below a node; what is in it but is no node cannot be changed."""
    if not _NODES[node.__class__]:
        return node
    copied = object.__new__(type(node))
    vars(copied).update(vars(node))
    vars(copied).pop("clauses", None)  # what is known of the tree, as long as it does not change
    copied.parent = None
    if node.children is not None:
        copied.children = [copy_tree(child) for child in node.children]
        for child in copied.children:
            if _NODES[child.__class__]:
                child.parent = copied
    return copied


class _Kinds(dict[type, bool]):
    """Tells by a node's class whether it is of some kinds; cached, since abstract classes take their time to say."""

    def __init__(self, kinds: tuple[type, ...]) -> None:
        self._kinds = kinds

    def __missing__(self, kind: type) -> bool:
        answer = self[kind] = issubclass(kind, self._kinds)
        return answer


_NODES: Final = _Kinds((Node,))


def _walker() -> Any:
    """Make a ``traverse`` that visits a tree bottom up, as upstream does, but asks once what is to be processed."""
    wanted_by: dict[type, _Kinds] = {}
    unprepared = DepthFirstTraverser.pre_processing_of_child

    def traverse(self: Any, root: Any) -> Any:
        wanted = wanted_by.get(type(self))
        if wanted is None:
            wanted = wanted_by[type(self)] = _Kinds(self.nodes_to_be_processed())
        before_child = None if type(self).pre_processing_of_child is unprepared else self.pre_processing_of_child

        def visit(node: Any, place: int) -> Any:
            parent, children = node.parent, node.children
            if children is not None:
                for index, child in enumerate(children):
                    if before_child is not None:
                        before_child(node, index)
                    if _NODES[child.__class__]:
                        visit(child, index)
            if wanted[node.__class__]:
                node = self.process(node)
                node.parent = parent
                if parent:
                    parent.children[place] = node
            return node

        return visit(root, -1)

    return traverse


def _parsed_last(parser: Any) -> Any:
    """Make a ``parse`` that knows again what the same call parsed before, by its very names and values."""
    upstream = parser.parse
    last = threading.local()

    def parse(self: Any) -> Any:
        given = (self.condition_expression, self.expression_attribute_names, self.expression_attribute_values)
        known = getattr(last, "given", (object(),) * 3)
        if given[0] != known[0] or given[1] is not known[1] or given[2] is not known[2]:
            last.given = (object(),) * 3
            last.condition = upstream(self)
            last.found = (list(self.expr_attr_names_found), list(self.expr_attr_values_found))
            last.given = given
        else:
            self.expr_attr_names_found.extend(last.found[0])
            self.expr_attr_values_found.extend(last.found[1])
        return last.condition

    return parse


def _lexed_once(parser: Any) -> Any:
    """Make a lexer that keeps the tokens of an expression, which are the same for all names and values."""
    upstream = parser._lex_condition_expression  # noqa: SLF001 - the seam that upstream has

    @lru_cache(maxsize=_KEPT)
    def tokens(expression: str) -> tuple[Any, ...]:
        return tuple(upstream(parser(expression, None, None)))

    def lex(self: Any) -> deque[Any]:
        return deque(tokens(self.condition_expression))

    return lex
