"""Between our values and plain JSON data, with exact types both ways.

One converter (cattrs) for facts, entities, problems and plans: no «"5"» to 5,
no 5.9 to 5, no «"false"» to True, no unknown or missing field. Whatever comes
in from outside gives a value or one `Malformed` that names the place, never
the value. What we wrote ourselves comes back by generated code (`compiled`).
"""

import datetime as dt
from collections.abc import Callable
from enum import Enum, IntEnum, StrEnum
from functools import cache
from operator import attrgetter
from typing import Any, Final, TypeVar

import attrs
import cattrs
from cattrs.gen import make_dict_structure_fn, override

from wis_engine.compiled import (
    PERSONAL,
    Forms,
    Hook,
    is_collection,
    is_mark,
    is_open,
    mark_of,
    read_date,
    read_period,
    read_week,
)
from wis_engine.errors import Malformed, WisError
from wis_engine.jsontext import DEPTH_MAX, dump, load
from wis_engine.shapes import INTEGER_BITS
from wis_engine.values import Period, Redacted, WeekSlots

__all__ = ["DEPTH_MAX", "PERSONAL", "canonical", "dump", "forms", "from_plain", "load", "to_plain"]

T = TypeVar("T")
_DYNAMIC: Final = (None, Any, object)


def to_plain(value: object) -> Any:  # noqa: ANN401 - JSON data
    """Turn a value of ours into dicts, lists, strings, integers, booleans and None."""
    return _converter().unstructure(value)


def from_plain(data: object, cls: type[T], *, trusted: bool = False) -> T:
    """Build a `cls` from plain data.

    Parameters
    ----------
    data
        What `to_plain` gives, or anything else.
    cls
        An attrs class of ours.
    trusted
        The data was told by `to_plain`: set the fields and ask nothing.

    Raises
    ------
    Malformed
        The data is no `cls`; the message names every place at fault.
    """
    try:
        if trusted:
            build = forms().reader(cls)
            assert build is not None
            built: T = build(data)
            return built
        return _converter().structure(data, cls)
    except WisError:
        raise
    except RecursionError:
        raise Malformed(f"{cls.__name__}: nested too deep") from None
    except Exception as error:  # noqa: BLE001 - cattrs lets KeyError, TypeError and others through
        raise Malformed(f"{cls.__name__}: {_places(error)}") from None


def canonical(value: object) -> bytes:
    """Encode a value of ours as JSON bytes that depend on nothing but the value."""
    return dump(to_plain(value))


@cache
def forms() -> Forms:
    """Find the generated code of our classes."""

    def read(kind: Any) -> Hook:  # noqa: ANN401 - a typing construct
        return lambda data: _converter().structure(data, kind)

    def tell(kind: Any) -> Hook:  # noqa: ANN401 - a typing construct
        return to_plain if kind in _DYNAMIC else _converter().get_unstructure_hook(kind)

    return Forms(read=read, tell=tell)


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
    if not value.isascii():
        value.encode()  # half a character raises, as what is wrong in any other way does
    return value


def _member(value: object, wanted: type[Enum]) -> Enum:
    if type(value) not in (str, int):
        raise Malformed(f"not one of {wanted.__name__}")
    try:
        return wanted(value)
    except ValueError:
        raise Malformed(f"not one of {wanted.__name__}") from None


def _read_redacted(value: object, _type: object) -> Redacted:
    match value:
        case {"redacted": [str() as name, str() as subject], **rest} if not rest:
            return Redacted(name, subject)
    raise Malformed("not a redacted value")


def _textual(read: Callable[[str], object]) -> Callable[[object, object], object]:
    def hook(value: object, _type: object) -> object:
        if type(value) is not str:
            raise Malformed("not a text")
        return read(value)

    return hook


@cache
def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=True)
    converter.register_structure_hook(int, _exact_int)
    converter.register_structure_hook(str, _exact_str)
    converter.register_structure_hook(bool, _exact_bool)
    for kind in (StrEnum, IntEnum):
        converter.register_structure_hook(kind, _member)
        converter.register_unstructure_hook(kind, attrgetter("_value_"))
    converter.register_structure_hook(Redacted, _read_redacted)
    converter.register_unstructure_hook(Redacted, mark_of)
    for cls, read in ((WeekSlots, read_week), (Period, read_period), (dt.date, read_date)):
        converter.register_structure_hook(cls, _textual(read))
        tell = forms().teller(cls)
        assert tell is not None
        converter.register_unstructure_hook(cls, tell)
    _register_collections(converter)
    _register_classes(converter)
    return converter


def _register_collections(converter: cattrs.Converter) -> None:
    """Take JSON arrays for tuples and sets, and nothing that merely iterates."""

    @converter.register_structure_hook_factory(is_collection)
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

    def is_row(cls: Any) -> bool:  # noqa: ANN401 - a typing construct
        return getattr(cls, "__origin__", cls) is tuple and not is_collection(cls)

    @converter.register_structure_hook_factory(is_row)
    def _(cls: Any) -> Callable[[object, object], object]:  # noqa: ANN401 - a typing construct
        hooks = [(converter.get_structure_hook(inner), inner) for inner in cls.__args__]

        def read(value: object, _type: object) -> object:
            if type(value) is not list or len(value) != len(hooks):
                raise Malformed(f"not a list of {len(hooks)}")
            return tuple(hook(item, inner) for item, (hook, inner) in zip(value, hooks, strict=True))

        return read

    converter.register_unstructure_hook_func(is_row, lambda value: [converter.unstructure(item) for item in value])
    converter.register_unstructure_hook_func(
        lambda cls: getattr(cls, "__origin__", cls) is frozenset,
        lambda value: sorted(converter.unstructure(item) for item in value),
    )


def _register_classes(converter: cattrs.Converter) -> None:
    """Let a field marked personal hold what redaction left of it, and classes be told by generated code."""

    def has_personal(cls: Any) -> bool:  # noqa: ANN401 - a typing construct
        return attrs.has(cls) and any(PERSONAL in a.metadata for a in attrs.fields(cls))

    @converter.register_structure_hook_factory(has_personal)
    def _(cls: Any) -> Callable[[Any, Any], Any]:  # noqa: ANN401 - a typing construct
        attrs.resolve_types(cls)

        def personal_hook(inner: Any) -> Callable[[object, object], object]:  # noqa: ANN401
            hook = converter.get_structure_hook(inner)
            return lambda value, _type: _read_redacted(value, None) if is_mark(value) else hook(value, inner)

        overrides: dict[str, Any] = {
            a.name: override(struct_hook=personal_hook(a.type)) for a in attrs.fields(cls) if PERSONAL in a.metadata
        }
        return make_dict_structure_fn(cls, converter, _cattrs_forbid_extra_keys=True, **overrides)

    @converter.register_unstructure_hook_factory(is_open)
    def _(cls: Any) -> Callable[[Any], dict[str, Any]]:  # noqa: ANN401 - a typing construct
        tell = forms().teller(cls)
        assert tell is not None
        return tell
