"""Between our values and plain JSON data, with exact types both ways.

One converter (cattrs) for facts, entities, problems and plans: no «"5"» to 5,
no 5.9 to 5, no «"false"» to True, no unknown or missing field. Whatever comes
in from outside gives a value or one `Malformed` that names the place, never
the value.
"""

import datetime as dt
import json
from collections.abc import Callable
from enum import Enum, IntEnum, StrEnum
from functools import cache, lru_cache
from operator import attrgetter
from typing import Any, Final, TypeVar

import attrs
import cattrs
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from wis_engine.errors import Malformed, WisError
from wis_engine.shapes import INTEGER_BITS
from wis_engine.values import Period, Redacted, WeekSlots

T = TypeVar("T")
PERSONAL: Final = "wis_engine.personal"
DEPTH_MAX: Final = 16
_ENCODER: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def to_plain(value: object) -> Any:  # noqa: ANN401 - JSON data
    """Turn a value of ours into dicts, lists, strings, integers, booleans and None."""
    return _converter(detailed=True).unstructure(value)


def from_plain(data: object, cls: type[T], *, trusted: bool = False) -> T:
    """Build a `cls` from plain data.

    Parameters
    ----------
    data
        What `to_plain` gives, or anything else.
    cls
        An attrs class of ours.
    trusted
        The data was written by us: skip the tree of errors with its paths.

    Raises
    ------
    Malformed
        The data is no `cls`; the message names every place at fault.
    """
    try:
        return _converter(detailed=not trusted).structure(data, cls)
    except WisError:
        raise
    except RecursionError:
        raise Malformed(f"{cls.__name__}: nested too deep") from None
    except Exception as error:  # noqa: BLE001 - cattrs lets KeyError, TypeError and others through
        raise Malformed(f"{cls.__name__}: {_places(error)}") from None


def canonical(value: object) -> bytes:
    """Encode a value of ours as JSON bytes that depend on nothing but the value."""
    return dump(to_plain(value))


def dump(data: object) -> bytes:
    """Encode plain data: sorted keys, no spaces, UTF-8, no floats' specials."""
    return _ENCODER.encode(data).encode()


def load(text: bytes | str) -> Any:  # noqa: ANN401 - JSON data
    """Decode JSON strictly: no floats, no duplicate keys, no deep nesting, no lone surrogates.

    Raises
    ------
    Malformed
        The text is not JSON, or is JSON that this library never writes.
    """
    try:
        decoded = text.decode() if isinstance(text, bytes) else text
        decoded.encode()
        _check_depth(decoded)
        return json.loads(
            decoded, parse_float=_no_float, parse_constant=_no_float, parse_int=_bounded, object_pairs_hook=_distinct
        )
    except (ValueError, RecursionError) as error:
        raise Malformed(f"not JSON of ours: {type(error).__name__}") from None


def _check_depth(text: str) -> None:
    depth = 0
    in_string = escaped = False
    for character in text:
        if in_string:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                in_string = False
        elif character == '"':
            in_string = True
        elif character in "[{":
            depth += 1
            if depth > DEPTH_MAX:
                raise Malformed(f"nested deeper than {DEPTH_MAX}")
        elif character in "]}":
            depth -= 1


def _no_float(_text: str) -> None:
    raise Malformed("a number that is no integer")


def _bounded(text: str) -> int:
    if len(text) > len(str(1 << INTEGER_BITS)) or int(text).bit_length() > INTEGER_BITS:
        raise Malformed(f"an integer beyond {INTEGER_BITS} bits")
    return int(text)


def _distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Malformed("the same key twice in one object")
    return found


def _places(error: Exception) -> str:
    if isinstance(error, cattrs.BaseValidationError):
        return "; ".join(sorted(cattrs.transform_error(error, format_exception=_words)))
    return _words(error, None)


def _words(error: BaseException, wanted: type | None) -> str:
    match error:
        case Malformed():
            return str(error)
        case cattrs.ForbiddenExtraKeysError():
            # Counted, not named: a stranger's field may be called after a person.
            return f"unknown fields: {len(error.extra_fields)}"
        case KeyError():
            return "required field missing"
    return "wrong type or shape" if wanted is None else f"not a {getattr(wanted, '__name__', wanted)}"


def _exact_bool(value: object, _type: object) -> bool:
    if type(value) is not bool:
        raise Malformed("not true or false")
    return value


def _exact_int(value: object, _type: object) -> int:
    if type(value) is not int or value.bit_length() > INTEGER_BITS:
        raise Malformed(f"not an integer of {INTEGER_BITS} bits")
    return value


def _exact_str(value: object, _type: object) -> str:
    if type(value) is not str or "\0" in value:
        raise Malformed("not a text")
    return value


def _member(value: object, wanted: type[Enum]) -> Enum:
    if type(value) not in (str, int):
        raise Malformed(f"not one of {wanted.__name__}")
    try:
        return wanted(value)
    except ValueError:
        raise Malformed(f"not one of {wanted.__name__}") from None


