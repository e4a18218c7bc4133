"""A problem from spreadsheets saved as CSV, whatever program and country they come from.

Text is UTF-8, with or without its mark, UTF-16 with its mark, or Windows-1252;
columns stand between semicolons, commas or tabs, under English or Italian
names in any order (`wis_engine.interop.columns`). What can be read is matched;
what cannot, or could be read in two ways, is told with its row and column, in
words that hold nothing of the cell. Rows are counted as a spreadsheet counts
them: a cell of several lines stands in one row.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import attrs

from wis_engine.errors import Malformed
from wis_engine.interop import cells
from wis_engine.interop.columns import TABLES, Column, Given, finished, heading, join, made_of
from wis_engine.matching import Diagnostic, Problem

FILE_BYTES_MAX: Final = 64 * 1024 * 1024
CELL_MAX: Final = 10_000
_DELIMITERS: Final = (";", ",", "\t")
_WORKBOOK: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How the files of spreadsheet programs begin: they are no text."""
_NO_TEXT: Final = re.compile("[\x00-\x08\x0e-\x1f\x7f\ufffe\uffff]")
_SEPARATOR_LINE: Final = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)
_FIELD: Final = re.compile(r"(?:Need|Offer|Budget)\.(\w+): (.*)", re.DOTALL)
_ROW: Final = "row left out"
_TABLE: Final = "table left out"


@attrs.frozen(kw_only=True)
class Sheet:
    """How one table was read.

    Attributes
    ----------
    encoding, delimiter
        What its bytes and its columns were taken for; empty where it could not be read.
    rows, taken
        Rows that hold something, and those of them that are in the problem.
    """

    table: str
    encoding: str = ""
    delimiter: str = ""
    rows: int = 0
    taken: int = 0


@attrs.frozen(kw_only=True)
class OwnData:
    """The problem of all that could be read, how it was read, and what was not, by table and row."""

    problem: Problem
    sheets: tuple[Sheet, ...]
    diagnostics: tuple[Diagnostic, ...]


def read_spreadsheets(needs: bytes, offers: bytes, budgets: bytes | None = None) -> OwnData:
    """Read a problem from the bytes of its tables.

    Raises
    ------
    Malformed
        What is given is not bytes; whatever stands in them is never an error.
    """
    readings = []
    for table, content in (("needs", needs), ("offers", offers), ("budgets", budgets)):
        if content is None:
            continue
        if not isinstance(content, bytes):
            raise Malformed(f"{table}: not bytes but {type(content).__name__}")
        readings.append(_Reading(table, content))
    texts = {reading.sheet.table: reading.text() for reading in readings}
    problem, left = Problem.from_csv(texts["needs"], texts["offers"], texts.get("budgets"))
    held = {"needs": problem.needs, "offers": problem.offers, "budgets": problem.budgets}
    return OwnData(
        problem=problem,
        sheets=tuple(attrs.evolve(one.sheet, taken=len(held[one.sheet.table])) for one in readings),
        diagnostics=tuple(told for one in readings for told in one.told(left)),
    )


