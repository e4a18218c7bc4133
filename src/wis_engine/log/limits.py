"""How large a batch from outside may be; what the engine makes and bulk loads may be larger."""

from collections.abc import Iterable
from typing import Any, Final, NewType, get_args, get_origin

import attrs

from wis_engine.errors import Malformed
from wis_engine.facts.base import Event
from wis_engine.log.codec import Registry, Stored

EVENT_BYTES_MAX: Final = 64 * 1024
BATCH_EVENTS_MAX: Final = 1_000
BATCH_BYTES_MAX: Final = 4 * 1024 * 1024

_FEW: Final = 8
_LINE: Final = 200
"""A fact whose collections and texts are no longer than these is under 4 KiB, a thousandth of a batch."""


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


def _bulky(fact: Event) -> bool:
    held = (getattr(fact, name) for name in _unbounded(type(fact)))
    return any(len(value) > (_LINE if isinstance(value, str) else _FEW) for value in held if hasattr(value, "__len__"))


_UNBOUNDED: dict[type[Any], tuple[str, ...]] = {}


def _unbounded(cls: type[Event]) -> tuple[str, ...]:
    """Fields of a type of fact that may be long: texts that are no ids, and collections."""
    if cls not in _UNBOUNDED:
        fields = attrs.fields(attrs.resolve_types(cls))
        _UNBOUNDED[cls] = tuple(a.name for a in fields if not _is_short(a.type))
    return _UNBOUNDED[cls]


def _is_short(kind: Any) -> bool:  # noqa: ANN401 - a typing construct
    kinds = [one for one in get_args(kind) or (kind,) if one is not type(None)]
    return get_origin(kind) not in (tuple, frozenset) and all(
        isinstance(one, NewType) or (isinstance(one, type) and one is not str) for one in kinds
    )
