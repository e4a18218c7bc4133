"""Keyed chance in columns: many draws at once, each a hash of what it is drawn for.

`draws.Draws` hashes one name at a time; where a year asks a hundred million
questions («does this person need this service this month?») they are asked
here, in columns. What is drawn depends on the seed, the stream and the
entity's own key, never on its row: more rows move none of the others.
"""

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Column = NDArray[np.uint64]
    Numbers = NDArray[np.int64]

_GOLDEN: Final = 0x9E3779B97F4A7C15
_FIRST: Final = 0xBF58476D1CE4E5B9
_SECOND: Final = 0x94D049BB133111EB


def key_of(name: str) -> int:
    """Turn a name into the 64 bits that stand for it."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big")


def keys_of(names: Iterable[str]) -> "Column":
    """Turn names into a column of keys, one for each."""
    import numpy as np  # noqa: PLC0415 - heavy, and not every simulation draws in columns

    return np.fromiter(map(key_of, names), dtype=np.uint64)


class Lots:
    """The luck of one seed, in columns.

    Source of the mixing: Steele, Lea and Flood, Fast splittable pseudorandom
    number generators, 2014 (splitmix64).
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def words(self, stream: str, keys: "Column") -> "Column":
        """Draw 64 bits for each key; `stream` says what for."""
        import numpy as np  # noqa: PLC0415 - as above

        salt = np.uint64(key_of(f"{self._seed}\x1f{stream}"))
        drawn = _mixed(keys ^ salt)
        # Once more with the salt: keys of two streams that differ as their salts do would else draw alike.
        return _mixed(drawn + salt)

    def below(self, count: int, stream: str, keys: "Column") -> "Numbers":
        """Draw a whole number from 0 up to, not including, `count` (at most 2**32) for each key."""
        import numpy as np  # noqa: PLC0415 - as above

        high = self.words(stream, keys) >> np.uint64(32)
        return (high * np.uint64(count) >> np.uint64(32)).astype(np.int64)

    def pick(self, weights: Iterable[int], stream: str, keys: "Column") -> "Numbers":
        """Draw a place in a table of weights for each key, as often as it weighs."""
        import numpy as np  # noqa: PLC0415 - as above

        ends = np.cumsum(np.fromiter(weights, dtype=np.int64))
        drawn = self.below(int(ends[-1]), stream, keys)
        return np.searchsorted(ends, drawn, side="right")


def _mixed(words: "Column") -> "Column":
    import numpy as np  # noqa: PLC0415 - as above

    with np.errstate(over="ignore"):
        mixed = words + np.uint64(_GOLDEN)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(_FIRST)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(_SECOND)
    return mixed ^ (mixed >> np.uint64(31))
