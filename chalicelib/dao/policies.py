"""Providers' policies as conditions: a transaction checks a copy of the policy, so that no change comes in between.

A provider without any rule has no copies, and a check of one that is not there asks for nothing.
"""

from functools import reduce
from operator import and_

from boto3.dynamodb.conditions import Attr, ConditionBase

from chalicelib.dao import keys
from chalicelib.dao.actions import Action, check, put
from chalicelib.dao.items import Item, camel, policy_fields, policy_items, to_policy
from chalicelib.domain.models import NO_RULES, Policy, Provider
from chalicelib.domain.policy import RULES, Bound, Figures

_HOLD_SECONDS = "holdSeconds"


def copies(provider: Provider) -> list[Action]:
    """Put all copies of the provider's policy."""
    return [put(item) for item in policy_items(provider)]


def policy_in(copy: Item | None) -> Policy:
    """The policy that a copy shows, if it is there."""
    return to_policy(copy) if copy else NO_RULES


def keeping(provider_id: str, slot_id: str, *conditions: ConditionBase) -> Action:
    """Check a policy, in the copy that is meant for this slot."""
    return check(keys.policy(provider_id, slot_id), reduce(and_, conditions))


def allows(figures: Figures) -> ConditionBase:
    """The policy's rules allow these figures."""
    return reduce(
        and_, (_allows(camel(rule.name), rule.bound, figures[rule.name]) for rule in RULES if rule.name in figures)
    )


def holds_as_long_as(policy: Policy) -> ConditionBase:
    """A hold is as long as this policy says."""
    hold = Attr(_HOLD_SECONDS)
    return hold.not_exists() if policy.hold_seconds is None else hold.eq(policy.hold_seconds)


def is_as_in(policy: Policy) -> ConditionBase:
    """All rules are as in this policy."""
    present = policy_fields(policy)
    names = [camel(name) for name in Policy.__dataclass_fields__]
    return reduce(
        and_, (Attr(name).eq(present[name]) if name in present else Attr(name).not_exists() for name in names)
    )


def _allows(name: str, bound: Bound, figure: int) -> ConditionBase:
    value = Attr(name)
    return value.not_exists() | (value.lte(figure) if bound is Bound.AT_LEAST else value.gte(figure))
