"""The summary as a sheet of plain text, for a terminal or a mail."""

from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap
from typing import Final

from wis_engine.report.summary import Summary
from wis_engine.report.together import PoolRow
from wis_engine.report.words import amount, words

WIDTH: Final = 110
_SIMULATED: Final = "simulated: needs, supply, prices and places are made up"
_WORDS: Final = "en"
"""The commands of the library speak English, and so does what they print."""


def sheet(summary: Summary, *, detail: bool = False) -> str:
    """Draw a summary as text, sections parted by empty lines, no line's meaning in its colour.

    Parameters
    ----------
    detail
        Also tell of single households, at the end; without it none stands
        beside an amount.
    """
    sections = [
        _head(summary),
        _section(summary, "Figures", _figures(summary)),
        _section(summary, "Actions: staff hours, and money in euro", _money(summary)),
        _section(summary, "Pools and chains", _pools(summary)),
        _section(summary, "What became of the needs", _outcomes(summary)),
        _section(summary, "Needs unmet, and why", _unmet(summary)),
    ]
    if detail:
        title = "What each household saved against going alone, in euro"
        sections += [
            _section(summary, title, _households(summary)),
            _section(summary, "One need's story", _story(summary)),
        ]
    return "\n\n".join(sections) + "\n"


def _head(summary: Summary) -> str:
    lines = [summary.title, f"{summary.period.start} to {summary.last_day}"]
    lines += [_SIMULATED.upper()] if summary.simulated else []
    return "\n".join(lines)


def _section(summary: Summary, title: str, lines: Iterable[str]) -> str:
    mark = " (simulated)" if summary.simulated else ""
    heading = f"{title}{mark}"
    return "\n".join([heading, "-" * len(heading), *lines])


def _figures(summary: Summary) -> Iterator[str]:
    tell = words(_WORDS)
    rows = [
        (one.id, one.title, tell.measure(one.value, one.unit), "-" if one.target is None else str(one.target), one.note)
        for one in summary.figures
    ]
    return _columns(("", "", "value", "target", ""), rows, right={2, 3})


def _money(summary: Summary) -> Iterator[str]:
    listed = (*summary.money.actions, summary.money.whole)
    rows = [(row.code, row.title, row.hours, *map(amount, row.columns)) for row in listed]
    head = ("", "", "hours", "planned", "for vouchers", "issued", "held", "paid", "free", "costs", "margin")
    yield from _columns(head, rows, right=set(range(2, len(head))))
    yield ""
    yield "Hours are the staff time planned for the action, a ledger of its own: no money follows from them."
    yield "Planned is the action's budget, «for vouchers» the part on which vouchers draw: of it, held is on vouchers"
    yield "that still stand, paid is what vouchers paid, free is the rest. Costs are all other expenses, margin is what"
    yield "is neither for vouchers nor spent."


def _pools(summary: Summary) -> Iterator[str]:
    yield (
        f"{len(summary.plans)} plans adopted, {len(summary.pools)} pools formed,"
        f" {sum(len(pool.needs) > 1 for pool in summary.pools)} of more than one need,"
        f" {sum(pool.chained for pool in summary.pools)} served by a chain of suppliers."
    )
    tell = words(_WORDS)
    for pool in filter(lambda pool: pool.together, summary.pools):
        yield ""
        yield from _what(pool)
        yield f"    {len(pool.needs)} served: {', '.join(pool.needs)}"
        yield f"    {tell.starts(pool.starts)}, {tell.during(pool.period)}"
        yield (
            f"    price {amount(pool.price_cents)}, alone {amount(pool.alone_cents)},"
            f" saved {amount(pool.saved_cents)}; public money {amount(pool.granted_cents)}"
        )
    needs = sum(row.needs for row in summary.alone)
    yield ""
    yield f"Served alone, by one supplier: {needs}, for {amount(sum(row.price_cents for row in summary.alone))}."


def _what(pool: PoolRow) -> Iterator[str]:
    if not pool.chained:
        yield f"{pool.services[0].both} by {pool.offers[0]}"
        return
    yield "Chain:"
    for number, (service, offer) in enumerate(zip(pool.services, pool.offers, strict=True), start=1):
        yield f"    {number}. {service.both} by {offer}"


def _households(summary: Summary) -> Iterator[str]:
    listed = (*summary.households, summary.everyone)
    rows = [(row.household, str(row.needs), *map(amount, row.columns)) for row in listed]
    head = ("household", "needs", "alone", "together", "saved", "public", "household pays")
    return _columns(head, rows, right=set(range(1, 7)))


def _outcomes(summary: Summary) -> Iterator[str]:
    return _columns(("", ""), [(name, str(count)) for name, count in summary.outcomes], right={1})


def _unmet(summary: Summary) -> Iterator[str]:
    rows = [(row.service.both, row.reason, str(row.needs)) for row in summary.unmet]
    return _columns(("service", "reason", "needs"), rows, right={2})


def _story(summary: Summary) -> Iterator[str]:
    if summary.story is None:
        yield "No need was met yet."
        return
    tell = words(_WORDS)
    for line in summary.story.lines:
        when = f"{line.when:%Y-%m-%d %H:%M}  "
        yield from wrap(line.said(tell), WIDTH, initial_indent=when, subsequent_indent=" " * len(when))


def _columns(head: Sequence[str], rows: Sequence[Sequence[str]], *, right: set[int]) -> Iterator[str]:
    """Line cells up; a head without words and a table without rows leave no line."""
    table = [head, *rows] if any(head) else rows
    widths = [max((len(row[place]) for row in table), default=0) for place in range(len(head))]
    for row in table:
        cells = (
            cell.rjust(width) if place in right else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(cells).rstrip()
    if not rows:
        yield "none"
