"""Public money, measured: what was granted, what vouchers hold, what they paid, day by day."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from typing import Final

from wis_engine.measures.reading import Reading
from wis_engine.measures.table import Table
from wis_engine.values import Period
from wis_engine.views import Vouchers

BUDGET: Final = ("day", "action", "granted_cents", "held_cents", "paid_cents", "left_cents")


def budget(reading: Reading, period: Period) -> Table:
    """One row for each day of a period and action on which money moved, as it stood in the evening.

    Held is on vouchers that may still pay; left is neither held nor paid. What
    was taken back is left out from the beginning.
    """
    moved: dict[tuple[dt.date, str], Counter[str]] = {}
    for day, action, what, cents in _moves(reading):
        moved.setdefault((day, action), Counter())[what] += cents
    stands: dict[str, Counter[str]] = {}
    rows = []
    for day, action in sorted(moved):
        now = stands.setdefault(action, Counter())
        now.update(moved[day, action])
        if day in period:
            left = now["granted"] - now["held"] - now["paid"]
            rows.append((day, action, now["granted"], now["held"], now["paid"], left))
    return Table.of("budget", BUDGET, rows)


def _moves(reading: Reading) -> Iterator[tuple[dt.date, str, str, int]]:
    for (day, action), cents in reading.granted.items():
        yield day, action, "granted", cents
    for line in vouchers_of(reading).lines():
        action = line.fund.action
        yield line.issued.day, action, "held", line.face_cents
        for payment in line.payments:
            yield payment.at.day, action, "held", -payment.cents
            yield payment.at.day, action, "paid", payment.cents
        if line.ended:
            yield line.ended.day, action, "held", -line.released_cents


def vouchers_of(reading: Reading) -> Vouchers:
    """Give the book of vouchers of the community."""
    book = reading.community.view("vouchers")
    assert isinstance(book, Vouchers)
    return book


def paid_cents(reading: Reading, period: Period) -> int:
    """Sum up what vouchers paid in a period."""
    return sum(one.cents for line in vouchers_of(reading).lines() for one in line.payments if one.at.day in period)
