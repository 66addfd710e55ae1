"""Models in the words of OpenAPI 3.0 and API Gateway."""

from typing import Annotated, Any, Literal, NotRequired

import pytest
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from deployment.schemas import UnsupportedSchemaError, any_of, any_view_of, components, converted, reference


class Inner(BaseModel):
    """Something inside."""

    title: str


class ThingView(BaseModel):
    """A thing."""

    kind: Literal["thing"]
    short: Annotated[str, Field(min_length=1, max_length=5, pattern="^[a-z]*$")]
    number: Annotated[int, Field(ge=5, le=480)]
    maybe: Annotated[str, Field(max_length=3)] | None = None
    or_null: str | None
    inner: Inner
    many: list[Inner]
    any_names: dict[str, Inner]
    zone: str = "UTC"


def test_a_model_keeps_what_it_asks_for_and_loses_what_the_gateway_does_not_know() -> None:
    inner = {"$ref": "#/components/schemas/Inner"}

    assert components([], [ThingView]) == {
        "Inner": {
            "description": "Something inside.",
            "type": "object",
            "properties": {"title": {"type": "string"}},
            "required": ["title"],
        },
        "Thing": {
            "description": "A thing.",
            "type": "object",
            "properties": {
                "kind": {"type": "string", "enum": ["thing"]},
                "short": {"type": "string", "minLength": 1, "maxLength": 5, "pattern": "^[a-z]*$"},
                "number": {"type": "integer", "minimum": 5, "maximum": 480},
                "maybe": {"type": "string", "maxLength": 3},
                "or_null": {},
                "inner": inner,
                "many": {"type": "array", "items": inner},
                "any_names": {"type": "object", "additionalProperties": inner},
                "zone": {"type": "string", "default": "UTC"},
            },
            "required": ["kind", "short", "number", "or_null", "inner", "many", "any_names"],
        },
    }


class ThisView(BaseModel):
    """This or that."""

    both: str
    this: Annotated[list[int], Field(min_length=1, max_length=3)]
    or_null: str | None


class ThatView(BaseModel):
    """The other."""

    both: str
    that: Annotated[int, Field(alias="THAT", ge=1)]


def test_alternatives_are_described_as_one_that_has_what_any_has_and_needs_what_all_need() -> None:
    assert components([], [any_of("ThisOrThatView", ThisView, ThatView)]) == {
        "ThisOrThat": {
            "description": "This or that.",
            "type": "object",
            "properties": {
                "both": {"type": "string"},
                "this": {"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 3},
                "or_null": {},
                "THAT": {"type": "integer", "minimum": 1},
            },
            "required": ["both"],
            "minProperties": 2,
        },
    }


class TheseView(TypedDict):
    """These or those."""

    both: str
    these: list[int]
    or_null: str | None
    seldom: NotRequired[int]


class ThoseView(TypedDict):
    """The others."""

    both: str
    seldom: int


def test_views_are_described_as_one_in_the_same_way() -> None:
    assert components([], [any_view_of("TheseOrThoseView", TheseView, ThoseView)]) == {
        "TheseOrThose": {
            "description": "These or those.",
            "type": "object",
            "properties": {
                "both": {"type": "string"},
                "these": {"type": "array", "items": {"type": "integer"}},
                "or_null": {},
                "seldom": {"type": "integer"},
            },
            "required": ["both"],
            "minProperties": 2,
        },
    }


def test_a_view_keeps_what_it_always_has_though_that_may_be_null() -> None:
    these = components([], [TheseView])["These"]

    assert these["required"] == ["both", "these", "or_null"]
    assert these["properties"]["or_null"] == {}


class Rules(BaseModel):
    """What may be asked for, and taken back by null."""

    least: Annotated[Annotated[int, Field(ge=5)] | None, Field(json_schema_extra={"nullable": True})] = None


@pytest.mark.parametrize(
    ("with_null", "least"), [(False, {"minimum": 5}), (True, {"minimum": 5, "type": "integer", "nullable": True})]
)
def test_what_may_be_null_keeps_its_bounds_and_has_a_type_where_there_is_a_word_for_null(
    with_null: bool, least: dict[str, Any]
) -> None:
    rules = components([Rules], [], with_null=with_null)["Rules"]

    assert rules["properties"] == {"least": least}


def test_a_reference_leads_to_the_component() -> None:
    assert reference(ThingView) == {"$ref": "#/components/schemas/Thing"}


class Exclusive(BaseModel):
    number: Annotated[int, Field(gt=5)]


class Either(BaseModel):
    value: int | str


class With_Underscore(BaseModel):  # noqa: N801 - its name is what it is for
    pass


@pytest.mark.parametrize("model", [Exclusive, Either, With_Underscore])
def test_what_the_gateway_has_no_word_for_stops_the_build(model: type[BaseModel]) -> None:
    with pytest.raises(UnsupportedSchemaError):
        components([model], [])


@pytest.mark.parametrize("schema", [{"oneOf": []}, {"prefixItems": []}, {"additionalProperties": True}])
def test_no_keyword_is_dropped_in_silence(schema: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedSchemaError):
        converted(schema)
