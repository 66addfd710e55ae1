"""Requests that can be made in several forms, each with a model of its own."""

from collections.abc import Mapping
from functools import cache
from typing import Generic, TypeVar

from pydantic import BaseModel

Form = TypeVar("Form", bound=BaseModel)


class Forms(Generic[Form]):
    """The forms of a request. Which one is meant is told by the fields that are given.

    So what is wrong is told of one form, and not of each.
    """

    def __init__(self, *models: type[Form]) -> None:
        """`models` are the forms; where nothing tells them apart, the first one is meant."""
        self.models = models

    def meant_by(self, document: object) -> type[Form]:
        """The form that is nearest: most of what it needs is given, and it has most of what is given."""
        given = set(_given(document))
        return max(self.models, key=lambda model: [len(_needed(model) & given), len(_fields(model) & given)])

    def clashes(self, document: object) -> dict[str, str]:
        """The fields that belong to another form than the one that is meant, each with what is wrong with it."""
        given = _given(document)
        meant = _fields(self.meant_by(document))
        found = {}
        for name in given:
            others = [_fields(model) for model in self.models if name in _fields(model)]
            if name not in meant and others:
                rivals = [[each for each in given if each in meant - other] for other in others]
                fewest: list[str] = min(rivals, key=len)
                found[name] = f"can't be given together with {', '.join(fewest)}"
        return found


@cache
def _fields(model: type[BaseModel]) -> frozenset[str | None]:
    """The names of a model's fields, as they are in JSON: each has an alias."""
    return frozenset(field.alias for field in model.model_fields.values())


@cache
def _needed(model: type[BaseModel]) -> frozenset[str | None]:
    return frozenset(field.alias for field in model.model_fields.values() if field.is_required())


def _given(document: object) -> list[str]:
    return list(document) if isinstance(document, Mapping) else []
