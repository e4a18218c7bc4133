"""Shares, ranks and sums that measures are made of."""

from collections.abc import Iterable
from typing import Final

MILLION: Final = 1_000_000


def ppm(part: int, whole: int) -> int | None:
    """Millionths of a whole, rounded down; None of nothing."""
    return part * MILLION // whole if whole else None


def ranked(values: Iterable[int], percent: int) -> int | None:
    """Give the value within which so many per cent of some lie (nearest rank); None of nobody.

    Examples
    --------
    >>> ranked([4, 1, 3, 2], 50), ranked([4, 1, 3, 2], 90), ranked([], 50)
    (2, 4, None)
    """
    ordered = sorted(values)
    if not ordered:
        return None
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def mean_milli(values: Iterable[int]) -> int | None:
    """Thousandths of the mean, rounded down; None of nobody."""
    all_values = list(values)
    return sum(all_values) * 1_000 // len(all_values) if all_values else None


def group_order(group: str) -> tuple[int, str]:
    """Sort key of groups: what is not known first, then numbers, then names."""
    if not group:
        return -1, ""
    return (int(group), "") if group.isdecimal() else (MILLION, group)
