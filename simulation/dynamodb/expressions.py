"""The expressions of a request together: they share names and values, and each of these must be used."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from simulation.dynamodb import grammar
from simulation.dynamodb.conditions import ConditionCompiler, Predicate
from simulation.dynamodb.errors import Refused, invalid
from simulation.dynamodb.key_conditions import PARAMETER as KEY_CONDITION
from simulation.dynamodb.key_conditions import KeyTest, compile_key_condition
from simulation.dynamodb.projections import Projection, compile_projection
from simulation.dynamodb.scope import Check, Scope, Values
from simulation.dynamodb.updates import Application, compile_update
from simulation.dynamodb.values import checked_value

_NO_VALUES: Values = {}


@dataclass(frozen=True, slots=True)
class Expressions:
    """What a request's expressions mean, whatever their values are."""

    condition: Predicate | None
    update: Application | None
    updated: frozenset[str]
    """The attributes that the update touches."""
    filter: Predicate | None
    filtered: frozenset[str]
    """The attributes that the filter looks at."""
    projection: Projection | None
    key_tests: tuple[KeyTest, ...]
    names: frozenset[str]
    values: frozenset[str]
    containers: frozenset[str]
    checks: tuple[Check, ...]


def bound(request: Mapping[str, Any]) -> tuple[Expressions, Values]:
    """The expressions of a request, and its values. Raises `Refused`."""
    names = request.get("ExpressionAttributeNames")
    given = request.get("ExpressionAttributeValues")
    expressions = _bound(
        request.get("ConditionExpression"),
        request.get("UpdateExpression"),
        request.get("FilterExpression"),
        request.get("ProjectionExpression"),
        request.get(KEY_CONDITION),
        () if names is None else tuple(names.items()),
    )
    if names is not None and (not names or expressions.names != names.keys()):
        raise _unused("ExpressionAttributeNames", names, expressions.names)
    if given is None:
        if expressions.values:
            raise _undefined(expressions.values)
        return expressions, _NO_VALUES
    values = _checked_values(given)
    if not values or expressions.values != values.keys():
        if missing := expressions.values - values.keys():
            raise _undefined(missing)
        raise _unused("ExpressionAttributeValues", values, expressions.values)
    for check in expressions.checks:
        check(values)
    return expressions, values


@lru_cache(maxsize=16_384)
def _bound(
    condition: str | None,
    update: str | None,
    filter_: str | None,
    projection: str | None,
    key_condition: str | None,
    names: tuple[tuple[str, str], ...],
) -> Expressions:
    scope = Scope(dict(names))
    application, updated = None, frozenset[str]()
    if update is not None:
        application, updated = compile_update(grammar.update(update, "UpdateExpression"), scope)
    compiled_filter, filtered = None, frozenset[str]()
    if filter_ is not None:
        tree = grammar.condition(filter_, "FilterExpression")
        compiled_filter = ConditionCompiler(scope, "FilterExpression").predicate(tree)
        filtered = frozenset(str(scope.path(path, "FilterExpression")[0]) for path in grammar.paths(tree))
    return Expressions(
        condition=_condition(condition, scope),
        update=application,
        updated=updated,
        filter=compiled_filter,
        filtered=filtered,
        projection=_projection(projection, scope),
        key_tests=_key_tests(key_condition, scope),
        names=frozenset(scope.used_names),
        values=frozenset(scope.used_values),
        containers=frozenset(scope.containers),
        checks=tuple(scope.checks),
    )


def _condition(text: str | None, scope: Scope) -> Predicate | None:
    parameter = "ConditionExpression"
    return None if text is None else ConditionCompiler(scope, parameter).predicate(grammar.condition(text, parameter))


def _projection(text: str | None, scope: Scope) -> Projection | None:
    return None if text is None else compile_projection(grammar.projection(text, "ProjectionExpression"), scope)


def _key_tests(text: str | None, scope: Scope) -> tuple[KeyTest, ...]:
    return () if text is None else compile_key_condition(grammar.condition(text, KEY_CONDITION), scope)


def _checked_values(given: Mapping[str, Any]) -> Values:
    try:
        return {name: checked_value(value) for name, value in given.items()}
    except Refused as refused:
        message = f"ExpressionAttributeValues contains invalid value: {refused.message}"
        raise Refused(refused.code, message) from None


def _undefined(names: frozenset[str]) -> Refused:
    return invalid(
        "An expression attribute value used in expression is not defined; attribute value: " + ", ".join(sorted(names))
    )


def _unused(parameter: str, given: Mapping[str, Any], used: frozenset[str]) -> Refused:
    if not given:
        return invalid(f"{parameter} must not be empty")
    unused = ", ".join(sorted(given.keys() - used))
    return invalid(f"Value provided in {parameter} unused in expressions: keys: {{{unused}}}")
