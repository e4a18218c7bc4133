"""A network as bytes and back: where opening a long log begins, instead of with its first fact.

A snapshot is a series of parts: a header, the ids of all nodes, the integer
columns of nodes and links, and the tables, some rows a part. A table is kept
by column. In a column that repeats itself each value is told once, and built
once when it comes back; a reference is the number of a node. Nothing is
computed again that the facts computed, and nothing asked that guards asked.
"""

import datetime as dt
import hashlib
import sys
from array import array
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from importlib.metadata import PackageNotFoundError, version
from itertools import repeat
from operator import attrgetter
from types import NoneType
from typing import Any, Final, Literal, NewType, TypeAlias, get_args, get_origin

import attrs

from wis_engine.compiled import is_mark, mark_of
from wis_engine.errors import IntegrityError
from wis_engine.jsontext import json_of
from wis_engine.network.entity import REFERS, Entity, fields_of
from wis_engine.network.history import Columns
from wis_engine.network.network import ENTITIES, Network, new_links
from wis_engine.network.relations import RELATIONS
from wis_engine.plain import PERSONAL, dump, forms
from wis_engine.values import Redacted

Form: TypeAlias = Literal["each", "repeated", "nodes"]
"""How a column is told: every value; every value once, and which one each row has; the rows of nodes."""

LAYOUT: Final = 1
ROWS: Final = 1 << 13
"""Rows of a table in a part."""
IDS: Final = 1 << 16
"""Ids in a part."""
PART_BYTES: Final = 1 << 21
"""Bytes of a column of integers in a part."""
_WIDTHS: Final = (("B", 1 << 8), ("H", 1 << 16), ("I", 1 << 32))
_NODE: Final = "I"


def freeze(network: Network) -> Iterator[bytes]:
    """Tell everything that a network holds, in parts; equal networks out of one log give the same bytes.

    No batch may be open, and nobody may write before the last part is told.
    """
    assert not network.in_batch, "a batch is open"
    held = network.links.columns
    counts = [len(table) for table in network.tables.values()]
    yield dump(
        {
            "format": FORMAT,
            "zone": network.zone,
            "position": network.position,
            "now": network.now.astimezone(dt.UTC).isoformat(),
            "latest": network.latest.astimezone(dt.UTC).isoformat(),
            "links": len(held.source),
            "rows": counts,
        }
    )
    say = json_of().dump
    for begin in range(0, len(held.ids), IDS):
        yield say(held.ids[begin : begin + IDS])
    for column in _integers(held):
        step = PART_BYTES // column.itemsize
        for begin in range(0, len(column), step):
            yield column[begin : begin + step].tobytes()
    row_of = {name: row for row, name in enumerate(held.ids)}
    for cls, table in zip(ENTITIES, network.tables.values(), strict=True):
        fields = _fields(cls)
        entities = list(table.values())
        for begin in range(0, len(entities), ROWS):
            told = [field.told(entities[begin : begin + ROWS], row_of) for field in fields]
            yield say([[form, values] for form, values, _ in told])
            yield b"".join(index.tobytes() for _, _, index in told)


def thaw(parts: Iterable[bytes], *, zone: str) -> Network:
    """Build the network that `freeze` told.

    Parameters
    ----------
    zone
        The time zone that the community has.

    Raises
    ------
    IntegrityError
        The parts are damaged, are of another form, or are no snapshot of this community.
    """
    try:
        return _thawed(iter(parts), zone)
    except IntegrityError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever damage does
        raise IntegrityError(f"no snapshot of a network: {type(error).__name__}") from None


def _thawed(parts: Iterator[bytes], zone: str) -> Network:
    parse = json_of().parse
    header = parse(next(parts).decode())
    if header["format"] != FORMAT or header["zone"] != zone:
        raise IntegrityError("a snapshot of another form, or of another community")
    counts = header["rows"]
    ids: list[str] = []
    while len(ids) < sum(counts):
        ids += parse(next(parts).decode())
    nodes, links = len(ids), header["links"]
    read = [_read(code, count, parts) for code, count in zip("BIibiII", (nodes, nodes, *[links] * 5), strict=True)]
    kinds, entered, source, relation, target, since, until = read
    columns = Columns(
        ids=ids, kinds=kinds, entered=entered, source=source, relation=relation, target=target, since=since, until=until
    )
    held = new_links()
    held.restore(columns)
    tables = {}
    lookup = [*ids, None]
    for cls, names, count in zip(ENTITIES, _by_kind(columns), counts, strict=True):
        if len(names) != count:
            raise IntegrityError("nodes and tables differ")
        tables[cls.kind] = _table(cls, names, lookup, parts)
    if next(parts, None) is not None:
        raise IntegrityError("more parts than a snapshot has")
    return Network.of(
        tables,
        held,
        zone=zone,
        position=header["position"],
        now=dt.datetime.fromisoformat(header["now"]),
        latest=dt.datetime.fromisoformat(header["latest"]),
    )


def _by_kind(columns: Columns) -> Iterator[list[str]]:
    """Ids of each kind, in order of entering, which is that of the tables."""
    import numpy as np  # noqa: PLC0415 - restoring links has loaded it

    ids, kinds = np.array(columns.ids, dtype=object), np.frombuffer(columns.kinds, dtype=np.uint8)
    for code in range(len(ENTITIES)):
        yield ids[np.flatnonzero(kinds == code)].tolist()


