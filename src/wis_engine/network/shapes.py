"""What a field may hold by its shape alone: attrs validators that raise `Malformed` and know no rule.

Types are exact, as they are in what is read from outside: no list for a
tuple, no instant for a date, no text for a member of an enumeration.
"""

import re
from collections.abc import Callable
from typing import Any

import attrs

from wis_engine.errors import Malformed

Validator = Callable[[Any, "attrs.Attribute[Any]", Any], Any]


def _place(instance: object, attribute: "attrs.Attribute[Any]") -> str:
    return f"{type(instance).__name__}.{attribute.name}"


def exactly(kind: type) -> Validator:
    """Validate a value of one type."""

    def check(instance: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
        if type(value) is not kind:
            raise Malformed(f"{_place(instance, attribute)}: not a {kind.__name__}")

    return check


def between(lowest: int, highest: int) -> Validator:
    """Validate a whole number within two bounds, both in."""

    def check(instance: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
        if type(value) is not int or not lowest <= value <= highest:
            raise Malformed(f"{_place(instance, attribute)}: not a whole number from {lowest} to {highest}")

    return check


def text(longest: int) -> Validator:
    """Validate one line of at most so many characters; it may be empty."""

    def check(instance: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
        if type(value) is not str or len(value) > longest or not value.isprintable():
            raise Malformed(f"{_place(instance, attribute)}: not one line of at most {longest} characters")

    return check


def matching(pattern: str) -> Validator:
    """Validate a text that has a form, from end to end."""
    form = re.compile(pattern)

    def check(instance: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
        if type(value) is not str or form.fullmatch(value) is None:
            raise Malformed(f"{_place(instance, attribute)}: not of the form {pattern}")

    return check


def tuple_of(each: Validator) -> Validator:
    """Validate a tuple, every item of it by `each`."""
    return _all_in(tuple, each)


def frozenset_of(each: Validator) -> Validator:
    """Validate a frozenset, every item of it by `each`."""
    return _all_in(frozenset, each)


def _all_in(kind: type, each: Validator) -> Validator:
    whole = exactly(kind)

    def check(instance: object, attribute: "attrs.Attribute[Any]", value: Any) -> None:  # noqa: ANN401 - typed by the field
        whole(instance, attribute, value)
        for item in value:
            each(instance, attribute, item)

    return check