class _Reading:
    """One table on its way: its bytes read, its rows brought to the columns of the matcher's table."""

    def __init__(self, table: str, content: bytes) -> None:
        self.sheet = Sheet(table=table)
        self._found: list[Diagnostic] = []
        # The matcher's rows, with the row of the file that each comes from.
        self._rows: list[tuple[int, Given]] = []
        self._header_row = 1
        # Header of the column that a field comes from, which text was made which id, and the row of each thing.
        self._headers: dict[str, str] = {}
        self._ids: dict[tuple[str, str], str] = {}
        self._taken: dict[str, int] = {}
        self._cells: dict[tuple[int, str], Given] = {}
        self._months_first: frozenset[str] = frozenset()
        try:
            self._read(content)
        except Malformed as error:
            self._say(1, "", _TABLE, str(error))

    def text(self) -> str:
        """Write the table that the matcher reads; nothing where there is none."""
        if not self._headers:
            return ""
        fields = sorted(made_of(self._headers))
        written = io.StringIO()
        writer = csv.writer(written)
        writer.writerows([fields, *([given.get(field, "") for field in fields] for _, given in self._rows)])
        return written.getvalue()

    def told(self, left: Iterable[Diagnostic]) -> list[Diagnostic]:
        """List what was left out here, and what the matcher left out, at the places of the file."""
        mine = [self._placed(one) for one in left if one.table == self.sheet.table]
        return sorted(self._found + mine, key=lambda one: one.row)

    def _placed(self, one: Diagnostic) -> Diagnostic:
        row = self._rows[one.row - 2][0] if 0 <= one.row - 2 < len(self._rows) else self._header_row
        named = _FIELD.fullmatch(one.why)
        field, why = (named[1], named[2]) if named and not one.column else (one.column, one.why)
        origin = made_of(self._headers).get(field, field)
        return attrs.evolve(one, row=row, column=self._headers.get(origin, field), why=why)

    def _say(self, row: int, column: str, what: str, why: str) -> None:
        self._found.append(Diagnostic(table=self.sheet.table, row=row, column=column, what=what, why=why))

    def _read(self, content: bytes) -> None:
        encoding, text = decoded(content)
        given = _SEPARATOR_LINE.match(text)
        if given:
            text = text[given.end() :]
        known = {header: column for column in TABLES[self.sheet.table] for header in column.headers}
        delimiter = given[1] if given else _delimiter(text, known)
        self.sheet = attrs.evolve(self.sheet, encoding=encoding, delimiter=delimiter)
        lines = self._lines(text, delimiter)
        self._header_row, header = next(lines, (1, []))
        if not header:
            raise Malformed("nothing in it")
        columns = self._columns(header, known)
        rows = [(row, line) for row, line in lines if any(cell.strip() for cell in line)]
        self.sheet = attrs.evolve(self.sheet, rows=len(rows))
        self._months_first = frozenset(
            header[place]
            for place, column in columns.items()
            if column.dated and any(cells.is_month_first(line[place]) for _, line in rows if place < len(line))
        )
        for row, line in rows:
            self._take(row, line, header, columns)

    def _lines(self, text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
        """Read rows with their numbers, from the first that holds something on."""
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        row, begun = 0, False
        try:
            for row, line in enumerate(reader, 1):
                begun = begun or any(cell.strip() for cell in line)
                if begun:
                    yield row, line
        except csv.Error as error:
            self._say(row + 1, "", "rest left out", f"no CSV: {error}")

    def _columns(self, header: Sequence[str], known: Mapping[str, Column]) -> dict[int, Column]:
        """Find the known columns; tell the others."""
        columns: dict[int, Column] = {}
        for place, name in enumerate(header):
            column = known.get(heading(name))
            if column is not None:
                columns[place] = column
                for field in column.fields:
                    self._headers.setdefault(field, cells.spaced(name))
            elif name.strip():
                self._say(self._header_row, cells.spaced(name), "column left out", "not a known column")
        if not columns:
            raise Malformed("none of its columns is known; docs/own_data.md lists those that are")
        return columns

    def _take(self, row: int, line: Sequence[str], header: Sequence[str], columns: Mapping[int, Column]) -> None:
        """Read a row, or leave it out."""
        if any(cell.strip() for cell in line[len(header) :]):
            self._say(row, "", _ROW, "more cells than columns: is the decimal comma of a number what divides them?")
            return
        given = self._given(row, line, header, columns)
        if given is None:
            return
        try:
            whole = finished(given)
        except Malformed as error:
            self._say(row, "", _ROW, str(error))
            return
        first = self._taken.setdefault(whole.get("id", ""), row)
        if first != row and "id" in whole:
            self._say(row, self._headers["id"], _ROW, f"the id of row {first}")
        else:
            self._rows.append((row, whole))

    def _given(
        self, row: int, line: Sequence[str], header: Sequence[str], columns: Mapping[int, Column]
    ) -> Given | None:
        """Read the cells of a row; None, with each of them told, when some cannot be read."""
        given: Given = {}
        before = len(self._found)
        for place, cell in enumerate(map(str.strip, line)):
            if not cell:
                continue
            if place not in columns:
                if not header[place].strip():
                    self._say(row, "", _ROW, f"cell {place + 1} stands under no header")
                continue
            try:
                join(given, self._cell(columns[place], place, header[place], cell))
            except Malformed as error:
                self._say(row, cells.spaced(header[place]), _ROW, str(error))
        return given if len(self._found) == before else None

    def _cell(self, column: Column, place: int, header: str, cell: str) -> Given:
        if header in self._months_first and cells.is_either_way(cell):
            raise Malformed("day or month first? another row of this column begins with the month")
        if len(cell) > CELL_MAX:
            raise Malformed(f"more than {CELL_MAX} characters")
        # Most cells of a column say what an earlier one said.
        given = self._cells.get((place, cell))
        if given is None:
            given = self._cells[place, cell] = column.read(cell)
        if column.named:
            (made,) = given.values()
            first = self._ids.setdefault((column.named, made), cells.spaced(cell))
            if first != cells.spaced(cell):
                raise Malformed("another text of an earlier row gives the same id")
        return given


def decoded(content: bytes) -> tuple[str, str]:
    """Find out how bytes hold text, and read it.

    Raises
    ------
    Malformed
        They are no text, or too many.
    """
    if len(content) > FILE_BYTES_MAX:
        raise Malformed(f"more than {FILE_BYTES_MAX} bytes")
    if content.startswith(_WORKBOOK):
        raise Malformed("a workbook of a spreadsheet program: save the sheet as CSV")
    marked = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    for name, codec in (("UTF-16", "utf-16"),) if marked else (("UTF-8", "utf-8-sig"), ("Windows-1252", "cp1252")):
        try:
            text = content.decode(codec)
        except UnicodeDecodeError:
            continue
        if _NO_TEXT.search(text):
            break
        return name, text
    raise Malformed("bytes that are no text")


def _delimiter(text: str, known: Mapping[str, Column]) -> str:
    """Find what divides the columns: by which of them most names of the header are known."""

    def names(delimiter: str) -> int:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        try:
            header = next((line for line in reader if any(cell.strip() for cell in line)), [])
        except csv.Error:
            return 0
        return sum(heading(name) in known for name in header)

    return max(_DELIMITERS, key=names)
