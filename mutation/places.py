"""The nodes of a syntax tree, each with where it stands."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_NOT_RUN = frozenset({"annotation", "returns", "decorator_list", "type_params"})
"""Fields whose content decides nothing at run time here: types, and what decorators are told."""

_NO_EFFECT = frozenset({"_log", "super"})
"""What calls begin with that no state depends on: logs, and an exception's text."""


@dataclass(frozen=True, slots=True)
class Place:
    """A node, and the way to it: its parents from the outermost on, and the field of the last that holds it."""

    node: ast.AST
    parents: tuple[ast.AST, ...]
    field: str
    index: int | None

    @property
    def parent(self) -> ast.AST:
        """The node that holds this one."""
        return self.parents[-1]

    @property
    def function(self) -> str:
        """The function that it stands in, such as `Table.transact`; empty outside of all."""
        scopes = [*self.parents, self.node]
        names = [each.name for each in scopes if isinstance(each, ast.FunctionDef | ast.ClassDef)]
        return ".".join(names) if any(isinstance(each, ast.FunctionDef) for each in scopes) else ""

    @property
    def statement(self) -> ast.stmt | ast.ExceptHandler:
        """The innermost statement, or the handler, that it is part of."""
        whole = (*self.parents, self.node)
        return next(each for each in reversed(whole) if isinstance(each, ast.stmt | ast.ExceptHandler))

    def is_within(self, *kinds: type[ast.AST]) -> bool:
        """Whether it stands in a node of one of these kinds, within its own function."""
        for each in reversed(self.parents):
            if isinstance(each, kinds):
                return True
            if isinstance(each, ast.FunctionDef):
                return False
        return False

    def is_body(self) -> bool:
        """Whether it is a statement of a block."""
        return isinstance(self.node, ast.stmt) and self.index is not None

    def put(self, instead: tuple[ast.AST, ...]) -> None:
        """Put other nodes here, or none, where there is a list; exactly one elsewhere."""
        if self.index is None:
            (node,) = instead
            setattr(self.parent, self.field, node)
            return
        nodes: list[Any] = getattr(self.parent, self.field)
        nodes[self.index : self.index + 1] = instead
        if self.is_body() and not nodes:
            nodes.append(ast.Pass())


def places(tree: ast.Module) -> Iterator[Place]:
    """All places of a module whose content is run."""
    return _below(tree, ())


def _below(node: ast.AST, parents: tuple[ast.AST, ...]) -> Iterator[Place]:
    for field, value in ast.iter_fields(node):
        if field in _NOT_RUN:
            continue
        for index, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(child, ast.AST) and not _decides_nothing(child, node):
                yield Place(child, (*parents, node), field, index)
                yield from _below(child, (*parents, node))


def _decides_nothing(node: ast.AST, parent: ast.AST) -> bool:
    """Whether it is `__all__`, another name for a type, a type's parameters, or a call that no state depends on."""
    match node:
        case ast.Assign(targets=[ast.Name(id="__all__")]):
            return True
        case ast.AnnAssign(annotation=ast.Name(id="TypeAlias")):
            return True
        case ast.BinOp(op=ast.BitOr(), left=ast.Name(id=left), right=ast.Name(id=right)):
            # A union of types, unless it is what something is asked to be; the names of conditions are in lower case.
            is_asked_for = isinstance(parent, ast.Call) and parent.args[1:] == [node]
            return left[:1].isupper() and right[:1].isupper() and not is_asked_for
        case ast.Expr(value=ast.Call() as call):
            return _has_no_effect(call)
    return False


def _has_no_effect(node: ast.AST) -> bool:
    while isinstance(node, ast.Call | ast.Attribute):
        node = node.func if isinstance(node, ast.Call) else node.value
    return isinstance(node, ast.Name) and node.id in _NO_EFFECT
