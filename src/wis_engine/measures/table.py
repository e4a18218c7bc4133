"""A table of measures: columns of equal length, which are what pictures and frames are made of."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Self

from attrs import field, frozen

from wis_engine.errors import Malformed
from wis_engine.views.view import html_table

Cell = int | float | str | dt.date | None
"""What a table holds: measures are whole, with the unit in the name of their column; floats are estimates."""

ROWS_SHOWN: Final = 100
"""A notebook shows so many."""


@frozen(kw_only=True)
class Table:
    """Named columns of equal length.

    Examples
    --------
    >>> table = Table.of("ages", ("who", "years"), [("a", 3), ("b", 5)])
    >>> table["years"], len(table)
    ((3, 5), 2)
    >>> table.where(who="b").records()
    [{'who': 'b', 'years': 5}]
    """

    title: str
    names: tuple[str, ...]
    data: tuple[tuple[Cell, ...], ...] = field(repr=False)

    def __attrs_post_init__(self) -> None:
        """Refuse a name twice, and columns that do not fit."""
        if len(set(self.names)) < len(self.names) or len(self.names) != len(self.data):
            raise Malformed(f"table {self.title}: not one column for each name")
        if len({len(column) for column in self.data}) > 1:
            raise Malformed(f"table {self.title}: columns of different lengths")

    @classmethod
    def of(cls, title: str, names: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Self:
        """Turn rows into columns."""
        columns: list[tuple[Cell, ...]] = list(zip(*rows, strict=True)) or [()] * len(names)
        return cls(title=title, names=tuple(names), data=tuple(columns))

    @classmethod
    def from_records(cls, title: str, names: Sequence[str], records: Iterable[Mapping[str, Cell]]) -> Self:
        """Turn records into columns; a name that a record has not is an error."""
        return cls.of(title, names, [[one[name] for name in names] for one in records])

    @property
    def columns(self) -> dict[str, tuple[Cell, ...]]:
        """The columns by name."""
        return dict(zip(self.names, self.data, strict=True))

    def __getitem__(self, name: str) -> tuple[Cell, ...]:
        """Give one column."""
        if name not in self.names:
            raise Malformed(f"table {self.title}: no column {name!r}; there are {', '.join(self.names)}")
        return self.data[self.names.index(name)]

    def numbers(self, name: str) -> tuple[int, ...]:
        """Give a column of numbers without what is None."""
        return tuple(value for value in self[name] if isinstance(value, int))

    def __len__(self) -> int:
        """How many rows."""
        return len(self.data[0]) if self.data else 0

    def rows(self) -> list[tuple[Cell, ...]]:
        """List its rows, in order."""
        return list(zip(*self.data, strict=True))

    def records(self) -> list[dict[str, Cell]]:
        """List its rows as records."""
        return [dict(zip(self.names, row, strict=True)) for row in self.rows()]

    def where(self, **wanted: Cell) -> Self:
        """Keep the rows that have these values."""
        kept = zip(*(self[name] for name in wanted), strict=True) if wanted else [()] * len(self)
        places = [place for place, row in enumerate(kept) if row == tuple(wanted.values())]
        data = tuple(tuple(column[place] for place in places) for column in self.data)
        return type(self)(title=self.title, names=self.names, data=data)

    def _repr_html_(self) -> str:
        """Draw its first rows for a notebook."""
        shown = [{name: _shown(cell) for name, cell in one.items()} for one in self.records()[:ROWS_SHOWN]]
        more = f", the first {ROWS_SHOWN} of {len(self)}" if len(self) > ROWS_SHOWN else ""
        return html_table(f"{self.title}{more}", shown or [dict.fromkeys(self.names)])


def _shown(cell: Cell) -> int | str | None:
    if isinstance(cell, float):
        return f"{cell:,.4g}"
    return cell.isoformat() if isinstance(cell, dt.date) else cell
