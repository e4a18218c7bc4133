"""Windows of the week as people write them: «lun-ven 16-19», «sabato dalle 9 alle 12:30», «mon, wed 16:00-18:00»."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from wis_engine.errors import Malformed
from wis_engine.values import DAYS, WeekSlots

_DAYS: Final = {
    name: place
    for place, names in enumerate(
        (
            ("mon", "monday", "lun", "lunedi"),
            ("tue", "tuesday", "mar", "martedi"),
            ("wed", "wednesday", "mer", "mercoledi"),
            ("thu", "thursday", "gio", "giovedi"),
            ("fri", "friday", "ven", "venerdi"),
            ("sat", "saturday", "sab", "sabato"),
            ("sun", "sunday", "dom", "domenica"),
        )
    )
    for name in names
}
_EVERY_DAY: Final = re.compile(r"\b(tutti i giorni|ogni giorno|every day|daily)\b")
_QUIET: Final = frozenset(("dal", "dalle", "ore", "h", "from", "il", "la", "di"))
_TO: Final = frozenset(("-", "al", "alle", "a", "to", "fino"))
_AND: Final = frozenset((",", ";", "|", "/", "\n", "e", "ed", "and"))
_WORD: Final = re.compile(r"(?P<time>[0-9]{1,2}(?:[:.][0-9]{2})?)|(?P<word>[a-z]+)|(?P<mark>[-,;|/\n])|[^\S\n]+")
_HALVES: Final = {"00": 0, "30": 1}
_DAY_END: Final = 48
_MOST: Final = 1_000

Run = tuple[int, int]
"""A first and a last day, or a first half-hour and the one after the last."""


def week(cell: str) -> WeekSlots:
    """Read windows of the week, in our form or in words.

    Days, then hours, as often as wanted; every day of a group has every window
    of its hours. Hours are on the half-hour, and a window ends in its day.

    Examples
    --------
    >>> str(week("lun e mer 16-18:30; sabato dalle 9 alle 12"))
    'mon 16:00-18:30, wed 16:00-18:30, sat 09:00-12:00'
    """
    text = _plain(cell)
    if text in ("always", "sempre"):
        return WeekSlots.ALWAYS
    bits = 0
    for days, hours in _groups(_words(text)):
        for first, last in days:
            for day in range(first, last + 1):
                for begin, end in hours:
                    bits |= WeekSlots.at(day, begin, end - begin).bits
    return WeekSlots(bits)


def _plain(cell: str) -> str:
    """Small letters without accents; dashes are one, and a final point of a short name is none."""
    letters = unicodedata.normalize("NFKD", cell).casefold()
    text = "".join(letter for letter in letters if not unicodedata.combining(letter))
    text = re.sub("[\u2010-\u2015\u2212]", "-", text.replace("\r\n", "\n").strip())
    text = re.sub(r"(?<=[a-z])[.'\u2019]", " ", text)
    return _EVERY_DAY.sub("mon-sun", text)


def _words(text: str) -> list[str | int]:
    """Cut into days (as «mon»), half-hours (whole numbers), «to» and «and»."""
    found: list[str | int] = []
    place = 0
    while place < len(text):
        read = _WORD.match(text, place)
        if read is None or len(found) > _MOST:
            raise Malformed("no windows of a week: «lun-ven 16:00-19:00, sab 09:00-12:00»")
        place = read.end()
        word = read["word"] or read["mark"]
        if read["time"]:
            found.append(_half_hour(read["time"]))
        elif word in _DAYS:
            found.append(DAYS[_DAYS[word]])
        elif word in _TO and found[-1:] != ["to"]:
            # «dal lunedì al venerdì», «fino alle 19»: one «to», in as many words as it takes.
            found.append("to")
        elif word in _AND:
            found.append("and")
        elif word and word not in _QUIET and word not in _TO:
            raise Malformed("no windows of a week: a word that is no day and no hour")
    return found


def _half_hour(text: str) -> int:
    hour, _, rest = text.replace(".", ":").partition(":")
    if rest not in ("", *_HALVES):
        raise Malformed("a window begins and ends on the hour or the half-hour")
    slot = int(hour) * 2 + _HALVES[rest or "00"]
    if slot > _DAY_END:
        raise Malformed("no such hour of the day")
    return slot


def _groups(words: Sequence[str | int]) -> list[tuple[list[Run], list[Run]]]:
    """Put days and the hours that follow them together."""
    groups: list[tuple[list[Run], list[Run]]] = []
    for first, last in _runs(words):
        if isinstance(first, str) and isinstance(last, str):
            run = DAYS.index(first), DAYS.index(last)
            if run[0] > run[1]:
                raise Malformed("days that go past Sunday: write them as two")
            if not groups or groups[-1][1]:
                groups.append(([], []))
            groups[-1][0].append(run)
        elif isinstance(first, int) and isinstance(last, int) and groups:
            if first >= last:
                raise Malformed("a window ends after it begins and inside its day")
            groups[-1][1].append((first, last))
        else:
            raise Malformed("hours without a day")
    if not groups or not groups[-1][1]:
        raise Malformed("days without hours" if groups else "no windows of a week")
    return groups


def _runs(words: Sequence[str | int]) -> list[tuple[str | int, str | int]]:
    """Find what goes from one to another: «mon to fri», «16:00 to 19:00»; a day alone is its own run."""
    runs: list[tuple[str | int, str | int]] = []
    rest = [word for place, word in enumerate(words) if word != "and" or words[place - 1 : place] == ["to"]]
    while rest:
        first, *rest = rest
        if first in ("to", "and"):
            raise Malformed("no windows of a week: from when?")
        last = first
        if rest[:1] == ["to"]:
            _, *rest = rest
            last, *rest = rest or [""]
        if isinstance(first, int) and (last is first or not isinstance(last, int)):
            raise Malformed("an hour that goes nowhere: from when to when?")
        if last == "" or type(last) is not type(first) or last in ("to", "and"):
            raise Malformed("no windows of a week: to when?")
        runs.append((first, last))
    return runs
