"""Problems from CSV tables, the form in which a first trial reaches us.

The first row names the columns; their order is free, unknown ones are
reported, an empty cell is the default. Text is UTF-8, lists inside a cell are
separated by `|`. A place has both its columns or neither.

Needs: `id`, `minutes`, and if wanted `household`, `firm`, `beneficiary`,
`service`, `sessions`, `slots` («mon-fri 16:00-19:00, sat 09:00-12:00»),
`period` («2026-03-01/2026-04-01»), `lat_microdegrees`, `lon_microdegrees`,
`zone`, `radius_m`, `price_limit_cents`, `priority`, `group_max`, `age_band`,
`language`, `channel`, `steps` («pick-up:30|homework:60»: service and minutes of
each step, with the default hand-over).

Offers: `id`, `capacity_minutes`, and if wanted `supplier`, `service`, `slots`,
`period`, `lat_microdegrees`, `lon_microdegrees`, `radius_m`, `mobile` (yes or
no), `zones`, `capacity_per_slot`, `tiers` («1:1200|4:900|4/10:800»: people from,
quantity from if any, price in cents), `unit_minutes`, `opening_cents`,
`group_min`, `group_max`, `quality_percent`, `channel`, `age_bands`, `languages`.

Budgets: `id`, `cap_cents`, and if wanted `services`, `share_percent`,
`household_cap_cents`.
"""

import csv
import io
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar

from wis_engine.errors import Malformed
from wis_engine.matching.problem import Budget, Diagnostic, Need, Offer, Problem, Step
from wis_engine.values import AgeBand, Channel, Period, Point, PriceTier, WeekSlots

T = TypeVar("T", Need, Offer, Budget)
Reader = Callable[[str], Any]
ROWS_MAX: Final = 1_000_000
_DIGITS_MAX: Final = 19


def _integer(cell: str) -> int:
    if not cell.removeprefix("-").isdecimal() or not cell.isascii() or len(cell) > _DIGITS_MAX:
        raise Malformed("not a whole number")
    return int(cell)


def _yes(cell: str) -> bool:
    if cell not in ("yes", "no"):
        raise Malformed("neither yes nor no")
    return cell == "yes"


def _listed(read: Reader) -> Reader:
    return lambda cell: tuple(read(part.strip()) for part in cell.split("|"))


def _step(cell: str) -> Step:
    service, colon, minutes = cell.partition(":")
    if not colon:
        raise Malformed("not a service and its minutes")
    return Step(service=service, minutes=_integer(minutes))


def _tier(cell: str) -> PriceTier:
    thresholds, colon, price = cell.partition(":")
    if not colon:
        raise Malformed("not a threshold and a price")
    people, _, units = thresholds.partition("/")
    return PriceTier(people_from=_integer(people), units_from=_integer(units or "0"), price_cents=_integer(price))


def _one_of(kind: type[AgeBand] | type[Channel]) -> Reader:
    def read(cell: str) -> AgeBand | Channel:
        try:
            return kind(cell)
        except ValueError:
            raise Malformed(f"not one of {', '.join(kind)}") from None

    return read


_PLACE: Final = {"lat_microdegrees": _integer, "lon_microdegrees": _integer}
_NEEDS: Final[dict[str, Reader]] = {
    **dict.fromkeys(("id", "household", "firm", "beneficiary", "service", "language"), str),
    **dict.fromkeys(
        ("minutes", "sessions", "zone", "radius_m", "price_limit_cents", "priority", "group_max"), _integer
    ),
    **_PLACE,
    "slots": WeekSlots.parse,
    "period": Period.parse,
    "age_band": _one_of(AgeBand),
    "channel": _one_of(Channel),
    "steps": _listed(_step),
}
_OFFERS: Final[dict[str, Reader]] = {
    **dict.fromkeys(("id", "supplier", "service"), str),
    **dict.fromkeys(
        (
            "capacity_minutes",
            "radius_m",
            "capacity_per_slot",
            "unit_minutes",
            "opening_cents",
            "group_min",
            "group_max",
            "quality_percent",
        ),
        _integer,
    ),
    **_PLACE,
    "slots": WeekSlots.parse,
    "period": Period.parse,
    "mobile": _yes,
    "zones": _listed(_integer),
    "tiers": _listed(_tier),
    "channel": _one_of(Channel),
    "age_bands": _listed(_one_of(AgeBand)),
    "languages": _listed(str),
}
_BUDGETS: Final[dict[str, Reader]] = {
    "id": str,
    "services": _listed(str),
    **dict.fromkeys(("cap_cents", "share_percent", "household_cap_cents"), _integer),
}
_REQUIRED: Final = {"needs": ("id", "minutes"), "offers": ("id", "capacity_minutes"), "budgets": ("id", "cap_cents")}


