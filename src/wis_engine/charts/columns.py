"""Reading columns: what a picture is drawn from, however it is held."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from math import inf, isfinite
from numbers import Real
from typing import Any, Final, Protocol

from attrs import field, frozen

from wis_engine.errors import Malformed

EPOCH: Final = dt.date(1970, 1, 1)
ROWS_MAX: Final = 1_000_000
"""Of more rows no eye makes anything: add them up first."""


class Columns(Protocol):
    """Columns by name: a dict of lists, a table of measures, or a frame of pandas or polars."""

    def __getitem__(self, name: str, /) -> Iterable[Any]:
        """Give one column."""


@frozen
class Rows:
    """Columns that were read: of one length, not empty, numbers finite, names as text."""

    columns: Mapping[str, list[Any]] = field(repr=False)

    def __getitem__(self, name: str) -> list[Any]:
        """Give one column."""
        return self.columns[name]

    def __len__(self) -> int:
        """Count the rows."""
        return len(next(iter(self.columns.values())))

    def by(self, name: str) -> "Iterator[tuple[Any, Rows]]":
        """Part the rows by what stands in a column, in order of its first use."""
        parts: dict[Any, list[int]] = {}
        for row, value in enumerate(self.columns[name]):
            parts.setdefault(value, []).append(row)
        for value, rows in parts.items():
            yield value, Rows({key: [column[row] for row in rows] for key, column in self.columns.items()})


def read(
    columns: Columns,
    numbers: Iterable[str] = (),
    *,
    days: Iterable[str] = (),
    names: Iterable[str] = (),
    either: Iterable[str] = (),
) -> Rows:
    """Read the columns that a picture needs; a row that lacks one of its numbers is left out.

    Parameters
    ----------
    numbers, days, names
        Columns that have to be there: finite numbers, dates (or days since 1
        January 1970), anything as text.
    either
        Columns of names that may be there; where one is not, its rows have no name.

    Raises
    ------
    Malformed
        A column is not there, has another length, or holds what it should
        not; there is no row, or more than a million.
    """
    kinds: dict[str, Callable[[str, Any], Any]] = dict.fromkeys(numbers, _number)
    kinds |= dict.fromkeys(days, _day)
    asked = dict.fromkeys([*kinds, *names])
    try:
        listed = _listed(columns)
        missing = [name for name in asked if name not in listed]
        found = {name: list(columns[name]) for name in (*asked, *either) if name in listed}
    except (TypeError, LookupError):
        raise Malformed("no columns: a dict of lists or a frame is wanted") from None
    if missing:
        raise Malformed(f"no column {', '.join(map(repr, missing))}")
    count = len(next(iter(found.values())))
    if any(len(column) != count for column in found.values()):
        raise Malformed(
            f"columns of different lengths: {', '.join(f'{name} {len(one)}' for name, one in found.items())}"
        )
    if count > ROWS_MAX:
        raise Malformed(f"columns of {count} rows: at most {ROWS_MAX} can be drawn")
    said = [row for row in range(count) if not any(_is_missing(found[name][row]) for name in kinds)]
    if not said:
        raise Malformed("columns without a row that says something: nothing to draw")
    chosen = {
        name: [kinds.get(name, _name)(name, found[name][row]) for row in said] if name in found else [""] * len(said)
        for name in (*asked, *either)
    }
    return Rows(chosen)


def stacked(*parts: tuple[Mapping[str, str | int], Columns]) -> dict[str, list[Any]]:
    """Put the columns of several runs under each other, each row with the labels of its run.

    Parameters
    ----------
    parts
        Labels («strategy», «seed») with the columns that they are of.

    Raises
    ------
    Malformed
        There is no part, or parts have other columns or labels than the first.

    Examples
    --------
    >>> stacked(({"seed": 1}, {"needs": [3, 4]}), ({"seed": 2}, {"needs": [5]}))
    {'seed': [1, 1, 2], 'needs': [3, 4, 5]}
    """
    made: dict[str, list[Any]] = {}
    for labels, columns in parts:
        names = _listed(columns)
        if made and list(made) != [*labels, *names]:
            raise Malformed("stacked: parts of different columns or labels")
        listed = {name: list(columns[name]) for name in names}
        count = len(next(iter(listed.values()), ()))
        for name, column in {**{name: [label] * count for name, label in labels.items()}, **listed}.items():
            made.setdefault(name, []).extend(column)
    if not made:
        raise Malformed("stacked: no columns")
    return made


def _listed(columns: Any) -> list[str]:  # noqa: ANN401 - whatever holds columns
    """List the names of columns: a frame and a table tell them, a dict has them as its keys."""
    return list(getattr(columns, "columns", columns))


def _is_missing(value: object) -> bool:
    """Say whether nothing stands here: None, or what frames put in its place."""
    return value is None or value != value  # noqa: PLR0124 - only a missing number differs from itself


def _number(name: str, value: Any) -> int | float:  # noqa: ANN401 - whatever a column holds
    """Take a number as Python's own."""
    number = inf if isinstance(value, bool) or not isinstance(value, Real) else float(value)
    if not isfinite(number):
        raise Malformed(f"column {name!r}: not all finite numbers")
    return int(number) if number.is_integer() else number


def _day(name: str, value: object) -> int:
    """Take a day as one counted from 1 January 1970."""
    if isinstance(value, dt.date):
        return value.toordinal() - EPOCH.toordinal()
    if type(value) is not int:
        raise Malformed(f"column {name!r}: not all days")
    return value


def _name(_: str, value: object) -> str:
    return "" if value is None else str(value)
