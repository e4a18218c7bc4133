"""How large a batch from outside may be; what the engine makes and bulk loads may be larger."""

import datetime as dt
from collections.abc import Hashable, Iterable
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Final, Union, get_args, get_origin

import attrs

from wis_engine.compiled import PERSONAL
from wis_engine.errors import Malformed
from wis_engine.facts.base import Event
from wis_engine.jsontext import EVENT_BYTES_MAX
from wis_engine.log.codec import Registry, Stored
from wis_engine.shapes import INTEGER_BITS, checked_id
from wis_engine.values import WeekSlots

__all__ = ["BATCH_BYTES_MAX", "BATCH_EVENTS_MAX", "EVENT_BYTES_MAX", "check_batch", "check_limits"]

BATCH_EVENTS_MAX: Final = 1_000
BATCH_BYTES_MAX: Final = 4 * 1024 * 1024

_ESCAPED: Final = 6
"""Bytes that JSON takes for a character, at most."""
_ID: Final = 66
_INTEGER: Final = 20
_DATE: Final = 40
_RANGE: Final = len("mon-sun 00:00-00:30, ")
_MARKS: Final = len('"":,')
_UNKNOWN: Final = EVENT_BYTES_MAX + 1


def check_batch(facts: tuple[Event, ...], registry: Registry) -> None:
    """Raise `Malformed` for a batch beyond the limits; what cannot come near them is not encoded to be measured."""
    if len(facts) > BATCH_EVENTS_MAX or not _fits(facts):
        check_limits(map(registry.encode, facts))


def _fits(facts: tuple[Event, ...]) -> bool:
    """Say whether facts are within the limits even if every character were the longest to write."""
    total = 0
    try:
        for fact in facts:
            bound = _bound(fact)
            total += bound
            if bound > EVENT_BYTES_MAX or total > BATCH_BYTES_MAX:
                return False
    except RecursionError:
        return False
    return True


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


def _bound(part: Any) -> int:  # noqa: ANN401 - a fact or a part of one
    """Bytes that a fact or a part of one takes as JSON, at most."""
    known = _BOUNDS.get(type(part))
    total, names = _bounds(type(part)) if known is None else known
    for name in names:
        total += _size(getattr(part, name))
    return total


def _size(value: Any) -> int:  # noqa: ANN401 - what a field holds
    """Bytes that a value takes as JSON, at most; what is of no kind known here counts as too large."""
    kind: Any = type(value)
    if kind is str:
        return _ESCAPED * len(value) + 2
    if kind is tuple or kind is frozenset:
        return 2 + len(value) + sum(map(_size, value))
    if kind is int:
        return _INTEGER if value.bit_length() <= INTEGER_BITS else _UNKNOWN
    if kind is WeekSlots:
        # Each run of half-hours is a range, and one more for each midnight that it goes over.
        bits: int = value.bits
        return _RANGE * ((bits & ~(bits << 1)).bit_count() + 7) + 2
    fixed = _fixed_type(kind)
    if fixed is None:
        return _bound(value) if kind in _BOUNDS or attrs.has(kind) else _UNKNOWN
    return fixed


_BOUNDS: dict[type[Any], tuple[int, tuple[str, ...]]] = {}


def _bounds(cls: type[Any]) -> tuple[int, tuple[str, ...]]:
    """Bytes of the fields of a class whose size is known from their type, and names of the others."""
    if cls not in _BOUNDS:
        fields = attrs.fields(attrs.resolve_types(cls))
        # A class that holds itself finds itself here meanwhile, as one that has to be looked at.
        _BOUNDS[cls] = 0, tuple(a.name for a in fields)
        sizes = {a.name: _field_size(a) for a in fields}
        known = 2 + sum(_ESCAPED * len(name) + _MARKS + (size or 0) for name, size in sizes.items())
        _BOUNDS[cls] = known, tuple(name for name, size in sizes.items() if size is None)
    return _BOUNDS[cls]


def _field_size(a: "attrs.Attribute[Any]") -> int | None:
    """Bytes of a field, when its declaration holds it to so many."""
    if PERSONAL in a.metadata:
        return None  # it may hold what redaction left
    if getattr(a.validator, "validator", a.validator) is checked_id:
        return _ID
    return _fixed(a.type)


def _fixed(kind: Any) -> int | None:  # noqa: ANN401 - a typing construct
    """Bytes of every value of a type, at most; None when they have to be looked at."""
    if isinstance(kind, UnionType) or get_origin(kind) is Union:
        sizes = [_fixed(one) for one in get_args(kind)]
        return None if None in sizes else max(size for size in sizes if size is not None)
    return _fixed_type(kind) if isinstance(kind, type) else None


@cache
def _fixed_type(kind: Hashable) -> int | None:
    assert isinstance(kind, type)
    if issubclass(kind, Enum):
        return max(_ESCAPED * len(str(member.value)) + 2 for member in kind)
    if issubclass(kind, (int, NoneType)):
        return _INTEGER
    if issubclass(kind, dt.date):
        return _DATE
    if kind is not WeekSlots and attrs.has(kind):
        known, names = _bounds(kind)
        return None if names else known
    return None
