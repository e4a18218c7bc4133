"""How a measure is written on an axis: its title, its unit, its numbers."""

from typing import Final

from attrs import frozen

from wis_engine.charts.looks import wording
from wis_engine.measures.definitions import DEFINITIONS


@frozen
class Unit:
    """What whole numbers of one unit are divided by, the sign after each, and the word for it."""

    divisor: int = 1
    sign: str = ""
    key: str = ""

    def shown(self, value: float) -> float:
        """Bring a value to what an axis shows."""
        return value / self.divisor

    def word(self, language: str) -> str:
        """Name it; a sign says it already."""
        return wording(language)(f"unit.{self.key}") if self.key else ""


_UNITS: Final = {
    "ppm": Unit(10_000, "%"),
    "cents": Unit(100, "", "euro"),
    "milli": Unit(1_000),
    "minutes": Unit(60, "", "hours"),
    "m": Unit(1, "", "metres"),
    "days": Unit(1, "", "days"),
}


def unit_of(measure: str) -> Unit:
    """Read the unit off the name of a measure: «saving_ppm», «wait_days_median»."""
    return next((_UNITS[part] for part in reversed(measure.split("_")) if part in _UNITS), Unit())


def title_of(measure: str, language: str) -> str:
    """Name a measure by its definition; one that is not ours stands as it is."""
    found = DEFINITIONS.get(measure)
    if found is None:
        return measure
    return found.title_it if language == "it" else found.title
