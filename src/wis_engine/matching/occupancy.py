"""Who is taken when: sessions at once, counted by date and half-hour."""

from collections.abc import Iterable
from typing import Final

from wis_engine.values import SLOTS_A_DAY

_DAY: Final = (1 << SLOTS_A_DAY) - 1

Taken = tuple[int, int]
"""A day (proleptic ordinal) and a mask of half-hours from its midnight, which may run into the next day."""


class Occupancy:
    """Counts sessions at once for each name and half-hour of each date.

    A day of one name is a stack of masks: the mask at height h marks the
    half-hours in which more than h sessions take place. Adding, removing and
    asking cost one pass over the stack and no loop over half-hours.
    """

    def __init__(self) -> None:
        self._stacks: dict[tuple[str, int], list[int]] = {}

    def has_room(self, name: str, taken: Iterable[Taken], at_once: int = 1) -> bool:
        """Say whether one more session fits everywhere, with `at_once` allowed together."""
        for day, mask in _by_day(taken):
            stack = self._stacks.get((name, day))
            if stack is not None and len(stack) >= at_once and stack[at_once - 1] & mask:
                return False
        return True

    def add(self, name: str, taken: Iterable[Taken]) -> None:
        """Count one session more."""
        for day, mask in _by_day(taken):
            stack = self._stacks.setdefault((name, day), [])
            carry = mask
            for height, marked in enumerate(stack):
                stack[height], carry = marked | carry, marked & carry
            if carry:
                stack.append(carry)

    def remove(self, name: str, taken: Iterable[Taken]) -> None:
        """Count one session less, of those that were added."""
        for day, mask in _by_day(taken):
            stack = self._stacks[name, day]
            for height in reversed(range(len(stack))):
                stack[height], mask = stack[height] & ~mask, mask & ~stack[height]  # noqa: PLW2901 - what is left
            while stack and not stack[-1]:
                stack.pop()


def _by_day(taken: Iterable[Taken]) -> Iterable[Taken]:
    for day, mask in taken:
        while mask:
            yield day, mask & _DAY
            day, mask = day + 1, mask >> SLOTS_A_DAY  # noqa: PLW2901 - a session past midnight goes on
