"""The services of the project card: what can be needed, offered and shared.

One table holds the eighteen services of actions B.1 and C.1 and the two of
F.1. Italian names are the card's. The matcher counts in minutes, so every
unit stands for a number of minutes: an hour is 60; the minutes of a basket,
a parcel or a kilogram are ours, whole figures chosen to be plausible.
"""

from enum import StrEnum
from functools import cache
from typing import Final

from attrs import frozen

from wis_engine.errors import Malformed
from wis_engine.values import ActionCode, Minutes, Place, Sensitivity, ServiceCode


class ServiceKind(StrEnum):
    """What a service is about."""

    CARE = "care"
    HEALTH = "health"
    EDUCATION = "education"
    TIME = "time"
    MOBILITY = "mobility"
    ADMINISTRATION = "administration"
    FOOD = "food"
    HOME = "home"
    TRAINING = "training"


class Unit(StrEnum):
    """What is counted when a service is priced."""

    HOUR = "hour"
    SESSION = "session"
    DAY = "day"
    DELIVERY = "delivery"
    KILOGRAM = "kilogram"
    PIECE = "piece"
    PARCEL = "parcel"
    BASKET = "basket"
    TRIP = "trip"
    LESSON = "lesson"
    ERRAND = "errand"
    CASE = "case"
    EVENT = "event"


@frozen(kw_only=True)
class Service:
    """One line of the catalogue.

    Attributes
    ----------
    card_id, action
        Its line in the project card («B1.4») and the action that pays («B.1»).
    unit_minutes
        Minutes that one unit stands for.
    shareable
        Whether people can share one delivery.
    sensitivity
        How much the mere name of the service tells about who needs it.
    ateco
        Codes of ATECO 2025 whose firms plausibly deliver it; a proposal.
    wemi
        Category of the public platform WeMi, where one fits.
    broader
        The wider service of which this is a kind.
    """

    code: ServiceCode
    card_id: str
    action: ActionCode
    name_it: str
    name_en: str
    kind: ServiceKind
    unit: Unit
    unit_minutes: Minutes
    shareable: bool
    places: frozenset[Place]
    sensitivity: Sensitivity
    ateco: tuple[str, ...]
    wemi: str | None = None
    broader: ServiceCode | None = None


def services() -> tuple[Service, ...]:
    """All services, in the order of the card."""
    return tuple(_by_code().values())


def service(code: str) -> Service:
    """Look up one service.

    Raises
    ------
    Malformed
        The catalogue has no such service.

    Examples
    --------
    >>> service("child_minding").name_it
    'Accudimento bambini, baby sitter'
    """
    found = _by_code().get(ServiceCode(code))
    if found is None:
        raise Malformed("no service of the catalogue")
    return found


def services_of(action: str) -> tuple[Service, ...]:
    """Services that an action pays for, in the order of the card."""
    return tuple(found for found in services() if found.action == action)


# Letters of the table: where a service happens.
_PLACES: Final = {"h": Place.HOME, "f": Place.FIRM, "s": Place.SUPPLIER, "r": Place.REMOTE}
_PUBLIC, _PERSONAL, _SPECIAL = Sensitivity.PUBLIC, Sensitivity.PERSONAL, Sensitivity.SPECIAL

_SOCIAL, _HEALTH, _EDUCATION = "socio-assistenziali", "assistenza sanitaria", "educativi"
_ERRANDS = "piccole commissioni"

_Row = tuple[
    str, str, str, str, ServiceKind, Unit, Minutes, bool, str, Sensitivity, tuple[str, ...], str | None, str | None
]
_K, _U = ServiceKind, Unit

