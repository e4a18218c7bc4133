"""Pieces of a page: cells, tables, headings. Whatever comes from data is escaped here and nowhere else."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final, TypeAlias

from attrs import frozen

from wis_engine.report.summary import Summary
from wis_engine.views.view import Row
from wis_engine.words import Words

WIDE: Final = 5
"""From so many columns on, a row becomes a card on a narrow screen."""


@frozen
class Html:
    """Text that is markup already."""

    text: str


Cell: TypeAlias = "str | Html"


@frozen(kw_only=True)
class Column:
    """One column of rows: its heading, the key of its value, and what that is.

    `kind` is «text», «number», «cents» or «hours», or else the group of the
    codes that stand there.
    """

    head: str
    key: str
    kind: str = "text"

    @property
    def counts(self) -> bool:
        """Whether it is set to the right."""
        return self.kind in ("number", "cents", "hours")

    def cell(self, words: Words, value: int | str | None) -> str:
        """Write one of its values."""
        if value is None:
            return "–"
        if isinstance(value, str):
            return value if self.kind == "text" else words.code(self.kind, value)
        match self.kind:
            case "cents":
                return words.decimal(value)
            case "hours":
                return words.hours(value)
        return words.number(value)


@frozen(kw_only=True)
class Page:
    """What every part of a page is drawn from."""

    summary: Summary
    words: Words
    detail: bool

    @property
    def mark(self) -> str:
        """What stands beside every heading of a simulated community."""
        return f' <span class="mark">{escape(self.words("word.simulated"))}</span>' if self.summary.simulated else ""

    def section(self, name: str, title: str, *body: str) -> str:
        """Put what belongs together under its heading; on a telephone a touch of that unfolds it.

        A box that is checked does it and not `details`, which stays closed in
        print and on a wide screen wherever a browser is some years old.
        """
        fold = f'<input class="fold" type="checkbox" id="fold-{name}">'
        head = f'<h2><label for="fold-{name}">{escape(self.words(title))}</label>{self.mark}</h2>'
        return "\n".join([f'<section id="{name}">', fold, head, '<div class="body">', *body, "</div>", "</section>"])


def heading(told: str) -> str:
    """Draw the heading of a part of a section."""
    return f"<h3>{escape(told)}</h3>"


def text(cell: Cell) -> str:
    """Escape a cell, unless it is markup."""
    return cell.text if isinstance(cell, Html) else escape(cell)


def lines(told: Iterable[str]) -> Html:
    """Put lines one under the other."""
    return Html("".join(f"<div>{escape(line)}</div>" for line in told))


def paragraph(told: str, kind: str = "") -> str:
    """Draw a paragraph; `kind` is its class."""
    return f"<p{f' class={chr(34)}{kind}{chr(34)}' if kind else ''}>{escape(told)}</p>"


def table(
    caption: str,
    head: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    numbers: Iterable[int] = (),
    longer: Iterable[int] = (),
    cards: bool = False,
    kind: str = "",
    total: Sequence[Cell] | None = None,
) -> str:
    """Draw a table whose first column names its rows.

    Parameters
    ----------
    numbers, longer
        Columns set to the right, and those with more than a few words.
    cards
        That a row becomes a card on a narrow screen though it has few columns.
    kind
        Its class, where it has one of its own.
    total
        The row that sums up.
    """
    kinds = dict.fromkeys(longer, " class=words") | dict.fromkeys(numbers, " class=n")
    wide = cards or len(head) >= WIDE
    named = " ".join(name for name in ("wide" if wide else "", kind) if name)

    def row(cells: Sequence[Cell], kind: str) -> str:
        first, *others = cells
        made = [f"<th scope=row>{text(first)}</th>"]
        for place, cell in enumerate(others, start=1):
            label = f' data-label="{escape(head[place])}"' if wide else ""
            made.append(f"<td{kinds.get(place, '')}{label}>{text(cell)}</td>")
        return f"<tr{kind}>{''.join(made)}</tr>\n"

    heads = "".join(f"<th scope=col{kinds.get(place, '')}>{escape(name)}</th>" for place, name in enumerate(head))
    body = "".join(row(cells, "") for cells in rows) + ("" if total is None else row(total, " class=sum"))
    return (
        f"<table{f' class={chr(34)}{named}{chr(34)}' if named else ''}><caption>{escape(caption)}</caption>"
        f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{body}</tbody></table>"
    )


def rows_table(
    words: Words, caption: str, columns: Sequence[Column], rows: Iterable[Row], *, total: Row | None = None
) -> str:
    """Draw the rows of a view, the columns that are asked for."""

    def cells(row: Row) -> list[str]:
        return [column.cell(words, row[column.key]) for column in columns]

    return table(
        words(caption),
        [words(column.head) for column in columns],
        [cells(row) for row in rows],
        numbers=[place for place, column in enumerate(columns) if column.counts],
        total=None if total is None else cells(total),
    )
