"""The columns that a spreadsheet of needs, offers or budgets may have, in English and Italian.

Every column says what its cells give: one or more fields of the matcher's own
tables (`wis_engine.matching.tables`), as their text. Several columns may give
the same field in different units; where both are filled they have to agree.
`docs/own_data.md` lists them for people.
"""

import datetime as dt
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

import attrs

from wis_engine.errors import Malformed
from wis_engine.interop import cells
from wis_engine.interop.weeks import week

Given = dict[str, str]
"""What a cell or a row gives: fields of the matcher's table, each as its text."""
Reader = Callable[[str], Given]
_DAY: Final = dt.timedelta(days=1)
_MADE: Final = {
    "from": ("period",),
    "to": ("period",),
    "price": ("tiers", "unit_minutes"),
    "price_per": ("tiers", "unit_minutes"),
    "session_minutes": ("minutes",),
    "nil_lat": ("lat_microdegrees",),
    "nil_lon": ("lon_microdegrees",),
}
"""Fields that are none of the matcher's, and which of its fields a row makes of them."""


@attrs.frozen(kw_only=True)
class Column:
    """One column: its names, an example of a cell, and how its cells are read.

    Attributes
    ----------
    name, italian
        What heads it; capitals, accents, blanks and signs do not matter.
    others
        More words for the same.
    dated
        Its cells are dates.
    named
        What its ids name, so that two different texts are not taken for one thing.
    """

    name: str
    italian: str
    example: str
    read: Reader
    others: tuple[str, ...] = ()
    dated: bool = False
    named: str = ""

    @property
    def fields(self) -> frozenset[str]:
        """What its cells give, as its example does."""
        return frozenset(self.read(self.example))

    @property
    def headers(self) -> frozenset[str]:
        """Everything it may be called, in one form."""
        return frozenset(map(heading, (self.name, self.italian, *self.others)))


def heading(text: str) -> str:
    """Bring a header to one form; that an amount is in euro may be said and need not."""
    words = cells.fold(text)
    for unit in (" eur", " euro", " in"):
        words = words.removesuffix(unit)
    return words


def _text(field: str, read: Callable[[str], object]) -> Reader:
    """Give one field."""
    return lambda cell: {field: str(read(cell))}


def _list(field: str, read: Callable[[str], object]) -> Reader:
    """Give one field of several values."""
    return lambda cell: {field: "|".join(str(read(part)) for part in cells.listed(cell))}


def _yes(field: str) -> Reader:
    return lambda cell: {field: "yes" if cells.yes(cell) else "no"}


def _nil(cell: str) -> Given:
    found = cells.nil(cell)
    place = found.centroid
    return {"zone": str(found.nil), "nil_lat": str(place.lat_microdegrees), "nil_lon": str(place.lon_microdegrees)}


def _offer_nil(cell: str) -> Given:
    given = _nil(cell)
    del given["zone"]
    return given


def _price(cell: str) -> Given:
    """Read one price, or several by size of the group: «12,50», «1: 12,50 | 4: 9,00»."""
    tiers = []
    for part in cells.listed(cell):
        thresholds, colon, price = part.rpartition(":")
        people, slash, units = thresholds.partition("/")
        least = cells.whole(people) if colon else 1
        fewest = f"/{cells.whole(units)}" if slash else ""
        tiers.append(f"{least}{fewest}:{cells.euro_cents(price)}")
    return {"price": "|".join(tiers)}


def _hourly(cell: str) -> Given:
    return _price(cell) | {"price_per": str(cells.HOUR)}


def _step(part: str) -> str:
    service, colon, lasting = part.rpartition(":")
    if not colon:
        raise Malformed("not a service and its minutes")
    return f"{cells.service_code(service)}:{cells.minutes(lasting, unit=1)}"


_minutes = partial(cells.minutes, unit=1)
_hours = partial(cells.minutes, unit=cells.HOUR)


def _degrees(cell: str) -> int:
    return cells.scaled(cell.removesuffix("°"), 6, grouped=False)


def _kilometres(cell: str) -> int:
    return cells.scaled(cell, 3)


def _column(name: str, italian: str, example: str, read: Reader, *others: str, named: str = "") -> Column:
    return Column(name=name, italian=italian, example=example, read=read, others=others, named=named)


def _dated(name: str, italian: str, example: str, *others: str) -> Column:
    return Column(name=name, italian=italian, example=example, read=_text(name, cells.date), others=others, dated=True)


