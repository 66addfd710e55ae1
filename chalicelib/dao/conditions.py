"""Conditions of writes, said with boto3's `Attr`, and built by its builder once for each shape.

The builder goes through a condition piece by piece. That took half of the time in which a hold's write was made, and
gave the same each time, but for the values that are compared with: so those are put in later.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, wraps
from typing import Any, ParamSpec, cast

from boto3.dynamodb.conditions import Attr, ConditionBase, ConditionExpressionBuilder

from chalicelib.dao.values import serialized

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition as DynamoDB wants it: what its text leaves open are attributes' names, and values."""

    text: str
    names: Mapping[str, str]
    values: Mapping[str, Any]


class _Given:
    """Stands for a value of this name while a condition is built."""

    def __init__(self, name: str) -> None:
        self.name = name


def built(condition: ConditionBase) -> Condition:
    """A condition that is needed once."""
    text, names, values = ConditionExpressionBuilder().build_expression(condition)
    return Condition(text, names, serialized(values))


def prepared(make: Callable[P, ConditionBase]) -> Callable[P, Condition]:
    """A function that makes conditions: positional arguments say which one, and named ones are only compared with.

    So it is called once for each condition, and each combination of named arguments. One that is None is not given.
    """

    @cache
    def without_values(which: tuple[Any, ...], given: tuple[str, ...]) -> tuple[Condition, Mapping[str, str]]:
        """The condition, and the names of the values that go into its open places."""
        condition = cast("Callable[..., ConditionBase]", make)(*which, **{name: _Given(name) for name in given})
        text, names, values = ConditionExpressionBuilder().build_expression(condition)
        places = {place: value.name for place, value in values.items() if isinstance(value, _Given)}
        known = {place: value for place, value in values.items() if place not in places}
        return Condition(text, names, serialized(known)), places

    @wraps(make)
    def filled(*which: P.args, **values: P.kwargs) -> Condition:
        condition, places = without_values(which, tuple([name for name, value in values.items() if value is not None]))
        given = serialized({place: values[name] for place, name in places.items()})
        return Condition(condition.text, condition.names, {**condition.values, **given})

    return filled


@prepared
def is_there() -> ConditionBase:
    """There is such an item."""
    return Attr("PK").exists()


@prepared
def is_absent() -> ConditionBase:
    """There is no such item."""
    return Attr("PK").not_exists()
