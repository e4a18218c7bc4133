"""Facts in stored bytes, looked through the quick way: built unasked, asked everything, written again.

Only for this library's own types: every field of theirs, and of the values in
them, has a validator that takes exact types (a test says so), so that asking
those is as good as building the fact from its plain form, and takes half the
time. What is no sound fact is not explained here; the codec's slow way does.
"""

from collections.abc import Callable
from typing import Any, Final, TypeAlias, get_args

import attrs

from wis_engine.facts.base import Event
from wis_engine.jsontext import EVENT_BYTES_MAX, check_depth
from wis_engine.values import Period, WeekSlots

Text: TypeAlias = bytes | str
Look: TypeAlias = Callable[[Text, Text | None], Event | None]


def sounder(decode: Look, encode: Callable[[Event], tuple[bytes, bytes | None]]) -> Look:
    """Make what finds the sound facts of one type; None for any other.

    Parameters
    ----------
    decode
        Builds a fact from two pieces of JSON, asking nothing.
    encode
        Writes a fact as two pieces.
    """

    def look(body: Text, personal: Text | None) -> Event | None:
        try:
            if len(body) + len(personal or b"") > EVENT_BYTES_MAX:
                return None
            check_depth(as_text(body))
            if personal is not None:
                check_depth(as_text(personal))
            fact = decode(body, personal)
            if fact is None:
                return None
            ask(fact)
            public, held = encode(fact)
        except Exception:  # noqa: BLE001 - whatever damage does
            return None
        if public != as_bytes(body) or held != as_bytes(personal):
            return None
        return fact if len(public) + len(held or b"") <= EVENT_BYTES_MAX else None

    return look


def ask(value: Any) -> None:  # noqa: ANN401 - of any attrs class
    """Hold a value, and every value in it, to its validators and to what it asks of itself as a whole.

    Raises
    ------
    Malformed
        As its constructor would.
    """
    cls = type(value)
    questions = _QUESTIONS.get(cls)
    if questions is None:
        questions = _QUESTIONS[cls] = _questions(cls)
    checks, parts, whole = questions
    for attribute, name, check in checks:
        check(value, attribute, getattr(value, name))
    for name in parts:
        part = getattr(value, name)
        if isinstance(part, (tuple, frozenset)):
            for item in part:
                ask(item)
        elif attrs.has(type(part)):
            ask(part)
    if whole is not None:
        whole(value)


_Questions: TypeAlias = tuple[list[tuple[Any, str, Any]], list[str], Callable[[Any], None] | None]
_QUESTIONS: Final[dict[type[Any], _Questions]] = {}
_TEXTS: Final = (Period, WeekSlots)
"""Values that are read from a text, by their constructor: they were asked when they were built."""


def _questions(cls: type[Any]) -> _Questions:
    """Find the validators of a class, the fields that hold values with fields of their own, and its own check."""
    fields = attrs.fields(attrs.resolve_types(cls))
    checks = [(a, a.name, a.validator) for a in fields if a.validator is not None]
    return checks, [a.name for a in fields if _has_fields(a.type)], getattr(cls, "__attrs_post_init__", None)


def _has_fields(kind: Any) -> bool:  # noqa: ANN401 - a typing construct
    kind = getattr(kind, "__supertype__", kind)
    if isinstance(kind, type) and attrs.has(kind):
        return kind not in _TEXTS
    return any(map(_has_fields, get_args(kind)))


def as_text(held: Text) -> str:
    """Read a piece as text."""
    return held if isinstance(held, str) else held.decode()


def as_bytes(held: Text | None) -> bytes | None:
    """Take the bytes of a piece."""
    return held.encode() if isinstance(held, str) else held