_id = cells.identifier
_WHEN: Final = (
    _column(
        *("slots", "orari", "lun-ven 16:00-19:00", _text("slots", week)),
        *("fasce orarie", "orario", "quando", "giorni e orari", "disponibilità", "when"),
    ),
    _dated("from", "dal", "02/03/2026", "data inizio", "start", "inizio"),
    _dated("to", "al", "29/05/2026", "data fine", "end", "fine", "until"),
    _column("period", "periodo", "2026-03-02/2026-05-30", _text("period", cells.spaced)),
)
_WHERE: Final = (
    _column("lat", "latitudine", "45,4642", _text("lat_microdegrees", _degrees), "latitude"),
    _column("lon", "longitudine", "9,1900", _text("lon_microdegrees", _degrees), "longitude", "lng"),
    _column("lat_microdegrees", "latitudine microgradi", "45464200", _text("lat_microdegrees", cells.whole)),
    _column("lon_microdegrees", "longitudine microgradi", "9190000", _text("lon_microdegrees", cells.whole)),
    _column("radius_m", "raggio m", "1500", _text("radius_m", cells.whole), "raggio in metri", "raggio metri"),
    _column("radius_km", "raggio km", "1,5", _text("radius_m", _kilometres), "raggio in km"),
)
_CHANNEL: Final = _column("channel", "canale", "convenzione", _text("channel", cells.channel))
_SERVICE: Final = _column(
    "service", "servizio", "Supporto compiti ragazzi in età scolare", _text("service", cells.service_code)
)

NEEDS: Final = (
    _column("id", "codice", "bisogno-1", _text("id", _id), "bisogno", "id bisogno", "need", named="need"),
    _column(
        "household", "nucleo", "nucleo-1", _text("household", _id), "nucleo familiare", "famiglia", named="household"
    ),
    _column("firm", "impresa", "Il Cinemino", _text("firm", _id), "azienda", "ditta", "company", named="firm"),
    _column("beneficiary", "beneficiario", "figlia-1", _text("beneficiary", _id), "beneficiaria", named="beneficiary"),
    _SERVICE,
    _column("minutes", "minuti", "900", _text("minutes", _minutes), "minuti totali", "total minutes", "durata minuti"),
    _column("hours", "ore", "15", _text("minutes", _hours), "ore totali", "total hours", "durata ore"),
    _column("session_minutes", "minuti per incontro", "90", _text("session_minutes", _minutes), "minuti a incontro"),
    _column("session_hours", "ore per incontro", "1,5", _text("session_minutes", _hours), "ore a incontro"),
    _column("sessions", "incontri", "10", _text("sessions", cells.whole), "numero incontri", "volte", "sedute"),
    *_WHEN,
    _column("nil", "NIL", "Porta Romana", _nil, "quartiere"),
    _column("zone", "zona", "27", _text("zone", cells.whole)),
    *_WHERE,
    _column(
        "price_limit", "spesa massima", "150,00", _text("price_limit_cents", cells.euro_cents), "prezzo massimo",
        "limite di spesa", "max price",
    ),
    _column("price_limit_cents", "spesa massima centesimi", "15000", _text("price_limit_cents", cells.whole)),
    _column("priority", "priorità", "2", _text("priority", cells.whole), "urgenza"),
    _column("group_max", "gruppo massimo", "6", _text("group_max", cells.whole), "massimo persone"),
    _column("age_band", "fascia d'età", "6-10", _text("age_band", cells.age_band), "età"),
    _column("language", "lingua", "it", _text("language", cells.own_word)),
    _CHANNEL,
    _column("steps", "filiera", "escorted_transport:30 | homework_support:60", _list("steps", _step), "passi"),
)  # fmt: skip

OFFERS: Final = (
    _column("id", "codice", "offerta-1", _text("id", _id), "offerta", "id offerta", "offer", named="offer"),
    _column("supplier", "fornitore", "Cooperativa Arcobaleno", _text("supplier", _id), "fornitrice", named="supplier"),
    _SERVICE,
    _column(
        "capacity_minutes", "capacità minuti", "6000", _text("capacity_minutes", _minutes), "minuti disponibili",
        "minuti", "minutes",
    ),
    _column(
        "capacity_hours", "capacità ore", "100", _text("capacity_minutes", _hours), "ore disponibili", "ore", "hours"
    ),
    *_WHEN,
    _column("nil", "NIL", "27", _offer_nil, "quartiere"),
    *_WHERE,
    _column("mobile", "a domicilio", "no", _yes("mobile"), "itinerante"),
    _column("zones", "zone servite", "27 | 28", _list("zones", cells.whole), "zone"),
    _column("capacity_per_slot", "incontri insieme", "2", _text("capacity_per_slot", cells.whole)),
    _column("price", "prezzo", "1: 20,00 | 3: 10,00", _price, "prezzi", "prices"),
    _column("price_per", "prezzo per", "ora", _text("price_per", cells.price_minutes), "unità di prezzo"),
    _column("price_hour", "prezzo orario", "12,50", _hourly, "prezzo all'ora", "tariffa oraria", "price per hour"),
    _column("tiers", "fasce di prezzo centesimi", "1:2000|3:1000", _text("tiers", cells.spaced)),
    _column("unit_minutes", "minuti per unità", "60", _text("unit_minutes", cells.whole)),
    _column("opening", "costo fisso", "30,00", _text("opening_cents", cells.euro_cents), "costo di apertura"),
    _column("opening_cents", "costo fisso centesimi", "3000", _text("opening_cents", cells.whole)),
    _column("group_min", "gruppo minimo", "3", _text("group_min", cells.whole), "minimo persone"),
    _column("group_max", "gruppo massimo", "6", _text("group_max", cells.whole), "massimo persone"),
    _column("quality_percent", "qualità", "85%", _text("quality_percent", cells.percent), "quality"),
    _CHANNEL,
    _column("age_bands", "fasce d'età", "6-10 | 11-13", _list("age_bands", cells.age_band), "fascia d'età", "età"),
    _column("languages", "lingue", "it | en", _list("languages", cells.own_word)),
)  # fmt: skip

