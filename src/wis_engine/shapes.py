"""What a field may hold by its shape alone: attrs validators that raise `Malformed` and know no rule.

Types are exact, as they are in what is read from outside: no list for a
tuple, no instant for a date, no text for a member of an enumeration.
"""

import re
from collections.abc import Callable
from typing import Any, Final

import attrs

from wis_engine.errors import Malformed

_ID: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
INTEGER_BITS: Final = 63
Validator = Callable[[Any, "attrs.Attribute[Any]", Any], Any]


def _place(instance: object, attribute: "attrs.Attribute[Any]") -> str:
    return f"{type(instance).__name__}.{attribute.name}"


def is_id(text: object) -> bool:
    """Say whether `text` has the shape of an id: `[A-Za-z0-9_.-]{1,64}`."""
    return type(text) is str and _ID.fullmatch(text) is not None


def checked_id(instance: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
    """Validate one id (attrs validator)."""
    if not is_id(value):
        raise Malformed(f"{_place(instance, attribute)}: not an id")


def natural(instance: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
    """Validate an integer from 0 to 2**63 - 1 (attrs validator)."""
    if type(value) is not int or value < 0 or value.bit_length() > INTEGER_BITS:
        raise Malformed(f"{_place(instance, attribute)}: not a whole number of 63 bits, 0 or more")


def positive(instance: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
    """Validate an integer from 1 to 2**63 - 1 (attrs validator)."""
    if type(value) is not int or value < 1 or value.bit_length() > INTEGER_BITS:
        raise Malformed(f"{_place(instance, attribute)}: not a whole number of 63 bits, 1 or more")


def short_text(instance: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
    """Validate a title: one line of 1 to 200 characters (attrs validator)."""
    if type(value) is not str or not 0 < len(value) <= 200 or not value.isprintable():  # noqa: PLR2004 - the limit is stated
        raise Malformed(f"{_place(instance, attribute)}: not one line of 1 to 200 characters")


def exactly(kind: type) -> Validator:
    """Validate a value of one type."""

    def check(instance: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
        if type(value) is not kind:
            raise Malformed(f"{_place(instance, attribute)}: not a {kind.__name__}")

    return check


def _saying(check: Validator, **limits: int | str) -> Validator:
    """Let a validator say its limits in the words of JSON Schema."""
    vars(check)["limits"] = limits
    return check


def between(lowest: int, highest: int) -> Validator:
    """Validate a whole number within two bounds, both in."""

    def check(instance: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
        if type(value) is not int or not lowest <= value <= highest:
            raise Malformed(f"{_place(instance, attribute)}: not a whole number from {lowest} to {highest}")

    return _saying(check, minimum=lowest, maximum=highest)


def text(longest: int) -> Validator:
    """Validate one line of at most so many characters; it may be empty."""

    def check(instance: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
        if type(value) is not str or len(value) > longest or not value.isprintable():
            raise Malformed(f"{_place(instance, attribute)}: not one line of at most {longest} characters")

    return _saying(check, maxLength=longest)


def matching(pattern: str) -> Validator:
    """Validate a text that has a form, from end to end."""
    form = re.compile(pattern)

    def check(instance: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
        if type(value) is not str or form.fullmatch(value) is None:
            raise Malformed(f"{_place(instance, attribute)}: not of the form {pattern}")

    return _saying(check, pattern=f"^(?:{pattern})$")


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
