"""Plain data written as TOML, for the standard library only reads it.

Tables first level by level, short ones on one line; None is left out, as TOML
has no word for it.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

_LINE: Final = 100
"""Characters that a table may take on one line; a longer one gets a heading."""


def written(data: Mapping[str, Any]) -> str:
    """Write dicts, lists, strings, integers and booleans; keys keep their order."""
    return "\n".join(_table(data, ())) + "\n"


def _table(data: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    told = {key: value for key, value in data.items() if value is not None}
    below = {key: value for key, value in told.items() if _has_heading(value)}
    for key, value in told.items():
        if key not in below:
            yield f"{_key(key)} = {_value(value)}"
    for key, value in below.items():
        name = ".".join(map(_key, (*path, key)))
        for row in [value] if isinstance(value, Mapping) else value:
            yield ""
            yield f"[{name}]" if isinstance(value, Mapping) else f"[[{name}]]"
            yield from _table(row, (*path, key))


def _has_heading(value: object) -> bool:
    if isinstance(value, list):
        return bool(value) and all(isinstance(row, Mapping) for row in value) and len(_value(value)) > _LINE
    return isinstance(value, Mapping) and len(_value(value)) > _LINE


def _value(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case str():
            # A basic string of TOML escapes as JSON does, and DEL besides.
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case list():
            return f"[{', '.join(map(_value, value))}]"
        case Mapping():
            rows = (f"{_key(key)} = {_value(one)}" for key, one in value.items() if one is not None)
            return f"{{ {', '.join(rows)} }}" if value else "{}"
    raise TypeError(f"not plain data: {type(value).__name__}")


def _key(key: str) -> str:
    return key if key.replace("-", "").replace("_", "").isalnum() and key.isascii() else json.dumps(key)
