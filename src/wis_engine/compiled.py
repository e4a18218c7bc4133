"""Code generated for a class: its values told as plain data, and built again from plain data that we wrote.

What a stranger wrote goes through `plain.from_plain`, which asks everything.
What was told here needs no questions when it comes back: fields are set where
they lie, without the class's validators, in a tenth of the time. Only what a
cheap look shows is found: a field missing or too many, a value that its type
does not have. Which bytes were touched is the chain's business.
"""

import datetime as dt
import threading
from collections.abc import Callable, Iterable
from enum import IntEnum, StrEnum
from functools import lru_cache
from operator import attrgetter
from types import MemberDescriptorType, NoneType, UnionType
from typing import Any, Final, NewType, TypeAlias, TypeVar, Union, get_args, get_origin

import attrs

from wis_engine.errors import Malformed
from wis_engine.values import Period, Redacted, WeekSlots

PERSONAL: Final = "wis_engine.personal"

T = TypeVar("T")
Hook: TypeAlias = Callable[[Any], Any]
"""From a value to its plain form, or back."""

_SCALARS: Final = (int, str, bool, NoneType)
_CACHED: Final = 1 << 12


@lru_cache(maxsize=_CACHED)
def read_week(text: str) -> WeekSlots:
    """Read half-hours of a week from their canonical text, and from no other."""
    return _canonical(WeekSlots.parse, text)


@lru_cache(maxsize=_CACHED)
def read_period(text: str) -> Period:
    """Read a period from its canonical text, and from no other."""
    return _canonical(Period.parse, text)


@lru_cache(maxsize=_CACHED)
def read_date(text: str) -> dt.date:
    """Read a date from its canonical text, and from no other."""
    return _canonical(dt.date.fromisoformat, text)


def _canonical(parse: Callable[[str], T], text: str) -> T:
    read = parse(text)
    if str(read) != text:
        raise Malformed("not in canonical form")
    return read


def is_mark(data: object) -> bool:
    """Say whether plain data is the mark that a personal value left behind."""
    return isinstance(data, dict) and data.keys() == {"redacted"}


def mark_of(value: Redacted) -> dict[str, list[str]]:
    """Tell what redaction left."""
    return {"redacted": [value.field, value.subject]}


def _marked(data: dict[str, list[str]]) -> Redacted:
    name, subject = data["redacted"]
    return Redacted(name, subject)


_TEXTS: Final[dict[Any, tuple[Hook, Hook]]] = {
    WeekSlots: (read_week, lru_cache(maxsize=_CACHED)(str)),
    Period: (read_period, lru_cache(maxsize=_CACHED)(str)),
    dt.date: (read_date, dt.date.isoformat),
}


class Forms:
    """The code of every class met so far.

    Parameters
    ----------
    read, tell
        Give the hook for a type that is not known here: a mapping, a class
        that computes a field.
    """

    def __init__(self, *, read: Callable[[Any], Hook], tell: Callable[[Any], Hook]) -> None:
        self._read = read
        self._tell = tell
        self._readers: dict[Any, Hook | None] = {}
        self._tellers: dict[Any, Hook | None] = {}
        self._lock = threading.RLock()
        self._begun: set[Any] = set()

    def reader(self, kind: Any) -> Hook | None:  # noqa: ANN401 - a typing construct
        """Find what builds a `kind` from plain data that we wrote; None when the plain form is the value."""
        return self._found(self._readers, _bare(kind), self._new_reader)

    def teller(self, kind: Any) -> Hook | None:  # noqa: ANN401 - a typing construct
        """Find what gives the plain form of a `kind`; None when the value is its plain form."""
        return self._found(self._tellers, _bare(kind), self._new_teller)

    def _found(self, made: dict[Any, Hook | None], kind: Any, make: Callable[[Any], Hook | None]) -> Hook | None:  # noqa: ANN401 - a typing construct
        if kind in made:
            return made[kind]
        with self._lock:
            if kind in self._begun:
                return self._later(made, kind, make)
            self._begun.add(kind)
            try:
                made[kind] = make(kind)
            finally:
                self._begun.discard(kind)
            return made[kind]

    def _later(self, made: dict[Any, Hook | None], kind: Any, make: Callable[[Any], Hook | None]) -> Hook:  # noqa: ANN401 - a typing construct
        """Look for the hook of a class that holds itself when it is called: it is made by then."""

        def hook(value: Any) -> Any:  # noqa: ANN401 - whatever it is
            found = self._found(made, kind, make)
            assert found is not None
            return found(value)

        return hook

    def fields_teller(self, cls: type[Any], names: Iterable[str]) -> Hook:
        """Generate what tells some fields of a class, in the order of the names."""
        scope: dict[str, Any] = {"_Redacted": Redacted, "_mark": mark_of}
        lines, told = [], []
        by_name = {a.name: a for a in _fields(cls)}
        for name in names:
            kind, optional = _unless_none(by_name[name].type)
            scope[f"tell_{name}"] = self.teller(kind)
            code = _call(f"tell_{name}", scope, optional=optional)
            if PERSONAL in by_name[name].metadata:
                code = f"_mark(held) if type(held) is _Redacted else {code}"
            lines.append(f"held = value.{name}; told_{name} = {code}")
            told.append(f"{name!r}: told_{name}")
        return function("tell", "value", [*lines, f"return {{{', '.join(told)}}}"], scope)

    def _builder(self, cls: type[Any]) -> Hook:
        """Generate what sets every field of a class, and refuses fields missing or too many."""
        scope: dict[str, Any] = {"_new": object.__new__, "_cls": cls, "_marked": _marked, "_is_mark": is_mark}
        lines = [f"if len(data) != {len(_fields(cls))}: raise ValueError", "new = _new(_cls)"]
        for a in _fields(cls):
            kind, optional = _unless_none(a.type)
            scope |= {f"set_{a.name}": getattr(cls, a.name).__set__, f"read_{a.name}": self.reader(kind)}
            code = _call(f"read_{a.name}", scope, optional=optional)
            if PERSONAL in a.metadata:
                # A part with fields has a dict for a plain form, as the mark has.
                marked = "type(held) is dict" if _is_scalar(kind) or kind in _TEXTS else "_is_mark(held)"
                code = f"_marked(held) if {marked} else {code}"
            lines.append(f"held = data[{a.name!r}]; set_{a.name}(new, {code})")
        return function("build", "data", [*lines, "return new"], scope)

    def _new_reader(self, kind: Any) -> Hook | None:  # noqa: ANN401 - a typing construct
        if kind in _TEXTS:
            return _TEXTS[kind][0]
        if _is_scalar(kind):
            return None
        if _is_enumeration(kind):
            return {member.value: member for member in kind}.__getitem__
        if is_collection(kind):
            origin: Any = get_origin(kind)
            each = self.reader(get_args(kind)[0])
            return origin if each is None else lambda data: origin(map(each, data))
        return self._builder(kind) if is_open(kind) else self._read(kind)

    def _new_teller(self, kind: Any) -> Hook | None:  # noqa: ANN401 - a typing construct
        if kind in _TEXTS:
            return _TEXTS[kind][1]
        if _is_scalar(kind):
            return None
        if _is_enumeration(kind):
            return attrgetter("_value_")
        if is_collection(kind):
            order: Any = list if get_origin(kind) is tuple else sorted
            each = self.teller(get_args(kind)[0])
            return order if each is None else lambda value: order(map(each, value))
        return self.fields_teller(kind, [a.name for a in _fields(kind)]) if is_open(kind) else self._tell(kind)


