"""Collections that a caller gives, in any form that can be gone through, as tuples and frozensets of our own."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from wis_engine.errors import Malformed

T = TypeVar("T")


def as_tuple(given: Iterable[Any]) -> tuple[Any, ...]:
    """Take any collection but a text."""
    if isinstance(given, str | bytes):
        raise Malformed(f"not a collection of values: {type(given).__name__}")
    try:
        return tuple(given)
    except TypeError:
        raise Malformed(f"not a collection: {type(given).__name__}") from None


def as_frozenset(given: Iterable[Any]) -> frozenset[Any]:
    """Take any collection but a text, whatever its order."""
    try:
        return frozenset(as_tuple(given))
    except TypeError:
        raise Malformed("not a collection of values that can be told apart") from None


def as_sorted(given: Iterable[T], kind: type[T], key: Callable[[T], Any]) -> tuple[T, ...]:
    """Take values of one type, in the order of a key."""
    listed = as_tuple(given)
    if not all(type(item) is kind for item in listed):
        raise Malformed(f"not a collection of {kind.__name__} alone")
    return tuple(sorted(listed, key=key))
