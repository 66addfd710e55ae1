"""Providers' policies as conditions: a transaction checks a copy of the policy, so that no change comes in between.

A provider without any rule has no copies, and a check of one that is not there asks for nothing.
"""

from functools import reduce
from operator import and_

from boto3.dynamodb.conditions import Attr, ConditionBase

from chalicelib.dao import keys
from chalicelib.dao.actions import Action, check, put
from chalicelib.dao.conditions import Condition, prepared
from chalicelib.dao.items import Item, camel, policy_items, to_policy
from chalicelib.domain.models import NO_RULES, Policy, Provider
from chalicelib.domain.policy import RULES, Bound, Figures, Rule


def copies(provider: Provider) -> list[Action]:
    """Put all copies of the provider's policy."""
    return [put(item) for item in policy_items(provider)]


def policy_in(copy: Item | None) -> Policy:
    """The policy that a copy shows, if it is there."""
    return to_policy(copy) if copy else NO_RULES


def keeping(provider_id: str, slot_id: str, condition: Condition) -> Action:
    """Check a policy, in the copy that is meant for this slot."""
    return check(keys.policy(provider_id, slot_id), condition)


@prepared
def allows(**figures: int) -> ConditionBase:
    """The policy's rules allow these figures, given by their rules' names."""
    return _allows(figures)


@prepared
def allows_a_hold(*, hold_seconds: int | None = None, **figures: int) -> ConditionBase:
    """The rules allow these figures, and a hold that lasts so long; None: as the system's configuration says."""
    hold = Attr(camel("hold_seconds"))
    return _allows(figures) & (hold.not_exists() if hold_seconds is None else hold.eq(hold_seconds))


@prepared
def provider_is_as_read(*, name: str, **rules: int | None) -> ConditionBase:
    """A provider has this name and these rules, and no others."""
    given = [Attr(camel(rule)).eq(value) for rule, value in rules.items()]
    absent = [Attr(camel(rule)).not_exists() for rule in Policy.__dataclass_fields__ if rule not in rules]
    return reduce(and_, [*given, *absent], Attr("name").eq(name))


def _allows(figures: Figures) -> ConditionBase:
    return reduce(and_, [_keeps(rule, figures[rule.name]) for rule in RULES if rule.name in figures])


def _keeps(rule: Rule, figure: int) -> ConditionBase:
    value = Attr(camel(rule.name))
    return value.not_exists() | (value.lte(figure) if rule.bound is Bound.AT_LEAST else value.gte(figure))
