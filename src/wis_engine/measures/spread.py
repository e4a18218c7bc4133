"""Who got how much: by household, firm, size of firm, zone, municipio and action; Lorenz curves and Gini."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from wis_engine.matching.fairness import gini_ppm
from wis_engine.measures.shares import MILLION, group_order, ppm
from wis_engine.measures.table import Cell, Table

GROUPS: Final = (
    *("by", "group", "households", "needs", "served", "asked_minutes", "delivered_minutes", "coverage_ppm"),
    *("price_cents", "alone_cents", "granted_cents", "saved_cents"),
)
LORENZ: Final = ("by", "of", "groups_ppm", "amount_ppm")
BY: Final = {
    "household": "household",
    "firm": "firm",
    "size": "size",
    "zone": "nil",
    "municipio": "municipio",
    "action": "action",
}
"""How needs are grouped, and the column of `needs` that tells it."""
UNEQUAL: Final = ("household", "firm", "size", "zone")
"""Over which groups inequality is measured."""

Record = dict[str, Any]  # a row of a table, whose columns have each their type
_OF: Final[dict[str, Callable[[Record], int]]] = {
    "minutes": lambda group: int(group["delivered_minutes"]),
    "coverage": lambda group: int(group["delivered_minutes"]) * MILLION // int(group["asked_minutes"]),
    "saving": lambda group: max(0, int(group["saved_cents"])),
}
"""What is spread: minutes delivered, the part of the minutes asked for that was delivered, cents saved."""


def groups(needs: Table) -> Table:
    """One row for each group that asked for something; what is not known of a need goes under an empty name."""
    records = needs.records()
    return Table.of("groups", GROUPS, (row for by in BY for row in _groups(by, records)))


def _groups(by: str, records: list[Record]) -> Iterator[tuple[Cell, ...]]:
    found: dict[str, list[Record]] = {}
    for one in records:
        group = one[BY[by]]
        found.setdefault("" if group is None else str(group), []).append(one)
    for group in sorted(found, key=group_order):
        needs = found[group]
        served = sum(one["served_day"] is not None for one in needs)
        yield (
            *(by, group, len({one["household"] for one in needs}), len(needs), served),
            *(_sum(needs, "asked_minutes"), _sum(needs, "delivered_minutes"), ppm(served, len(needs))),
            *(_sum(needs, name) for name in ("price_cents", "alone_cents", "granted_cents", "saved_cents")),
        )


def _sum(records: list[Record], name: str) -> int:
    return sum(one[name] or 0 for one in records)


def lorenz(groups: Table) -> Table:
    """Draw, from the least to the most, the part of all groups and the part of the whole that they have.

    There is no curve where there is nothing to divide.
    """
    return Table.of(
        "lorenz",
        LORENZ,
        ((by, of, *point) for by in UNEQUAL for of in _OF for point in _curve(amounts(groups, by, of))),
    )


def _curve(values: list[int]) -> Iterator[tuple[int, int]]:
    whole, so_far = sum(values), 0
    if whole:
        yield 0, 0
        for place, value in enumerate(sorted(values), start=1):
            so_far += value
            yield place * MILLION // len(values), so_far * MILLION // whole


def amounts(groups: Table, by: str, of: str) -> list[int]:
    """Say what each known group has."""
    return [_OF[of](one) for one in groups.where(by=by).records() if one["group"]]


def gini(groups: Table, by: str, of: str) -> int | None:
    """Measure how unequal the known groups are, in millionths; None where there is nothing to divide."""
    found = amounts(groups, by, of)
    return gini_ppm(found) if sum(found) else None