# Card id, code, Italian name, English name, kind, unit, its minutes, shareable, places, sensitivity, ATECO 2025, WeMi
# category, broader service. Where the card's own answer is «it depends», the table takes the graver: care of the frail
# and of health is special, whatever names a child or a person's affairs is personal.
# fmt: off
_TABLE: Final[tuple[_Row, ...]] = (
    ("B1.1", "social_care", "Servizi socio assistenziali", "Social care",
     _K.CARE, _U.HOUR, 60, True, "hs", _SPECIAL, ("88.10", "88.99"), _SOCIAL, None),
    ("B1.2", "health_care", "Servizi di assistenza sanitaria", "Health care",
     _K.HEALTH, _U.SESSION, 45, False, "hs", _SPECIAL, ("86.94", "86.95"), _HEALTH, None),
    ("B1.3", "education_care", "Servizi educativi", "Education and play",
     _K.EDUCATION, _U.HOUR, 60, True, "hs", _PERSONAL, ("88.91", "85.52", "85.59"), _EDUCATION, None),
    ("B1.4", "child_minding", "Accudimento bambini, baby sitter", "Child minding",
     _K.CARE, _U.HOUR, 60, True, "hfs", _PERSONAL, ("88.91", "97"), _EDUCATION, "education_care"),
    ("B1.5", "elder_care", "Accudimento genitori anziani", "Care of elderly parents",
     _K.CARE, _U.HOUR, 60, True, "hs", _SPECIAL, ("88.10", "87.30"), _SOCIAL, "social_care"),
    ("B1.6", "school_holiday_care", "Accudimento ragazzi nei periodi di vacanze scolastiche", "School holiday care",
     _K.CARE, _U.DAY, 480, True, "s", _PERSONAL, ("88.91", "93.29"), _EDUCATION, "education_care"),
    ("B1.7", "homework_support", "Supporto compiti ragazzi in età scolare", "Homework support",
     _K.EDUCATION, _U.HOUR, 60, True, "hsr", _PERSONAL, ("85.59",), _EDUCATION, "education_care"),
    ("B1.8", "strenuous_work_care", "Cure specifiche per lavori usuranti dei dipendenti", "Care for strenuous work",
     _K.HEALTH, _U.SESSION, 45, False, "fs", _SPECIAL, ("86.95",), _HEALTH, "health_care"),
    ("C1.1", "grocery_delivery_at_work", "Recapito della spesa direttamente in azienda", "Groceries brought to work",
     _K.FOOD, _U.DELIVERY, 30, True, "f", _PUBLIC, ("47.27", "53.20"), _ERRANDS, None),
    ("C1.2", "laundry_at_work", "Lavanderia e stireria con recapito in azienda", "Laundry brought to work",
     _K.TIME, _U.KILOGRAM, 10, True, "f", _PUBLIC, ("96.10.21",), None, None),
    ("C1.3", "clothes_repair", "Riparazione sartoria in convenzione con piccoli laboratori", "Clothes repair",
     _K.TIME, _U.PIECE, 30, True, "fs", _PUBLIC, ("95.29.30",), None, None),
    ("C1.4", "parcels_at_work", "Recapito pacchi direttamente in azienda", "Parcels brought to work",
     _K.TIME, _U.PARCEL, 10, True, "f", _PUBLIC, ("53.20",), None, None),
    ("C1.5", "farm_food_purchase", "Acquisto prodotti alimentari direttamente dalle cascine", "Food from the farms",
     _K.FOOD, _U.BASKET, 15, True, "fs", _PUBLIC, ("01.50", "47.21"), None, None),
    ("C1.6", "escorted_transport", "Servizi di trasporto - Accompagnamento con trasporto", "Escorted transport",
     _K.MOBILITY, _U.TRIP, 30, True, "hs", _PERSONAL, ("49.33",), "accompagnamento con trasporto", None),
    ("C1.7", "driving_school", "Scuola guida per i dipendenti stranieri delle cascine", "Driving school",
     _K.TRAINING, _U.LESSON, 60, True, "fs", _PERSONAL, ("85.53",), "corsi di lingua italiana", None),
    ("C1.8", "errands", "Piccole commissioni", "Small errands",
     _K.TIME, _U.ERRAND, 60, True, "hfs", _PERSONAL, ("96.91", "96.99"), _ERRANDS, None),
    ("C1.9", "paperwork", "Disbrigo pratiche", "Paperwork",
     _K.ADMINISTRATION, _U.CASE, 60, True, "fsr", _PERSONAL, ("82.99.19",), "disbrigo pratiche", None),
    ("C1.10", "home_cleaning_maintenance", "Pulizia e manutenzione casa", "Home cleaning and repairs",
     _K.HOME, _U.HOUR, 60, True, "h", _PUBLIC, ("96.91", "81.21", "43", "95"), "piccola manutenzione casa", None),
    ("F1.1", "welfare_consultation", "Consulenza del welfare manager", "Advice of the welfare manager",
     _K.ADMINISTRATION, _U.SESSION, 60, True, "fr", _PERSONAL, (), None, None),
    ("F1.2", "dissemination_event", "Divulgazione: incontri, studio dei dati, film a tema", "Dissemination event",
     _K.TRAINING, _U.EVENT, 120, True, "fs", _PUBLIC, ("59.14",), None, None),
)
# fmt: on


@cache
def _by_code() -> dict[ServiceCode, Service]:
    return {found.code: found for found in map(_service, _TABLE)}


def _service(row: _Row) -> Service:
    card_id, code, name_it, name_en, kind, unit, minutes, shareable, places, sensitivity, ateco, wemi, broader = row
    return Service(
        code=ServiceCode(code),
        card_id=card_id,
        action=ActionCode(f"{card_id[0]}.{card_id[1]}"),
        name_it=name_it,
        name_en=name_en,
        kind=kind,
        unit=unit,
        unit_minutes=minutes,
        shareable=shareable,
        places=frozenset(_PLACES[letter] for letter in places),
        sensitivity=sensitivity,
        ateco=ateco,
        wemi=wemi,
        broader=None if broader is None else ServiceCode(broader),
    )