def read_problem(needs: str, offers: str, budgets: str | None = None) -> tuple[Problem, tuple[Diagnostic, ...]]:
    """Read a problem from the text of its tables.

    Returns
    -------
    The problem of all rows that could be read, and why each other row, or each
    unknown column, was left out: by table, then by row, where 1 is the header.
    """
    for name, table in (("needs", needs), ("offers", offers), ("budgets", budgets or "")):
        if type(table) is not str:
            raise Malformed(f"{name}: not the text of a table but {type(table).__name__}")
    found: list[Diagnostic] = []
    read_needs = _read("needs", needs, Need, _NEEDS, found)
    read_offers = _read("offers", offers, Offer, _OFFERS, found)
    read_budgets = _read("budgets", budgets or "", Budget, _BUDGETS, found)
    try:
        problem = Problem(needs=read_needs, offers=read_offers, budgets=read_budgets)
    except Malformed as error:
        # Row by row all was well: only the sums over all needs can be too large.
        found.append(Diagnostic(table="needs", row=1, column="", what="table left out", why=str(error)))
        problem = Problem(needs=(), offers=read_offers, budgets=read_budgets)
    return problem, tuple(found)


def _read(table: str, text: str, kind: type[T], readers: dict[str, Reader], found: list[Diagnostic]) -> list[T]:
    things: dict[str, T] = {}
    for row, cells in _rows(table, text, readers, found):
        values = _values(table, row, cells, readers, found)
        if values is None:
            continue
        try:
            thing = kind(**values)
            if thing.id in things:
                raise Malformed("the id stands in an earlier row")  # noqa: TRY301 - one place reports
        except Malformed as error:
            found.append(Diagnostic(table=table, row=row, column="", what="row left out", why=str(error)))
        except TypeError:
            found.append(Diagnostic(table=table, row=row, column="", what="row left out", why="a needed cell is empty"))
        else:
            things[thing.id] = thing
    return list(things.values())


def _rows(
    table: str, text: str, readers: dict[str, Reader], found: list[Diagnostic]
) -> Iterator[tuple[int, dict[str, str]]]:
    lines = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    try:
        header = [name.strip() for name in next(lines, [])]
        found += [
            Diagnostic(table=table, row=1, column=name, what="column left out", why="not a known column")
            for name in header
            if name not in readers
        ]
        if len(set(header)) != len(header):
            found.append(Diagnostic(table=table, row=1, column="", what="table left out", why="the same column twice"))
            return
        missing = [name for name in _REQUIRED[table] if header and name not in header]
        found += [
            Diagnostic(table=table, row=1, column=name, what="table left out", why="the column is missing")
            for name in missing
        ]
        if missing:
            return
        for row, cells in enumerate(lines, start=2):
            if row > ROWS_MAX:
                found.append(
                    Diagnostic(table=table, row=row, column="", what="rest left out", why=f"over {ROWS_MAX} rows")
                )
                return
            if len(cells) > len(header):
                found.append(
                    Diagnostic(table=table, row=row, column="", what="row left out", why="more cells than columns")
                )
            elif any(cell.strip() for cell in cells):
                yield row, dict(zip(header, (cell.strip() for cell in cells), strict=False))
    except csv.Error as error:
        found.append(
            Diagnostic(table=table, row=lines.line_num, column="", what="rest left out", why=f"no CSV: {error}")
        )


def _values(
    table: str, row: int, cells: dict[str, str], readers: dict[str, Reader], found: list[Diagnostic]
) -> dict[str, Any] | None:
    """Read the cells of a row; None, with a diagnostic for each, when some cannot be read."""
    values: dict[str, Any] = {}
    faults = 0
    for name, cell in cells.items():
        if cell and name in readers:
            try:
                values[name] = readers[name](cell)
            except Malformed as error:
                faults += 1
                found.append(Diagnostic(table=table, row=row, column=name, what="row left out", why=str(error)))
    lacking = [name for name in _PLACE if not cells.get(name)]
    if len(lacking) == 1:
        faults += 1
        found.append(Diagnostic(table=table, row=row, column=lacking[0], what="row left out", why="half a place"))
    place = [values.pop(name, None) for name in _PLACE]
    if None not in place:
        try:
            values["place"] = Point(*place)
        except Malformed:
            faults += 1
            found.append(
                Diagnostic(table=table, row=row, column="lat_microdegrees", what="row left out", why="no such place")
            )
    return None if faults else values