def maker(cls: type[T]) -> Callable[..., T]:
    """Generate what makes a value of a class from all its fields, by name, without its validators.

    For values that are made a million times, of parts that are known to be right.
    """
    names = [a.name for a in _fields(cls)]
    scope = {f"set_{name}": getattr(cls, name).__set__ for name in names} | {"_new": object.__new__, "_cls": cls}
    lines = ["new = _new(_cls)", *(f"set_{name}(new, {name})" for name in names), "return new"]
    return function("make", f"*, {', '.join(names)}", lines, scope)


def function(name: str, arguments: str, lines: Iterable[str], scope: dict[str, Any]) -> Callable[..., Any]:
    """Make a function from lines of code about the fields of a class."""
    exec("\n ".join([f"def {name}({arguments}):", *lines]), scope)  # noqa: S102 - names of fields, nothing that was read
    made: Callable[..., Any] = scope[name]
    return made


def _call(name: str, scope: dict[str, Any], *, optional: bool) -> str:
    """Write what a hook makes of `held`."""
    if scope[name] is None:
        return "held"
    return f"None if held is None else {name}(held)" if optional else f"{name}(held)"


def _bare(kind: Any) -> Any:  # noqa: ANN401 - a typing construct
    while isinstance(kind, NewType):
        kind = kind.__supertype__
    return kind


def _unless_none(kind: Any) -> tuple[Any, bool]:  # noqa: ANN401 - a typing construct
    """Part a type from the None that it may be instead."""
    if isinstance(kind, UnionType) or get_origin(kind) is Union:
        others = [one for one in get_args(kind) if one is not NoneType]
        if len(others) == 1:
            return _bare(others[0]), True
    return _bare(kind), False


def _is_scalar(kind: Any) -> bool:  # noqa: ANN401 - a typing construct
    """Say whether JSON has the very type."""
    if isinstance(kind, UnionType) or get_origin(kind) is Union:
        return all(_is_scalar(_bare(one)) for one in get_args(kind))
    return kind in _SCALARS


def _is_enumeration(kind: Any) -> bool:  # noqa: ANN401 - a typing construct
    return isinstance(kind, type) and issubclass(kind, (StrEnum, IntEnum))


def is_collection(kind: Any) -> bool:  # noqa: ANN401 - a typing construct
    """Say whether this is a tuple of any length, or a frozenset, of one type."""
    arguments = get_args(kind)
    if get_origin(kind) is tuple:
        return len(arguments) == 2 and arguments[1] is Ellipsis  # noqa: PLR2004 - tuple[X, ...]
    return get_origin(kind) is frozenset


def is_open(kind: Any) -> bool:  # noqa: ANN401 - a typing construct
    """Say whether a class is no more than its fields: each in a slot, none computed or converted when it is built."""
    if not (isinstance(kind, type) and attrs.has(kind)):
        return False
    return all(
        a.init and a.converter is None and isinstance(getattr(kind, a.name, None), MemberDescriptorType)
        for a in _fields(kind)
    )


def _fields(cls: type[Any]) -> "tuple[attrs.Attribute[Any], ...]":
    try:
        found: tuple[attrs.Attribute[Any], ...] = attrs.fields(attrs.resolve_types(cls))
    except NameError:
        raise Malformed(f"{cls.__name__}: the type of a field names nothing") from None
    return found
