"""Models as schemas of OpenAPI 3.0, in the words that API Gateway understands.

API Gateway checks bodies by JSON Schema draft 4. Whatever it refuses, the application must refuse too, so a schema
may say less than its model does, and never more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic.json_schema import JsonSchemaMode, models_json_schema

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import BaseModel

Schema = dict[str, Any]

_PREFIX = "#/components/schemas/"
_AS_IT_IS = frozenset(
    {"default", "description", "enum", "format", "maximum", "maxLength", "minimum", "minLength", "pattern", "required"}
    | {"type"}
)


class UnsupportedSchemaError(Exception):
    """A model says what OpenAPI 3.0 or API Gateway has no word for."""


def reference(model: type[BaseModel]) -> Schema:
    """A reference to a model's schema among the components."""
    return {"$ref": _PREFIX + _public(model.__name__)}


def components(requests: Iterable[type[BaseModel]], answers: Iterable[type[BaseModel]]) -> dict[str, Schema]:
    """The schemas of all models, and of what they refer to, by name. Raises UnsupportedSchemaError."""
    modes: list[tuple[type[BaseModel], JsonSchemaMode]] = [(model, "validation") for model in requests]
    modes += [(model, "serialization") for model in answers]
    _, document = models_json_schema(modes, ref_template=_PREFIX + "{model}")
    return {_public(name): converted(schema) for name, schema in document.get("$defs", {}).items()}


def converted(schema: Schema) -> Schema:
    """A JSON schema as pydantic makes it, in OpenAPI 3.0. Raises UnsupportedSchemaError."""
    if "$ref" in schema:
        return {"$ref": _PREFIX + _public(schema["$ref"].removeprefix(_PREFIX))}
    result: Schema = {}
    for keyword, value in schema.items():
        match keyword, value:
            case ("title", _) | ("default", None):
                pass  # pydantic's own, which says no more than the name; and a field that is left out
            case "properties", _:
                needed = schema.get("required", [])
                result[keyword] = {name: _property(inner, is_needed=name in needed) for name, inner in value.items()}
            case "items" | "additionalProperties", dict():
                result[keyword] = converted(value)
            case "anyOf", _:
                result |= converted(_not_null(value))
            case "const", _:
                result["enum"] = [value]
            case _ if keyword in _AS_IT_IS or (keyword, value) == ("additionalProperties", False):
                result[keyword] = value
            case _:
                raise UnsupportedSchemaError(f"{keyword}: {value!r}")
    return result


def _property(schema: Schema, *, is_needed: bool) -> Schema:
    """One that is there even if it is null, or may be sent as null, has any type: there is no word for null."""
    may_be_null = {"type": "null"} in schema.get("anyOf", []) and (is_needed or schema.get("nullable", False))
    return {} if may_be_null else converted(schema)


def _not_null(alternatives: list[Schema]) -> Schema:
    """The one schema beside null: requests refuse null, and answers leave such fields out."""
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
