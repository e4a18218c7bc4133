"""What people write in the cells of a spreadsheet, read into exact values; what is unclear is told, never guessed.

A reader takes the text of a cell and gives a value, or raises `Malformed` with
words that hold nothing of the cell.
"""

import datetime as dt
import re
import unicodedata
from functools import cache
from typing import Final

from wis_engine.catalogue import services
from wis_engine.errors import Malformed
from wis_engine.shapes import INTEGER_BITS, is_id
from wis_engine.territory import Zone, zone, zones
from wis_engine.values import AgeBand, Cents, Channel, Minutes

HOUR: Final = 60
_LONGEST: Final = 40
_NOT_IN_IDS: Final = re.compile(r"[^A-Za-z0-9_.]+")
_BLANKS: Final = re.compile(r"\s+")
_WHOLE: Final = re.compile(r"[0-9]+")
_GROUPED: Final = re.compile(r"[0-9]{1,3}(?P<by>[., ])[0-9]{3}(?:(?P=by)[0-9]{3})*")
_DURATION: Final = re.compile(
    r"(?:(?P<hours>[0-9][0-9., ]*?) ?(?:h|ora|ore|hour|hours))?"
    r" ?(?:(?P<minutes>[0-9][0-9., ]*?) ?(?P<unit>m|min|minuto|minuti|minute|minutes|'|))?"
)
_CLOCK: Final = re.compile(r"(?P<hours>[0-9]{1,4}):(?P<minutes>[0-5][0-9])(?::00)?")
_ISO_DATE: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[ T]00:00(?::00)?)?")
_DATE: Final = re.compile(r"([0-9]{1,2})([/.-])([0-9]{1,2})\2([0-9]{4})")
_SHORT_DATE: Final = re.compile(r"[0-9]{1,2}([/.-])[0-9]{1,2}\1[0-9]{2}")
_LIST: Final = re.compile(r"[|;\n]")
_MONTHS: Final = 12
_YES: Final = frozenset(("yes", "y", "si", "s", "true", "vero", "1", "x"))
_NO: Final = frozenset(("no", "n", "false", "falso", "0"))
_CHANNELS: Final = {
    "convenzione": Channel.AGREEMENT,
    "convenzione diretta": Channel.AGREEMENT,
    "impresa partner": Channel.PARTNER,
    "azienda partner": Channel.PARTNER,
}
_PER: Final = {
    **dict.fromkeys(("hour", "h", "ora", "per hour", "all ora"), HOUR),
    **dict.fromkeys(("whole", "need", "total", "intero", "bisogno", "totale", "a corpo"), 0),
}


def fold(text: str) -> str:
    """Bring words to one form: small letters without accents, one blank for all that is no letter or digit."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return " ".join("".join(letter if letter.isalnum() else " " for letter in plain if not _is_mark(letter)).split())


def _is_mark(letter: str) -> bool:
    return unicodedata.combining(letter) != 0


def spaced(text: str) -> str:
    """Take the blanks off both ends, and let every other stretch of them be one."""
    return _BLANKS.sub(" ", text).strip()


def listed(cell: str) -> list[str]:
    """Split a cell at `|`, `;` and ends of lines."""
    return [part for part in map(spaced, _LIST.split(cell)) if part]


# Names


def identifier(cell: str) -> str:
    """Make an id of a name: «Il Cinemino» is `Il-Cinemino`; an id stays as it is."""
    if is_id(cell):
        return cell
    plain = unicodedata.normalize("NFKD", cell)
    made = _NOT_IN_IDS.sub("-", "".join(letter for letter in plain if not _is_mark(letter))).strip("-")
    if not is_id(made):
        raise Malformed("no id can be made of it: 1 to 64 letters and digits")
    return made


def service_code(cell: str) -> str:
    """Find a service of the catalogue by code, line of the card or name; any other word is a service of one's own."""
    return _services().get(fold(cell)) or own_word(cell)


def own_word(cell: str) -> str:
    """Make an id of a word of one's own, in one form: «Dopo scuola» and «dopo-scuola» are `dopo_scuola`."""
    return identifier(fold(cell).replace(" ", "_"))


@cache
def _services() -> dict[str, str]:
    named = ((name, one.code) for one in services() for name in (one.code, one.card_id, one.name_it, one.name_en))
    return {fold(name): str(code) for name, code in named}


def age_band(cell: str) -> AgeBand:
    """Read an age band: its code, or its years («6-10», «75+»)."""
    words = fold(cell).removesuffix(" anni")
    for band in AgeBand:
        code = fold(band.value)
        years = code.split(" ", 1)[1].removesuffix(" plus")
        if words in (code, years):
            return band
    raise Malformed(f"not one of {', '.join(AgeBand)}")


def channel(cell: str) -> Channel:
    """Read a channel: its code, or its Italian name."""
    words = fold(cell)
    if words in tuple(Channel):
        return Channel(words)
    if words not in _CHANNELS:
        raise Malformed(f"not one of {', '.join(Channel)}")
    return _CHANNELS[words]


def nil(cell: str) -> Zone:
    """Find a zone of Milano by number or by name."""
    text = cell[3:] if fold(cell).startswith("nil ") else cell
    words = fold(text)
    if words.isdecimal():
        return zone(whole(words))
    if words not in _zones():
        raise Malformed("no NIL of Milano: give its number, 1 to 88, or its full name")
    return _zones()[words]


@cache
def _zones() -> dict[str, Zone]:
    return {fold(one.name): one for one in zones()}


def yes(cell: str) -> bool:
    """Read yes or no, in English or Italian."""
    words = fold(cell)
    if words not in _YES | _NO:
        raise Malformed("neither yes nor no")
    return words in _YES


# Numbers


