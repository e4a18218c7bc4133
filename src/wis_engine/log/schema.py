"""The plain form of a fact as JSON Schema (2020-12), for whoever writes facts without Python.

A schema says shape: types, ranges, enumerations, what is required. What ties
fields to each other is said by the fact itself when it is built.
"""

import datetime as dt
import types
from collections.abc import Iterator, Mapping
from copy import deepcopy
from enum import Enum, IntEnum
from typing import Any, Final, NewType, Union, get_args, get_origin

import attrs

from wis_engine.errors import Malformed
from wis_engine.log.codec import Registry, known_events
from wis_engine.plain import PERSONAL
from wis_engine.shapes import INTEGER_BITS, checked_id, natural, positive, short_text
from wis_engine.values import DAYS, Period, WeekSlots

_ID: Final = {"type": "string", "pattern": "^[A-Za-z0-9_.-]{1,64}$"}
_INTEGER_MAX: Final = (1 << INTEGER_BITS) - 1
_DATE: Final = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_WINDOW: Final = f"({'|'.join(DAYS)}) [0-2][0-9]:[03]0-[0-2][0-9]:[03]0"
_REDACTED: Final = {
    "type": "object",
    "description": "What is left of a personal value: its field and its subject.",
    "properties": {"redacted": {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2}},
    "required": ["redacted"],
    "additionalProperties": False,
}

_SIMPLE: Final[dict[Any, dict[str, Any]]] = {
    bool: {"type": "boolean"},
    int: {"type": "integer", "minimum": -_INTEGER_MAX, "maximum": _INTEGER_MAX},
    str: {"type": "string"},
    type(None): {"type": "null"},
    dt.date: {"type": "string", "format": "date", "pattern": f"^{_DATE}$"},
    WeekSlots: {
        "type": "string",
        "pattern": f"^(always|never|{_WINDOW}(, {_WINDOW})*)$",
        "description": "Half-hours of a week, one window a run: «mon 16:00-18:30, tue 08:00-09:00».",
    },
    Period: {
        "type": "string",
        "pattern": f"^{_DATE}/{_DATE}$",
        "description": "Local dates, the last one out: «2026-03-01/2026-04-01».",
    },
}

_NARROWED: Final[Mapping[object, dict[str, Any]]] = {
    natural: {"minimum": 0},
    positive: {"minimum": 1},
    checked_id: _ID,
    short_text: {"minLength": 1, "maxLength": 200},
}

_BOUNDS: Final = {"<=": "maximum", "<": "exclusiveMaximum", ">=": "minimum", ">": "exclusiveMinimum"}


def json_schema(name: str, *, registry: Registry | None = None) -> dict[str, Any]:
    """Describe the plain form of an event type, as `fact_to_dict` gives it.

    Personal fields carry `x-personal`; they may hold what redaction left.

    Raises
    ------
    Malformed
        No event type has that name, or one of its fields has no plain form.
    """
    shape = (registry or known_events()).shape(name)
    cls = shape.cls
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:wis-engine:{name}:{cls.version}",
        "title": cls.__name__,
        "description": (cls.__doc__ or "").partition("\n")[0],
        **_object(cls),
    }
    if shape.personal:
        schema["$defs"] = {"redacted": _REDACTED}
    return deepcopy(schema)


def _object(cls: type[Any]) -> dict[str, Any]:
    fields = attrs.fields(attrs.resolve_types(cls))
    return {
        "type": "object",
        "properties": {a.name: _field(cls, a) for a in fields},
        "required": [a.name for a in fields if a.default is attrs.NOTHING],
        "additionalProperties": False,
    }


def _field(cls: type[Any], a: "attrs.Attribute[Any]") -> dict[str, Any]:
    try:
        schema = _narrowed(_of(a.type), a.validator)
    except KeyError:
        raise Malformed(f"{cls.__name__}.{a.name}: a type without a plain form") from None
    if PERSONAL in a.metadata:
        return {"anyOf": [schema, {"$ref": "#/$defs/redacted"}], "x-personal": True}
    return schema


def _of(kind: Any) -> dict[str, Any]:  # noqa: ANN401 - a typing construct
    """Schema of a type."""
    if isinstance(kind, NewType):
        return _ID
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return {"anyOf": [_of(one) for one in inner]}
    if origin in (tuple, frozenset):
        return {"type": "array", "items": _of(inner[0]), "uniqueItems": origin is frozenset}
    if kind in _SIMPLE:
        return _SIMPLE[kind]
    if attrs.has(kind):
        return _object(kind)
    return _enumeration(kind)


def _enumeration(kind: Any) -> dict[str, Any]:  # noqa: ANN401 - a typing construct
    if not issubclass(kind, Enum):
        raise KeyError(kind)
    return {"type": "integer" if issubclass(kind, IntEnum) else "string", "enum": [member.value for member in kind]}


def _narrowed(schema: dict[str, Any], validator: object) -> dict[str, Any]:
    """Add what a field's validator says about range and length, where the schema can say it."""
    limits: dict[str, Any] = {}
    for one in _parts(validator):
        limits |= next((narrowed for known, narrowed in _NARROWED.items() if known is one), getattr(one, "limits", {}))
        if (operator := getattr(one, "compare_op", None)) in _BOUNDS:
            limits[_BOUNDS[operator]] = getattr(one, "bound", None)
        if (length := getattr(one, "max_length", None)) is not None:
            limits["maxLength"] = length
        if (pattern := getattr(one, "pattern", None)) is not None:
            limits["pattern"] = f"^(?:{pattern.pattern})$"
    wanted = {"string", "integer"}
    if schema.get("type") in wanted:
        return schema | limits
    # An optional field: the limits belong to what is not null.
    if "anyOf" in schema:
        return {"anyOf": [one | limits if one.get("type") in wanted else one for one in schema["anyOf"]]}
    return schema


def _parts(validator: Any) -> Iterator[object]:  # noqa: ANN401 - attrs keeps the types of its validators to itself
    """Take a validator made of others apart."""
    inner = getattr(validator, "_validators", None) or getattr(validator, "validator", None)
    if inner is None:
        yield validator
        return
    for one in inner if isinstance(inner, list | tuple) else [inner]:
        yield from _parts(one)
