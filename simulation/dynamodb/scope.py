"""What the names and values in expressions stand for, and which of them are used."""

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

from simulation.dynamodb.errors import Refused, invalid
from simulation.dynamodb.grammar import Literal, Path, refusal
from simulation.dynamodb.reserved import KEYWORDS
from simulation.dynamodb.values import Value, kind_of

Item: TypeAlias = Mapping[str, Value]
Values: TypeAlias = Mapping[str, Value]
Steps: TypeAlias = tuple[str | int, ...]
"""A path whose aliases are resolved; the first step is a name."""

Operand: TypeAlias = Callable[[Item, Values], Value | None]
"""What stands for a value: an attribute, a value of the request, or what a function makes of them; None if absent."""

Check: TypeAlias = Callable[[Values], None]
"""What can be said against the values of a request without looking at an item. Raises `Refused`."""

_MAX_NAME_BYTES = 65_535
_ALIAS = re.compile(r"#[A-Za-z0-9_]+")


class Scope:
    """The names that a request gives to its expressions."""

    def __init__(self, names: Mapping[str, str]) -> None:
        """Raises `Refused` for a name that is none."""
        for alias, name in names.items():
            if not _ALIAS.fullmatch(alias):
                raise invalid(f'ExpressionAttributeNames contains invalid key: Syntax error; key: "{alias}"')
            if not name or len(name.encode()) > _MAX_NAME_BYTES:
                raise invalid(f"ExpressionAttributeNames contains invalid value for key {alias}")
        self._names = names
        self.used_names: set[str] = set()
        self.used_values: set[str] = set()
        self.containers: set[str] = set()
        """The attributes that a path leads into."""
        self.checks: list[Check] = []

    def path(self, path: Path, parameter: str) -> Steps:
        """Resolve a path. Raises `Refused` for an alias without a name, and for reserved words."""
        steps = tuple(self._name(step, parameter) if isinstance(step, str) else step for step in path.steps)
        if len(steps) > 1:
            self.containers.add(str(steps[0]))
        return steps

    def value(self, literal: Literal) -> str:
        """The name of a value of the request."""
        self.used_values.add(literal.name)
        return literal.name

    def need_kind(self, literal: Literal, allowed: frozenset[str], operator: str, parameter: str) -> None:
        """The value must have one of these types."""
        name = literal.name

        def check(values: Values) -> None:
            kind = kind_of(values[name])
            if kind not in allowed:
                raise wrong_operand(operator, kind, parameter)

        self.checks.append(check)

    def _name(self, step: str, parameter: str) -> str:
        if not step.startswith("#"):
            if step.upper() in KEYWORDS:
                raise refusal(parameter, f"Attribute name is a reserved keyword; reserved keyword: {step}")
            return step
        if step not in self._names:
            raise refusal(
                parameter,
                f"An expression attribute name used in the document path is not defined; attribute name: {step}",
            )
        self.used_names.add(step)
        return self._names[step]


def wrong_operand(operator: str, kind: str, parameter: str) -> Refused:
    """An operand has a type that the operator does not take."""
    return refusal(
        parameter,
        f"Incorrect operand type for operator or function; operator or function: {operator}, operand type: {kind}",
    )


def attribute_at(item: Item, steps: Steps) -> Value | None:
    """What is there; None if nothing is."""
    value: Value | None = item.get(steps[0])  # type: ignore[arg-type] # the first step is a name
    for step in steps[1:]:
        if value is None:
            return None
        value = child_of(value, step)
    return value


def child_of(value: Value, step: str | int) -> Value | None:
    """An element of a map or a list."""
    if isinstance(step, str):
        return value["M"].get(step) if "M" in value else None
    elements = value.get("L", ())
    return elements[step] if step < len(elements) else None