BUDGETS: Final = (
    _column("id", "codice", "fondo-b1", _text("id", _id), "fondo", "budget", "fund", named="budget"),
    _column("cap", "importo", "2.500,00", _text("cap_cents", cells.euro_cents), "disponibile", "tetto", "amount"),
    _column("cap_cents", "importo centesimi", "250000", _text("cap_cents", cells.whole)),
    _column(
        "services", "servizi", "homework_support | child_minding", _list("services", cells.service_code), "servizio"
    ),
    _column("share_percent", "quota massima", "50%", _text("share_percent", cells.percent), "quota", "percentuale"),
    _column(
        "household_cap", "tetto per nucleo", "300,00", _text("household_cap_cents", cells.euro_cents),
        "massimo per nucleo", "massimo per famiglia",
    ),
    _column("household_cap_cents", "tetto per nucleo centesimi", "30000", _text("household_cap_cents", cells.whole)),
)  # fmt: skip

TABLES: Final[dict[str, tuple[Column, ...]]] = {"needs": NEEDS, "offers": OFFERS, "budgets": BUDGETS}


def finished(given: Given) -> Given:
    """Put the parts of a row together: days to a period, a session's minutes to all, a price and what it is for.

    Raises
    ------
    Malformed
        A part is missing, or two of them do not agree.
    """
    whole = {field: text for field, text in given.items() if field not in _MADE}
    for made in (_period(given), _all_minutes(given), _tiers(given), _place(given)):
        join(whole, made)
    return whole


def made_of(fields: Iterable[str]) -> dict[str, str]:
    """Name the matcher's fields that a table with these can have, each with the one that gives it."""
    given = sorted(fields)
    made = {field: one for one in given for field in _MADE.get(one, ())}
    made |= {"minutes": "steps"} if "steps" in given else {}
    return made | {field: field for field in given if field not in _MADE}


def join(whole: Given, part: Given) -> None:
    """Add fields to those of a row; the same field twice has to say the same."""
    for field, text in part.items():
        if whole.setdefault(field, text) != text:
            raise Malformed(f"{field}: two columns say different things")


def _require(given: Given, fields: Iterable[str], why: str) -> None:
    if any(field not in given for field in fields):
        raise Malformed(why)


def _period(given: Given) -> Given:
    """The last day is in; a period of the matcher ends on the day after."""
    if "from" not in given and "to" not in given:
        return {}
    _require(given, ("from", "to"), "a first day without a last one, or the other way")
    first, last = cells.date(given["from"]), cells.date(given["to"])
    if last < first:
        raise Malformed("the last day comes before the first")
    try:
        return {"period": f"{first.isoformat()}/{(last + _DAY).isoformat()}"}
    except OverflowError:
        raise Malformed("no day that another follows") from None


def _all_minutes(given: Given) -> Given:
    """Count the minutes of all sessions from those of one, or from its steps."""
    sessions = int(given.get("sessions", "1"))
    if "session_minutes" in given:
        return {"minutes": str(sessions * int(given["session_minutes"]))}
    if "steps" in given and "minutes" not in given:
        each = sum(int(step.rpartition(":")[2]) for step in given["steps"].split("|"))
        return {"minutes": str(sessions * each)}
    return {}


def _tiers(given: Given) -> Given:
    if "price" not in given and "price_per" not in given:
        return {}
    _require(given, ("price",), "what is the price? only what it is for is said")
    _require(given, ("price_per",), "what is the price for? fill «price_per» (prezzo per): hour, or whole need")
    return {"tiers": given["price"], "unit_minutes": given["price_per"]}


def _place(given: Given) -> Given:
    """A place that is given exactly wins over the middle of its NIL."""
    if "nil_lat" not in given or "lat_microdegrees" in given or "lon_microdegrees" in given:
        return {}
    return {"lat_microdegrees": given["nil_lat"], "lon_microdegrees": given["nil_lon"]}
