"""Tables as frames of pandas, polars or any other library that narwhals makes (the extra `frames`)."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

from wis_engine.errors import Malformed
from wis_engine.measures import Table

Told = Table | Mapping[str, Iterable[Any]] | Iterable[Mapping[str, Any]]
"""What can become a frame: a table of measures, columns by name, or rows such as `community.records` gives."""

_WITHOUT_DATES: Final = ("pandas", "modin", "cudf")
"""Frames whose dates are instants at midnight."""


def frame(told: Told, backend: str = "pandas") -> Any:  # noqa: ANN401 - a frame of the library that is asked for
    """Make a frame.

    Parameters
    ----------
    told
        A `Table`, columns by name, or rows as records; rows may leave a name out.
    backend
        A library that is installed: «pandas», «polars», «pyarrow», «modin».

    Returns
    -------
    A frame of that library. Dates are dates, with pandas midnights; what is
    None becomes what it has for it, so that a column of whole numbers with
    gaps is one of floats in pandas.

    Raises
    ------
    Malformed
        What is given is no table, narwhals or the library is not installed,
        or narwhals makes no frames of it.

    Examples
    --------
    >>> from wis_engine.interop import frame
    >>> frame({"needs": [3, None], "action": ["B.1", "C.1"]}, "polars").rows()
    [(3, 'B.1'), (None, 'C.1')]
    """
    columns = _columns(told)
    try:
        import narwhals as nw  # noqa: PLC0415 - an extra
    except ImportError:
        raise Malformed("frames take narwhals: install wis_engine[frames]") from None
    if backend in _WITHOUT_DATES:
        columns = {name: [_midnight(cell) for cell in column] for name, column in columns.items()}
    try:
        # Which names narwhals knows, it says itself.
        return nw.from_dict(columns, backend=cast("Any", backend)).to_native()
    except ModuleNotFoundError as error:
        raise Malformed(f"frames of {backend!r}: {error.name} is not installed") from None
    except (ValueError, TypeError, AttributeError) as error:
        raise Malformed(f"no frame of {backend!r}: {type(error).__name__}") from error


def _columns(told: object) -> dict[str, list[Any]]:
    if isinstance(told, Table):
        return {name: list(column) for name, column in told.columns.items()}
    if isinstance(told, Mapping):
        columns = {name: list(column) for name, column in told.items()}
        if len({len(column) for column in columns.values()}) > 1:
            raise Malformed("columns of different lengths")
        return columns
    if isinstance(told, str | bytes) or not isinstance(told, Iterable):
        raise Malformed(f"no table: {type(told).__name__}")
    rows = list(told)
    if not all(isinstance(row, Mapping) for row in rows):
        raise Malformed("rows that are no records")
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def _midnight(cell: Any) -> Any:  # noqa: ANN401 - a cell of a table
    return dt.datetime.combine(cell, dt.time()) if type(cell) is dt.date else cell