def scaled(cell: str, places: int, *, grouped: bool = True) -> int:
    """Read a decimal number of at most so many places, as a whole number of its last place.

    The decimal sign is a comma or a point. One sign before three digits says
    thousands in one country and thousandths in another: it is refused.

    Parameters
    ----------
    grouped
        False: such numbers have no thousands, and one sign is the decimal sign.

    Examples
    --------
    >>> scaled("1.234,5", 2), scaled("12,50", 2), scaled("45.464", 6, grouped=False)
    (123450, 1250, 45464000)
    """
    text = spaced(cell).replace("\u2212", "-")
    sign = -1 if text.startswith("-") else 1
    ones, fraction = _parts(text.removeprefix("-" if sign < 0 else "+"), grouped=grouped)
    fraction = fraction.rstrip("0")
    if len(fraction) > places:
        raise Malformed(f"more than {places} decimals" if places else "not a whole number")
    value = sign * int(ones + fraction.ljust(places, "0"))
    if value.bit_length() > INTEGER_BITS:
        raise Malformed(f"a number beyond {INTEGER_BITS} bits")
    return value


def _parts(text: str, *, grouped: bool) -> tuple[str, str]:
    """Split a number in its whole and its decimal digits."""
    if not text.isascii() or not 0 < len(text) <= _LONGEST:
        raise Malformed("not a number")
    if _WHOLE.fullmatch(text):
        return text, ""
    place = max(text.rfind(","), text.rfind("."))
    head, mark, tail = (text, "", "") if place < 0 else (text[:place], text[place], text[place + 1 :])
    if grouped and _GROUPED.fullmatch(text):
        by = text[-4]
        if by != " " and text.count(by) == 1 and not text.startswith("0"):
            raise Malformed("thousands or decimals? write 1234 or 1234,50")
        if text.count(by) > 1 or by == " ":
            return re.sub(r"[., ]", "", text), ""
    inside = _GROUPED.fullmatch(head)
    if grouped and inside and inside["by"] != mark:
        head = head.replace(inside["by"], "")
    if not _WHOLE.fullmatch(head) or not _WHOLE.fullmatch(tail):
        raise Malformed("not a number")
    return head, tail


def whole(cell: str) -> int:
    """Read a whole number."""
    return scaled(cell, 0)


def percent(cell: str) -> int:
    """Read a whole per cent, with its sign or without."""
    return whole(cell.removesuffix("%"))


def euro_cents(cell: str) -> Cents:
    """Read an amount of euro, exactly.

    Examples
    --------
    >>> euro_cents("€ 1.234,50"), euro_cents("12,5 EUR")
    (123450, 1250)
    """
    text = spaced(cell)
    for unit in ("€", "EUR", "eur", "euro", "Euro"):
        text = text.removeprefix(unit).removesuffix(unit).strip()
    cents = scaled(text, 2)
    if cents < 0:
        raise Malformed("an amount below zero")
    return cents


def minutes(cell: str, *, unit: Minutes) -> Minutes:
    """Read a duration: a number of the column's unit, or one that says its own («1h30», «1:30», «90 min»).

    Parameters
    ----------
    unit
        Minutes that a bare number counts: 1 or 60.
    """
    text = spaced(cell).casefold()
    clock = _CLOCK.fullmatch(text)
    if clock:
        if unit != HOUR:
            raise Malformed("hours and minutes, or minutes and seconds? write 90 min or 1h30")
        return int(clock["hours"]) * HOUR + int(clock["minutes"])
    read = _DURATION.fullmatch(text)
    if read is None or not (read["hours"] or read["minutes"]):
        raise Malformed("not a duration")
    if read["hours"] is None and not read["unit"]:
        return _whole_minutes(text, unit)
    long = _whole_minutes(read["hours"], HOUR) if read["hours"] else 0
    return long + (_whole_minutes(read["minutes"], 1) if read["minutes"] else 0)


def _whole_minutes(text: str, unit: Minutes) -> Minutes:
    """Count minutes; hours may have two decimals, as long as they are whole minutes."""
    found, rest = divmod(scaled(text, 2) * unit, 100)
    if rest:
        raise Malformed("not whole minutes")
    return found


def price_minutes(cell: str) -> Minutes:
    """Read what a price is for: an hour (60), so many minutes, or the whole need (0)."""
    found = _PER.get(fold(cell))
    if found is None:
        try:
            found = minutes(cell, unit=1)
        except Malformed:
            raise Malformed("for an hour, for so many minutes, or for the whole need?") from None
    return found


# Days


def date(cell: str) -> dt.date:
    """Read a date: ISO, or day, month and year of four digits."""
    text = spaced(cell)
    iso, european = _ISO_DATE.fullmatch(text), _DATE.fullmatch(text)
    if _SHORT_DATE.fullmatch(text):
        raise Malformed("which century? write the year with four digits")
    if iso is None and european is None:
        raise Malformed("not a date: 2026-03-31 or 31/03/2026")
    try:
        if iso:
            return dt.date(int(iso[1]), int(iso[2]), int(iso[3]))
        assert european is not None
        return dt.date(int(european[4]), int(european[3]), int(european[1]))
    except ValueError:
        raise Malformed("no such day; days come before months") from None


def is_month_first(cell: str) -> bool:
    """Say whether a date can only be one with the month first."""
    read = _DATE.fullmatch(spaced(cell))
    return read is not None and int(read[1]) <= _MONTHS < int(read[3])


def is_either_way(cell: str) -> bool:
    """Say whether a date would be one with the month first, too, and another one."""
    read = _DATE.fullmatch(spaced(cell))
    return read is not None and int(read[1]) <= _MONTHS and int(read[3]) <= _MONTHS and int(read[1]) != int(read[3])
