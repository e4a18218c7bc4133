"""Where two histories part: the first facts that differ, side by side."""

from collections.abc import Sequence
from typing import Final

from wis_engine.charts.columns import Columns, read
from wis_engine.charts.looks import wording
from wis_engine.charts.svg import Svg, cut, document, words_at
from wis_engine.errors import Malformed
from wis_engine.words import LANGUAGES

ROWS_MAX: Final = 40
"""Of more facts, the first are drawn."""
_WIDTH: Final = 900
_PLACE: Final = 70
_LINE: Final = 20
_TOP: Final = 84
_SIZE: Final = 11


def divergence(columns: Columns, *, language: str = LANGUAGES[0]) -> Svg:
    """Draw the facts of two histories side by side from shortly before they part; what differs is marked with «≠».

    Parameters
    ----------
    columns
        `position`, rising, and `first` and `second`: what is said of the fact
        at that position in each history, nothing where it has ended.

    Raises
    ------
    Malformed
        A column is missing, there is no row, or positions do not rise.
    """
    words = wording(language)
    rows = read(columns, ("position",), names=("first", "second"))
    positions = rows["position"]
    if positions != sorted(set(positions)):
        raise Malformed("divergence: positions do not rise")
    told = list(zip(positions, rows["first"], rows["second"], strict=True))
    parting = next((place for place, (_, first, second) in enumerate(told) if first != second), None)
    title = words("divergence.title")
    if parting is None:
        return document(
            _WIDTH, 60, title, [words_at(12, 24, title, size=15, bold=True), words_at(12, 46, words("divergence.same"))]
        )
    shown = told[max(0, parting - 2) :][:ROWS_MAX]
    half = (_WIDTH - _PLACE - 24) // 2
    places = (12, 12 + _PLACE, 24 + _PLACE + half)
    shared = words("divergence.shared", n=words.number(told[parting][0] - 1))
    heads = [words(f"divergence.{key}") for key in ("position", "first", "second")]
    body = [words_at(12, 24, title, size=15, bold=True), words_at(12, 44, shared)]
    body += [words_at(x, _TOP - 12, head, bold=True) for x, head in zip(places, heads, strict=True)]
    for line, (position, first, second) in enumerate(shown):
        y = _TOP + line * _LINE
        differs = first != second
        if differs:
            body.append(f'<rect x="8" y="{y - 2}" width="{_WIDTH - 16}" height="{_LINE}" fill="#eef3f3"/>')
        said = (
            f"{words.number(position)}{' ≠' if differs else ''}",
            *(one or words("divergence.ended") for one in (first, second)),
        )
        body += _row(said, places, (_PLACE, half - 8, half - 8), y + 12, bold=differs)
    return document(_WIDTH, _TOP + len(shown) * _LINE + 12, f"{title}. {shared}", body)


def _row(said: Sequence[str], places: Sequence[int], rooms: Sequence[int], y: int, *, bold: bool) -> list[str]:
    """Write one line of the table, cut short where it does not fit."""
    told = zip(places, said, rooms, strict=True)
    return [
        words_at(x, y, cut(text, room, _SIZE), size=_SIZE, bold=bold and place == 0)
        for place, (x, text, room) in enumerate(told)
    ]
