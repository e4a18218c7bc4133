"""Chance without a generator: every draw is a hash of what it is drawn for.

A draw is named by a stream («show», «confirm») and by the things it concerns.
The same seed and the same names give the same number, whatever was drawn
before, in whatever order: two years that differ in one rule share all the luck
that the rule does not touch.
"""

import hashlib
from collections.abc import Sequence
from typing import Final

from attrs import field, frozen

from wis_engine.errors import Malformed
from wis_engine.shapes import natural

MILLION: Final = 1_000_000
_BITS: Final = 64


@frozen
class Draws:
    """All the luck of one seed.

    Examples
    --------
    >>> draws = Draws(7)
    >>> draws.below(6, "dice", "first") == Draws(7).below(6, "dice", "first")
    True
    """

    seed: int = field(validator=natural)

    def word(self, stream: str, *about: str | int) -> int:
        """Draw a whole number of 64 bits."""
        name = "\x1f".join(map(str, (self.seed, stream, *about)))
        return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=_BITS // 8).digest(), "big")

    def below(self, count: int, stream: str, *about: str | int) -> int:
        """Draw a whole number from 0 up to, not including, `count`."""
        if count < 1:
            raise Malformed("nothing to draw from")
        return self.word(stream, *about) * count >> _BITS

    def between(self, least: int, most: int, stream: str, *about: str | int) -> int:
        """Draw a whole number from `least` to `most`, both included."""
        return least + self.below(most - least + 1, stream, *about)

    def chance(self, per_million: int, stream: str, *about: str | int) -> bool:
        """Say yes `per_million` times in a million."""
        return self.below(MILLION, stream, *about) < per_million

    def pick(self, weights: Sequence[int], stream: str, *about: str | int) -> int:
        """Draw a place in a table of weights, as often as it weighs."""
        drawn = self.below(sum(weights), stream, *about)
        for place, weight in enumerate(weights):
            if drawn < weight:
                return place
            drawn -= weight
        raise AssertionError("below(n) is below n")
