"""How large a batch from outside may be; what the engine makes and bulk loads may be larger."""

import datetime as dt
from collections.abc import Iterable
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Final, Union, get_args, get_origin

import attrs

from wis_engine.errors import Malformed
from wis_engine.facts.base import Event
from wis_engine.jsontext import EVENT_BYTES_MAX
from wis_engine.log.codec import Registry, Stored
from wis_engine.shapes import checked_id, short_text

__all__ = ["BATCH_BYTES_MAX", "BATCH_EVENTS_MAX", "EVENT_BYTES_MAX", "check_batch", "check_limits"]

BATCH_EVENTS_MAX: Final = 1_000
BATCH_BYTES_MAX: Final = 4 * 1024 * 1024

_FEW: Final = 8
_LINE: Final = 200
"""A fact whose collections and texts are no longer than these is small; one of ours is at most 4 KiB."""

_SHORT: Final = (int, Enum, dt.date, NoneType)


def check_batch(facts: tuple[Event, ...], registry: Registry) -> None:
    """Raise `Malformed` for a batch beyond the limits; what cannot come near them is not encoded to be measured."""
    if len(facts) > BATCH_EVENTS_MAX or any(_bulky(fact) for fact in facts):
        check_limits(map(registry.encode, facts))


def check_limits(stored: Iterable[Stored]) -> None:
    """Raise `Malformed` for encoded facts beyond the limits."""
    total = 0
    for count, one in enumerate(stored, 1):
        total += one.size
        if count > BATCH_EVENTS_MAX:
            raise Malformed(f"a batch of more than {BATCH_EVENTS_MAX} facts")
        if one.size > EVENT_BYTES_MAX:
            raise Malformed(f"fact {count - 1}, {one.name}: more than {EVENT_BYTES_MAX} bytes")
        if total > BATCH_BYTES_MAX:
            raise Malformed(f"a batch of more than {BATCH_BYTES_MAX} bytes")


def _bulky(part: Any) -> bool:  # noqa: ANN401 - a fact or a part of one
    names = _UNBOUNDED.get(type(part))
    for name in _unbounded(type(part)) if names is None else names:  # noqa: SIM110 - a third of the time of `any`
        if _is_long(getattr(part, name)):
            return True
    return False


def _is_long(value: Any) -> bool:  # noqa: ANN401 - what a field holds
    """Say whether a value, or anything in it, may be long; what is of no kind known here counts as long."""
    if isinstance(value, str):
        return len(value) > _LINE
    if isinstance(value, (tuple, frozenset)):
        return len(value) > _FEW or any(map(_is_long, value))
    if isinstance(value, _SHORT):
        return False
    kind = type(value)
    return _bulky(value) if kind in _UNBOUNDED or attrs.has(kind) else True


_UNBOUNDED: dict[type[Any], tuple[str, ...]] = {}


def _unbounded(cls: type[Any]) -> tuple[str, ...]:
    """Fields of a fact, or a part of one, that may be long: texts but for ids, collections, parts with such fields."""
    if cls not in _UNBOUNDED:
        fields = attrs.fields(attrs.resolve_types(cls))
        # A class that holds itself finds itself here meanwhile, as one that may be long.
        _UNBOUNDED[cls] = tuple(a.name for a in fields)
        _UNBOUNDED[cls] = tuple(a.name for a in fields if not (_is_line(a) or _is_short(a.type)))
    return _UNBOUNDED[cls]


def _is_line(a: "attrs.Attribute[Any]") -> bool:
    """Say whether its validator holds a text to the length of an id or a title."""
    validator = getattr(a.validator, "validator", a.validator)
    return validator in (checked_id, short_text)


def _is_short(kind: Any) -> bool:  # noqa: ANN401 - a typing construct
    if isinstance(kind, UnionType) or get_origin(kind) is Union:
        return all(map(_is_short, get_args(kind)))
    if not isinstance(kind, type):
        return False
    return issubclass(kind, _SHORT) or (attrs.has(kind) and not _unbounded(kind))
