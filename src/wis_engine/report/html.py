"""The summary as one page: self-contained, without scripts, good to print."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final, TypeAlias

from wis_engine.report.story import amount
from wis_engine.report.summary import Summary

_STYLE: Final = """
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; color: #1c2430; background: #fff;
  max-width: 64rem; margin: 2rem auto; padding: 0 1.25rem; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 .25rem; }
h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .5rem; padding-bottom: .25rem; border-bottom: 2px solid #1f6f6b; }
p { margin: .4rem 0; }
.quiet { color: #55606e; font-size: .9rem; }
.mark { display: inline-block; background: #fff3cd; border: 1px solid #d9b44a; border-radius: .3rem; color: #5c4300;
  font-size: .8rem; font-weight: 600; padding: 0 .45rem; vertical-align: middle; }
.figures { display: flex; flex-wrap: wrap; gap: 1rem; }
.figure { border: 1px solid #cfd6dd; border-radius: .5rem; flex: 1 1 14rem; padding: .8rem 1rem; }
.figure b { display: block; font-size: 2.2rem; line-height: 1.2; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; margin: .5rem 0; }
th, td { padding: .35rem .6rem; text-align: left; vertical-align: top; border-bottom: 1px solid #e1e6ea; }
th { background: #f1f5f5; font-weight: 600; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td div { white-space: nowrap; }
td:first-child div { white-space: normal; }
tr.sum td { font-weight: 600; border-top: 2px solid #9aa6b2; }
tr { break-inside: avoid; }
ol.story { list-style: none; margin: 0; padding: 0; }
ol.story li { display: flex; gap: 1rem; padding: .3rem 0; border-bottom: 1px solid #e1e6ea; break-inside: avoid; }
ol.story time { flex: 0 0 9.5rem; color: #55606e; font-variant-numeric: tabular-nums; }
footer { margin-top: 3rem; }
footer code { overflow-wrap: anywhere; }
@media print { body { margin: 0; max-width: none; font-size: 11pt; } h2 { break-after: avoid; } }
"""

SIMULATED_PAGE: Final = '<meta name="generator" content="wis_engine demo">'
"""Stands in the head of a page on a simulated community: who finds such a page may replace it."""

Cell: TypeAlias = str | tuple[str, ...]


def page(summary: Summary) -> str:
    """Draw a summary as one HTML page; everything that comes from data is escaped."""
    mark = ' <span class="mark">simulated</span>' if summary.simulated else ""
    body = [
        f"<h1>{escape(summary.title)}{mark}</h1>",
        f'<p class="quiet">{summary.period.start} to {summary.last_day}</p>',
        _notice(summary),
        f"<h2>Figures beside their targets{mark}</h2>",
        _figures(summary),
        f"<h2>Actions: staff hours and money{mark}</h2>",
        _money(summary),
        f"<h2>Pools and chains{mark}</h2>",
        _pools(summary),
        f"<h2>What each household saved{mark}</h2>",
        _households(summary),
        f"<h2>What became of the needs{mark}</h2>",
        _outcomes(summary),
        f"<h2>Needs unmet, and why{mark}</h2>",
        _unmet(summary),
        f"<h2>One need’s story{mark}</h2>",
        _story(summary),
        _foot(summary),
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        + (f"{SIMULATED_PAGE}\n" if summary.simulated else "")
        + f"<title>{escape(summary.title)}{' (simulated)' if summary.simulated else ''}</title>\n"
        f"<style>{_STYLE}</style>\n</head>\n<body>\n" + "\n".join(body) + "\n</body>\n</html>\n"
    )


def _foot(summary: Summary) -> str:
    return (
        f'<footer class="quiet"><p>Read at position {summary.position} of the log; digest of the network'
        f" <code>{summary.digest}</code>.</p></footer>"
    )


def _notice(summary: Summary) -> str:
    if not summary.simulated:
        return ""
    return (
        "<p>The project, its actions, budgets, targets and partner firms come from its card. Needs, households,"
        " suppliers, offers, prices and voucher lines are <strong>simulated</strong> and stand for no real person.</p>"
    )


def _figures(summary: Summary) -> str:
    boxes = []
    for one in summary.figures:
        target = "no target" if one.target is None else f"target {one.target}"
        note = f'<p class="quiet">{escape(one.note)}</p>' if one.note else ""
        boxes.append(
            f'<div class="figure">{escape(one.title)}<b>{one.shown}</b>'
            f'<span class="quiet">{escape(one.id)} · {target}</span>{note}</div>'
        )
    return f'<div class="figures">{"".join(boxes)}</div>'


def _money(summary: Summary) -> str:
    rows = [(f"{row.code} {row.title}", row.hours, *map(amount, row.columns)) for row in summary.money]
    every = summary.all_actions
    total = (every.code, every.hours, *map(amount, every.columns))
    head = ("Action", "Staff hours", "Planned", "For vouchers", "Issued", "Committed", "Spent", "Free")
    note = (
        "Staff hours are the time planned for the action, a ledger of its own: no money follows from them. Money is in"
        " euro: planned is the budget of the action, «for vouchers» the part of it on which vouchers draw. Committed"
        " is reserved on vouchers that still stand, spent was paid to suppliers, free is neither."
    )
    return _table(head, rows, numbers=range(1, 8), total=total) + f'<p class="quiet">{note}</p>'


def _pools(summary: Summary) -> str:
    shared = sum(len(pool.needs) > 1 for pool in summary.pools)
    chained = sum(pool.chained for pool in summary.pools)
    rows: list[tuple[Cell, ...]] = [
        (
            _steps([service.it for service in pool.services]),
            _steps(pool.offers),
            (pool.hours, f"{pool.period.start} to {pool.last_day}"),
            pool.needs,
            *map(amount, (pool.price_cents, pool.alone_cents, pool.saved_cents, pool.granted_cents)),
        )
        for pool in summary.pools
        if pool.together
    ]
    head = ("Service", "Offer", "When", "Needs", "Price", "Alone", "Saved", "Public money")
    alone = [
        (str(row.service), str(row.needs), amount(row.price_cents), amount(row.granted_cents)) for row in summary.alone
    ]
    note = (
        "In euro, as promised when the pool was formed. «Alone» is what the same needs would have cost one by one;"
        " public money is not yet taken off. Numbered offers are the steps of a chain."
    )
    return (
        f"<p>{summary.plans} plans were adopted; they formed {len(summary.pools)} pools, {shared} of more than one need"
        f" and {chained} served by a chain of suppliers.</p>"
        + _table(head, rows, numbers=range(4, 8))
        + f'<p class="quiet">{note}</p><h3>Served alone, by one supplier</h3>'
        + _table(("Service", "Needs", "Price", "Public money"), alone, numbers=range(1, 4))
    )


def _steps(names: Sequence[str]) -> Cell:
    """Number the steps of a chain; one name stands as it is."""
    if len(names) == 1:
        return names[0]
    return tuple(f"{number}. {name}" for number, name in enumerate(names, start=1))


def _households(summary: Summary) -> str:
    rows = [(row.household, str(row.needs), *map(amount, row.columns)) for row in summary.households]
    everyone = summary.everyone
    total = (everyone.household, str(everyone.needs), *map(amount, everyone.columns))
    head = ("Household", "Needs served", "Alone", "Together", "Saved", "Public money", "Household pays")
    return _table(head, rows, numbers=range(1, 7), total=total) + '<p class="quiet">In euro.</p>'


def _outcomes(summary: Summary) -> str:
    return _table(("Outcome", "Needs"), [(name, str(count)) for name, count in summary.outcomes], numbers=[1])


def _unmet(summary: Summary) -> str:
    rows = [(str(row.service), row.reason.replace("-", " "), str(row.needs)) for row in summary.unmet]
    return _table(("Service", "Reason", "Needs"), rows, numbers=[2])


def _story(summary: Summary) -> str:
    if summary.story is None:
        return "<p>No need was met yet.</p>"
    lines = "".join(
        f"<li><time>{line.when:%Y-%m-%d %H:%M}</time><span>{escape(line.words)}</span></li>"
        for line in summary.story.lines
    )
    return f'<ol class="story">{lines}</ol>'


def _table(
    head: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    numbers: Iterable[int],
    total: Sequence[Cell] | None = None,
) -> str:
    """Draw a table; `numbers` are the columns set to the right, `total` the row that sums up."""
    right = set(numbers)

    def cells(row: Sequence[Cell], tag: str) -> str:
        return "".join(
            f"<{tag}{' class=' + chr(34) + 'n' + chr(34) if place in right else ''}>{_lines(cell)}</{tag}>"
            for place, cell in enumerate(row)
        )

    body = "".join(f"<tr>{cells(row, 'td')}</tr>\n" for row in rows)
    if total is not None:
        body += f'<tr class="sum">{cells(total, "td")}</tr>\n'
    return f"<table><thead><tr>{cells(head, 'th')}</tr></thead><tbody>\n{body}</tbody></table>"


def _lines(cell: Cell) -> str:
    if isinstance(cell, str):
        return escape(cell)
    return "".join(f"<div>{escape(line)}</div>" for line in cell)