def _table(cls: type[Entity], names: list[str], lookup: list[Any], parts: Iterator[bytes]) -> dict[str, Any]:
    parse = json_of().parse
    fields = _fields(cls)
    table: dict[str, Any] = {}
    for begin in range(0, len(names), ROWS):
        rows = names[begin : begin + ROWS]
        told, raw = parse(next(parts).decode()), memoryview(next(parts))
        columns: list[Iterable[Any]] = []
        for field, (form, values) in zip(fields, told, strict=True):
            column, raw = field.read(form, values, raw, len(rows), lookup)
            columns.append(column)
        if len(raw):
            raise IntegrityError("rows of no column")
        table.update(zip(rows, map(cls.made, rows, *columns), strict=True))
    return table


@attrs.define(eq=False)
class Field:
    """A column of a table: how its values are told, and built again."""

    name: str
    tell: Callable[[Any], Any] | None
    build: Callable[[Any], Any] | None
    sealed: bool
    refers: bool
    known: dict[Any, Any] = attrs.field(factory=dict)

    def told(self, entities: list[Any], row_of: dict[str, int]) -> "tuple[Form, list[Any], array[int]]":
        """Tell what the field is in some entities: the form, the values, and the index into them."""
        held = list(map(attrgetter(self.name), entities))
        if self.refers:
            nobody = len(row_of)
            nodes = [nobody if name is None else row_of.get(name, -1) for name in held]
            if -1 not in nodes:
                return "nodes", [], array(_NODE, nodes)
        identities = list(map(id, held))  # equal values are mostly one object, whose hash need not be asked
        objects = dict(zip(identities, held, strict=True))
        place = {value: number for number, value in enumerate(dict.fromkeys(objects.values()))}
        if len(place) * 2 > len(held):
            return "each", self._plain(held), array("B")
        values = self._plain(list(place))
        if len(values) == 1:
            return "repeated", values, array("B")
        place_of = {identity: place[value] for identity, value in objects.items()}
        return "repeated", values, array(_width(len(values)), map(place_of.__getitem__, identities))

    def read(
        self, form: Form, values: list[Any], raw: memoryview, count: int, lookup: list[Any]
    ) -> tuple[Iterable[Any], memoryview]:
        """Build what `told` told of so many rows; answer what is left of the index too."""
        if form == "each":
            if len(values) != count:
                raise IntegrityError("a column of another length")
            return self._built(values), raw
        if form == "nodes":
            index, raw = _taken(_NODE, raw, count)
            return [lookup[row] for row in index], raw
        known = self.known.setdefault
        values = [known(value, value) for value in self._built(values)]
        if len(values) == 1:
            return repeat(values[0], count), raw
        index, raw = _taken(_width(len(values)), raw, count)
        return [values[place] for place in index], raw

    def _plain(self, values: list[Any]) -> list[Any]:
        if self.tell is None and not self.sealed:
            return values
        tell = self.tell or _same
        return [None if v is None else mark_of(v) if type(v) is Redacted else tell(v) for v in values]

    def _built(self, values: list[Any]) -> list[Any]:
        if self.build is None and not self.sealed:
            return values
        build = self.build or _same
        return [None if v is None else _unmarked(v) if type(v) is dict and is_mark(v) else build(v) for v in values]


def _unmarked(mark: dict[str, list[str]]) -> Redacted:
    return Redacted(*mark["redacted"])


def _same(value: Any) -> Any:  # noqa: ANN401 - any value
    return value


def _fields(cls: type[Entity]) -> list[Field]:
    """List the columns of a class of entities; its ids are told with the nodes."""
    found = []
    for a in fields_of(cls)[1:]:
        kinds = [kind for kind in get_args(a.type) if kind is not NoneType]
        kind = kinds[0] if NoneType in get_args(a.type) and len(kinds) == 1 else a.type
        found.append(
            Field(
                name=a.name,
                tell=forms().teller(kind),
                build=forms().reader(kind),
                sealed=PERSONAL in a.metadata,
                refers=REFERS in a.metadata and get_origin(kind) is None,
            )
        )
    return found


def _integers(held: Columns) -> "tuple[array[int], ...]":
    return held.kinds, held.entered, held.source, held.relation, held.target, held.since, held.until


def _read(code: str, count: int, parts: Iterator[bytes]) -> "array[int]":
    column = array(code)
    while len(column) < count:
        column.frombytes(next(parts))
    return column


def _width(count: int) -> str:
    """Choose the type of integer for an index into so many values."""
    return next(code for code, limit in _WIDTHS if count <= limit)


def _taken(code: str, raw: memoryview, count: int) -> "tuple[array[int], memoryview]":
    index = array(code)
    end = count * index.itemsize
    index.frombytes(raw[:end])
    if len(index) != count:
        raise IntegrityError("a column of another length")
    return index, raw[end:]


def _shape(kind: Any) -> Any:  # noqa: ANN401 - a typing construct
    """Describe a type by its name and whatever it is made of."""
    if isinstance(kind, NewType):
        return _shape(kind.__supertype__)
    if get_args(kind):
        return [str(get_origin(kind)), [_shape(one) for one in get_args(kind)]]
    if isinstance(kind, type) and issubclass(kind, Enum):
        return [kind.__name__, [member.value for member in kind]]
    if attrs.has(kind):
        parts = [[a.name, _shape(a.type), sorted(a.metadata)] for a in attrs.fields(attrs.resolve_types(kind))]
        return [kind.__name__, parts]
    return str(kind)


def _format() -> str:
    """Name the form of a snapshot: the release, and what follows from the shapes of all that it holds."""
    relations = [attrs.astuple(line) for line in RELATIONS]
    shapes = [LAYOUT, sys.byteorder, [[cls.kind, _shape(cls)] for cls in ENTITIES], relations]
    try:
        release = version("wis_engine")
    except PackageNotFoundError:  # run from its sources
        release = "unreleased"
    return f"{release}-{hashlib.sha256(dump(shapes)).hexdigest()[:16]}"


FORMAT: Final = _format()
"""What wrote a snapshot: another release, or other shapes of entities or relations, have another one."""
