"""Models and views as schemas of OpenAPI 3.0, in the words that API Gateway understands.

API Gateway checks bodies by JSON Schema draft 4. Whatever it refuses, the application must refuse too, so a schema
may say less than its model does, and never more.
"""

from __future__ import annotations

from copy import copy
from types import new_class
from typing import TYPE_CHECKING, Annotated, Any, NotRequired, get_args, get_type_hints

from pydantic import ConfigDict, Field, TypeAdapter, create_model
from typing_extensions import TypedDict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import BaseModel
    from pydantic.json_schema import JsonSchemaMode

Schema = dict[str, Any]

_PREFIX = "#/components/schemas/"
_AS_IT_IS = frozenset(
    {"default", "description", "enum", "format", "maxItems", "maximum", "maxLength", "minItems", "minimum", "minLength"}
    | {"minProperties", "pattern", "required", "type"}
)


class UnsupportedSchemaError(Exception):
    """A model says what OpenAPI 3.0 or API Gateway has no word for."""


def reference(model: type) -> Schema:
    """A reference to the schema of a model, or of a view, among the components."""
    return {"$ref": _PREFIX + _public(model.__name__)}


def components(
    requests: Iterable[type[BaseModel]], answers: Iterable[type], *, with_null: bool = False
) -> dict[str, Schema]:
    """The schemas of all models and views, and of what they refer to, by name. Raises UnsupportedSchemaError.

    OpenAPI 3.0 has a word for null, API Gateway has none: without it, what may be null keeps its bounds, but no type.
    """
    modes: list[tuple[type, JsonSchemaMode]] = [(model, "validation") for model in requests]
    modes += [(answer, "serialization") for answer in answers]
    _, document = TypeAdapter.json_schemas(
        [(kind, mode, TypeAdapter(kind)) for kind, mode in modes], ref_template=_PREFIX + "{model}"
    )
    return {_public(name): converted(schema, with_null=with_null) for name, schema in document.get("$defs", {}).items()}


def any_of(name: str, *models: type[BaseModel]) -> type[BaseModel]:
    """One model in place of several, as API Gateway knows no alternatives.

    It has what any of them has, and needs what all of them need.
    """
    fields: dict[str, Any] = {}
    for model in models:
        for field_name, field in model.model_fields.items():
            described = copy(field)
            if not all(_needs(each, field_name) for each in models):
                # What one of them says of a field that is left out does not hold for the others.
                described.default = None
                if field.is_required() and type(None) in get_args(field.annotation):
                    described.json_schema_extra = {"nullable": True}
            fields.setdefault(field_name, (field.annotation, described))
    least = min(sum(_needs(model, field_name) for field_name in model.model_fields) for model in models)
    config = ConfigDict(**{**models[0].model_config, "json_schema_extra": {"minProperties": least}})
    return create_model(name, __config__=config, __doc__=models[0].__doc__, **fields)


def any_view_of(name: str, *views: type) -> type:
    """One view in place of several, as `any_of` makes one model."""
    needed = {view: frozenset[str](vars(view)["__required_keys__"]) for view in views}
    always = frozenset.intersection(*needed.values())
    fields: dict[str, Any] = {}
    for view in views:
        for field_name, kind in get_type_hints(view).items():
            if field_name in always:
                fields.setdefault(field_name, kind)
            elif field_name in needed[view] and type(None) in get_args(kind):
                fields.setdefault(field_name, NotRequired[Annotated[kind, Field(json_schema_extra={"nullable": True})]])
            else:
                fields.setdefault(field_name, NotRequired[kind])
    least = ConfigDict(json_schema_extra={"minProperties": min(map(len, needed.values()))})
    members = {"__annotations__": fields, "__doc__": views[0].__doc__, "__pydantic_config__": least}
    return new_class(name, (TypedDict,), exec_body=lambda namespace: namespace.update(members))


def _needs(model: type[BaseModel], field_name: str) -> bool:
    return field_name in model.model_fields and model.model_fields[field_name].is_required()


def converted(schema: Schema, *, with_null: bool = False) -> Schema:
    """A JSON schema as pydantic makes it, in OpenAPI 3.0. Raises UnsupportedSchemaError."""
    if "$ref" in schema:
        return {"$ref": _PREFIX + _public(schema["$ref"].removeprefix(_PREFIX))}
    result: Schema = {}
    for keyword, value in schema.items():
        match keyword, value:
            case ("title", _) | ("default", None) | ("nullable", _):
                pass  # pydantic's own, which says no more than the name; a field that is left out; see `_property`
            case "properties", _:
                needed = schema.get("required", [])
                result[keyword] = {
                    name: _property(inner, is_needed=name in needed, with_null=with_null)
                    for name, inner in value.items()
                }
            case "items" | "additionalProperties", dict():
                result[keyword] = converted(value, with_null=with_null)
            case "anyOf", _:
                result |= converted(_not_null(value), with_null=with_null)
            case "const", _:
                result["enum"] = [value]
            case _ if keyword in _AS_IT_IS or (keyword, value) == ("additionalProperties", False):
                result[keyword] = value
            case _:
                raise UnsupportedSchemaError(f"{keyword}: {value!r}")
    return result


def _property(schema: Schema, *, is_needed: bool, with_null: bool) -> Schema:
    """Null is meant in a request that says so, and in an answer that always has the field."""
    may_be_null = schema.get("nullable") or (is_needed and {"type": "null"} in schema.get("anyOf", []))
    result = converted(schema, with_null=with_null)
    if not may_be_null:
        return result
    if with_null:
        return {**result, "nullable": True}
    return {keyword: value for keyword, value in result.items() if keyword != "type"}


def _not_null(alternatives: list[Schema]) -> Schema:
    """The one schema beside null."""
    others = [schema for schema in alternatives if schema.get("type") != "null"]
    if len(others) != 1:
        raise UnsupportedSchemaError(f"anyOf: {alternatives!r}")
    return others[0]


def _public(name: str) -> str:
    """A model's name for the API's users; API Gateway takes letters and digits only."""
    public = name.removesuffix("View")
    if not (public.isascii() and public.isalnum()):
        raise UnsupportedSchemaError(f"a schema's name: {name}")
    return public
