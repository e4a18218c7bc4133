"""JSON as text: written in one canonical form, read strictly from strangers and quickly from ourselves.

Canonical means sorted keys, no spaces, UTF-8: the same data gives the same
bytes anywhere. Limits are looked at on the bytes, before a parser allocates or
recurses.
"""

import json
import re
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import Any, Final

import attrs

from wis_engine.errors import Malformed
from wis_engine.shapes import INTEGER_BITS

EVENT_BYTES_MAX: Final = 64 * 1024
DEPTH_MAX: Final = 16
KEYS_MAX: Final = 256

_ENCODER: Final = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, check_circular=False
)
# To the end of the text where a string does not end: no second look at what follows a lone quote.
_STRING: Final = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_BRACKETS: Final = re.compile(r"[^\[\]{}]++")
_ROUND: Final = str.maketrans("[]{}", "()()")
_DIGITS_MAX: Final = len(str(-(1 << INTEGER_BITS)))


@attrs.frozen(kw_only=True)
class Json:
    """Two functions of one mind, for what this library writes: plain data to canonical bytes, text to plain data.

    `parse` raises `ValueError` for what is no JSON, and nothing is asked of
    what is: it reads what `dump` wrote.
    """

    dump: Callable[[Any], bytes]
    parse: Callable[[str], Any]
    accelerated: bool


def dump(data: object) -> bytes:
    """Encode plain data: sorted keys, no spaces, UTF-8, no floats' specials.

    Raises
    ------
    TypeError, ValueError
        JSON or UTF-8 cannot hold it.
    """
    try:
        return _ENCODER.encode(data).encode()
    except RecursionError:
        raise ValueError("endless, or nested too deep") from None


def load(text: bytes | str, *, longest: int | None = None) -> Any:  # noqa: ANN401 - JSON data
    """Decode JSON strictly: no floats, no duplicate keys, no deep nesting, no lone surrogates.

    Parameters
    ----------
    longest
        How many bytes of UTF-8 at most.

    Raises
    ------
    Malformed
        The text is not JSON, or is JSON that this library never writes.
    """
    if not isinstance(text, (bytes, str)):
        raise Malformed("not a text")
    if longest is not None and len(text) > longest:
        raise Malformed(f"more than {longest} bytes")
    try:
        held = text.encode() if isinstance(text, str) else text
        if longest is not None and len(held) > longest:
            raise Malformed(f"more than {longest} bytes")
        decoded = text if isinstance(text, str) else held.decode()
        check_depth(decoded)
        read = json.loads(
            decoded, parse_float=_no_float, parse_constant=_no_float, parse_int=_bounded, object_pairs_hook=_distinct
        )
        if "\\u" in decoded:
            # Half a character, written as an escape, is no text of UTF-8.
            _ENCODER.encode(read).encode()
    except (ValueError, RecursionError) as error:
        raise Malformed(f"not JSON of ours: {type(error).__name__}") from None
    return read


def check_depth(text: str) -> None:
    """Raise `Malformed` for brackets nested deeper than `DEPTH_MAX`, without a parser."""
    if text.count("[") + text.count("{") <= DEPTH_MAX:
        return
    brackets = _BRACKETS.sub("", _STRING.sub("", text)).translate(_ROUND)
    for _ in range(DEPTH_MAX):
        # Each round takes away the innermost pairs: one level of every nest.
        brackets = brackets.replace("()", "")
    if brackets:
        raise Malformed(f"nested deeper than {DEPTH_MAX}, or never closed")


@cache
def json_of(*, accelerated: bool | None = None) -> Json:
    """Choose how the library's own JSON is written and read.

    Parameters
    ----------
    accelerated
        By msgspec: True, False, or None for «when it is installed». The bytes
        and the data are the same.

    Raises
    ------
    Malformed
        It is asked for and not installed.
    """
    there = find_spec("msgspec") is not None
    if accelerated and not there:
        raise Malformed("msgspec is not installed: it comes with the extra «fast»")
    if there and accelerated is not False:
        from msgspec.json import Decoder, Encoder  # noqa: PLC0415 - optional, and loaded when first used

        return Json(dump=Encoder(order="sorted").encode, parse=Decoder().decode, accelerated=True)
    return Json(dump=dump, parse=_parse, accelerated=False)


# Unlike `decode`, it does not look for spaces around the text first.
_SCAN: Final = json.JSONDecoder().raw_decode


def _parse(text: str) -> Any:  # noqa: ANN401 - JSON data
    read, end = _SCAN(text)
    if end != len(text):
        raise ValueError("more than one value")
    return read


def _no_float(_text: str) -> None:
    raise Malformed("a number that is no integer")


def _bounded(text: str) -> int:
    if len(text) > _DIGITS_MAX or int(text).bit_length() > INTEGER_BITS:
        raise Malformed(f"an integer beyond {INTEGER_BITS} bits")
    return int(text)


def _distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len(pairs) > KEYS_MAX:
        raise Malformed(f"more than {KEYS_MAX} keys in one object")
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Malformed("the same key twice in one object")
    return found