def _read_date(value: object, _type: object) -> dt.date:
    if type(value) is not str or len(value) != len("2026-01-01"):
        raise Malformed("not a date")
    return dt.date.fromisoformat(value)


def _read_redacted(value: object, _type: object) -> Redacted:
    match value:
        case {"redacted": [str() as name, str() as subject], **rest} if not rest:
            return Redacted(name, subject)
    raise Malformed("not a redacted value")


def _textual(parse: Callable[[str], object]) -> Callable[[object, object], object]:
    @lru_cache(maxsize=1 << 12)
    def canonical_only(text: str) -> object:
        read = parse(text)
        if str(read) != text:
            raise Malformed("not in canonical form")
        return read

    def hook(value: object, _type: object) -> object:
        if type(value) is not str:
            raise Malformed("not a text")
        return canonical_only(value)

    return hook


def _is_mark(data: object) -> bool:
    """Say whether plain data is the mark that a personal value left behind."""
    return isinstance(data, dict) and data.keys() == {"redacted"}


@cache
def _converter(*, detailed: bool) -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=True, detailed_validation=detailed)
    converter.register_structure_hook(int, _exact_int)
    converter.register_structure_hook(str, _exact_str)
    converter.register_structure_hook(bool, _exact_bool)
    for kind in (StrEnum, IntEnum):
        converter.register_structure_hook(kind, _member)
        converter.register_unstructure_hook(kind, attrgetter("value"))
    converter.register_structure_hook(dt.date, _read_date)
    converter.register_unstructure_hook(dt.date, dt.date.isoformat)
    converter.register_structure_hook(Redacted, _read_redacted)
    converter.register_unstructure_hook(Redacted, lambda value: {"redacted": [value.field, value.subject]})
    for cls, parse in ((WeekSlots, WeekSlots.parse), (Period, Period.parse)):
        converter.register_structure_hook(cls, _textual(parse))
        converter.register_unstructure_hook(cls, lru_cache(maxsize=1 << 12)(str))
    _register_collections(converter)
    _register_classes(converter, detailed=detailed)
    return converter


def _register_collections(converter: cattrs.Converter) -> None:
    """Take JSON arrays for tuples and sets, and nothing that merely iterates."""

    def is_listed(cls: Any) -> bool:  # noqa: ANN401 - a typing construct
        return getattr(cls, "__origin__", cls) in (tuple, frozenset)

    @converter.register_structure_hook_factory(is_listed)
    def _(cls: Any) -> Callable[[object, object], object]:  # noqa: ANN401 - a typing construct
        inner: Any = cls.__args__[0]
        origin = cls.__origin__
        hook = converter.get_structure_hook(inner)

        def read(value: object, _type: object) -> object:
            if type(value) is not list:
                raise Malformed("not a list")
            items = [hook(item, inner) for item in value]
            if origin is frozenset and (len(set(items)) != len(items) or items != sorted(items)):
                raise Malformed("not a list of distinct values in order")
            return origin(items)

        return read

    converter.register_unstructure_hook_func(
        lambda cls: getattr(cls, "__origin__", cls) is frozenset,
        lambda value: sorted(converter.unstructure(item) for item in value),
    )


def _register_classes(converter: cattrs.Converter, *, detailed: bool) -> None:
    """Let a field marked personal hold what redaction left of it, in both directions."""

    def has_personal(cls: Any) -> bool:  # noqa: ANN401 - a typing construct
        return attrs.has(cls) and any(PERSONAL in a.metadata for a in attrs.fields(cls))

    @converter.register_structure_hook_factory(has_personal)
    def _(cls: Any) -> Callable[[Any, Any], Any]:  # noqa: ANN401 - a typing construct
        attrs.resolve_types(cls)

        def personal_hook(inner: Any) -> Callable[[object, object], object]:  # noqa: ANN401
            hook = converter.get_structure_hook(inner)
            return lambda value, _type: _read_redacted(value, None) if _is_mark(value) else hook(value, inner)

        overrides: dict[str, Any] = {
            a.name: override(struct_hook=personal_hook(a.type)) for a in attrs.fields(cls) if PERSONAL in a.metadata
        }
        return make_dict_structure_fn(
            cls,
            converter,
            _cattrs_forbid_extra_keys=True,
            _cattrs_detailed_validation=detailed,
            **overrides,
        )

    @converter.register_unstructure_hook_factory(has_personal)
    def _(cls: Any) -> Callable[[Any], dict[str, Any]]:  # noqa: ANN401 - a typing construct
        attrs.resolve_types(cls)

        def either(inner: Any) -> Callable[[Any], Any]:  # noqa: ANN401
            hook = converter.get_unstructure_hook(inner)
            mark = converter.get_unstructure_hook(Redacted)
            return lambda value: mark(value) if type(value) is Redacted else hook(value)

        overrides: dict[str, Any] = {
            a.name: override(unstruct_hook=either(a.type)) for a in attrs.fields(cls) if PERSONAL in a.metadata
        }
        return make_dict_unstructure_fn(cls, converter, **overrides)
