"""The network month by month on a page: a table, and the accesses as bars beside their target."""

from html import escape
from typing import Final

from wis_engine.measures.growth import COLUMNS
from wis_engine.report.markup import Page, heading, paragraph, table

_WIDTH: Final = 720
_HEIGHT: Final = 220
_ROOM: Final = 34
"""Above the bars for a number, and below for a month."""


def growth(page: Page) -> str:
    """Draw the months."""
    summary, words = page.summary, page.words
    rows = [(words.month(row.first_day), *map(words.number, row.counts)) for row in summary.months]
    head = [words("growth.month"), *(words(f"growth.{name}") for name in COLUMNS)]
    body = [paragraph(words("growth.note"), "quiet")]
    if rows:
        body += [
            heading(words("growth.chart")),
            _chart(page),
            table(words("growth.caption"), head, rows, numbers=range(1, len(head))),
        ]
    return page.section("growth", "growth.title", *body)


def _chart(page: Page) -> str:
    """Draw a bar a month for the accesses up to its end, and a line where they are to come."""
    months, words = page.summary.months, page.words
    target = next(one.target for one in page.summary.figures if one.id == "I4.2e")
    most = max([1, target or 0, *(row.accesses for row in months)])
    step = _WIDTH // len(months)
    foot = _HEIGHT - _ROOM

    def height(value: int) -> int:
        return value * (foot - _ROOM) // most

    drawn = []
    if target:
        y = foot - height(target)
        drawn.append(f'<path d="M0 {y}H{_WIDTH}" stroke="#8a3b12" stroke-width="2" stroke-dasharray="8 5"/>')
        said = escape(words("growth.chart_target", target=words.number(target)))
        drawn.append(f'<text class="halo" x="4" y="{y - 6}" text-anchor="start" font-weight="700">{said}</text>')
    for place, row in enumerate(months):
        x, tall = place * step, height(row.accesses)
        middle = x + step // 2
        drawn.append(f'<rect x="{x + 3}" y="{foot - tall}" width="{max(1, step - 6)}" height="{tall}" fill="#1f6f6b"/>')
        drawn.append(f'<text class="halo" x="{middle}" y="{foot - tall - 5}">{words.number(row.accesses)}</text>')
        drawn.append(f'<text x="{middle}" y="{foot + 20}">{row.first_day:%m/%y}</text>')
    drawn.append(f'<path d="M0 {foot}H{_WIDTH}" stroke="#1b2430"/>')
    last = months[-1]
    told = words("growth.chart_told", last=words.number(last.accesses), month=words.month(last.first_day))
    return (
        f'<svg class="chart" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" font-size="13" text-anchor="middle"'
        ' fill="#1b2430">'
        f"<title>{escape(words('growth.chart'))}. {escape(told)}</title>{''.join(drawn)}</svg>"
    )
