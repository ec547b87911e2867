"""Expressions of DynamoDB are parsed once.

Upstream defects: each call parses its update expression twice, and its condition once for each look at it, with
patterns that are compiled anew for each token. An update then copies the parsed tree by the general ``deepcopy`` and
walks it ten times, asking at each node what each walk is looking for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property, lru_cache
from typing import Any, Final

from moto.dynamodb.comparisons import AttributeValue, ConditionExpressionParser
from moto.dynamodb.parsing import validators
from moto.dynamodb.parsing.ast_nodes import DepthFirstTraverser, Node
from moto.dynamodb.parsing.expressions import UpdateExpressionParser

from stepweave.local_cloud.adapters.patch import replaced

_KEPT: Final = 1024
_ANY_VALUE: Final = {"NULL": True}


@contextmanager
def quick_dynamodb_expressions() -> Iterator[None]:
    """Keep what was parsed, and walk it faster."""
    with ExitStack() as patches:
        make = lru_cache(maxsize=_KEPT)(UpdateExpressionParser.make)
        patches.enter_context(replaced(UpdateExpressionParser, "make", staticmethod(make)))
        patches.enter_context(replaced(validators, "deepcopy", copy_tree))
        patches.enter_context(replaced(DepthFirstTraverser, "traverse", _walker()))
        patches.enter_context(replaced(ConditionExpressionParser, "parse", _parsed_once(ConditionExpressionParser)))
        patches.enter_context(
            replaced(ConditionExpressionParser, "_make_operand", _operand_of_call(ConditionExpressionParser))
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


def _parsed_once(parser: Any) -> Any:
    """Make a ``parse`` that keeps the tree of an expression, which is the same for all values of the same names."""
    upstream = parser.parse

    @lru_cache(maxsize=_KEPT)
    def tree(expression: str, names: tuple[Any, ...], values: tuple[str, ...]) -> tuple[Any, list[str], list[str]]:
        template = parser(expression, dict(names), dict.fromkeys(values, _ANY_VALUE))
        template._make_op_condition = lambda node: node  # noqa: SLF001 - the seam that upstream has
        return upstream(template), template.expr_attr_names_found, template.expr_attr_values_found

    def parse(self: Any) -> Any:
        if not self.condition_expression:
            return upstream(self)
        names, values = self.expression_attribute_names or {}, self.expression_attribute_values or {}
        node, names_found, values_found = tree(self.condition_expression, tuple(names.items()), tuple(values))
        self.expr_attr_names_found.extend(names_found)
        self.expr_attr_values_found.extend(values_found)
        return _Condition(self, node)

    return parse


class _Condition:
    """A condition that is made when it is asked: a call parses it twice and asks once.

    Parameters
    ----------
    parser
        The parser of the call, which has its values.
    node
        The tree of the expression.
    """

    def __init__(self, parser: Any, node: Any) -> None:
        self._parser = parser
        self._node = node

    @cached_property
    def _made(self) -> Any:
        return self._parser._make_op_condition(self._node)  # noqa: SLF001 - the seam that upstream has

    def __getattr__(self, name: str) -> Any:
        return getattr(self._made, name)


def _operand_of_call(parser: Any) -> Any:
    """Make operands of the values of the call, not of those with which a tree was made."""
    upstream = parser._make_operand  # noqa: SLF001 - as above

    def make_operand(self: Any, node: Any) -> Any:
        if node.kind == parser.Kind.EXPRESSION_ATTRIBUTE_VALUE:
            return AttributeValue(self.expression_attribute_values[node.text])
        return upstream(self, node)

    return make_operand
