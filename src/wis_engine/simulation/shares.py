"""Parts of a hundred and of a million, and pairs of a least and a most: what the figures of a scenario are."""

from typing import Any, Final

from wis_engine.errors import Malformed
from wis_engine.shapes import between, natural, tuple_of

MILLION: Final = 1_000_000
MONTHS: Final = 12
percent = between(0, 100)
"""Validates a part of a hundred (attrs validator)."""
per_million = between(0, MILLION)
"""Validates a part of a million (attrs validator)."""


def least_and_most(instance: object, attribute: Any, value: tuple[int, int]) -> None:  # noqa: ANN401 - attrs validator
    """Validate a pair: a least and a most, both in (attrs validator)."""
    tuple_of(natural)(instance, attribute, value)
    least, most = value
    if least > most:
        raise Malformed(f"{type(instance).__name__}.{attribute.name}: not a least and a most")
