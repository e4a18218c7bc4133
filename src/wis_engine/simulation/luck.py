"""What befalls a need on its way, drawn under its origin, so that nothing else that happens changes it."""

from typing import Any, Final

from wis_engine.simulation.card import table
from wis_engine.simulation.draws import Draws
from wis_engine.values import NeedId

PERCENT: Final = 10_000
"""One per cent in the millionths of `Draws.chance`."""


class Luck:
    """The incidents of `wis_demand.toml`, drawn for needs; `origins` is what each need was drawn from."""

    def __init__(self, draws: Draws) -> None:
        self.draws = draws
        self.odds: dict[str, Any] = table("demand")["incidents"]
        self.origins: dict[NeedId, str] = {}

    def happens(self, odds: str, need: NeedId, *about: str | int) -> bool:
        """Draw whether something of so many per cent happens to a need."""
        return self.chance(odds, self.odds[odds], need, *about)

    def chance(self, stream: str, percent: int, need: NeedId, *about: str | int) -> bool:
        """Draw the same with odds that depend on more than their name."""
        return self.draws.chance(percent * PERCENT, stream, self.origins[need], *about)

    def between(self, odds: str, need: NeedId, *about: str | int) -> int:
        """Draw a number, such as of days, between the least and the most."""
        least, most = self.odds[odds]
        return self.draws.between(least, most, odds, self.origins[need], *about)

    def pick(self, odds: str, need: NeedId, *about: str | int) -> int:
        """Draw a place in a table of weights."""
        return self.draws.pick(self.odds[odds], odds, self.origins[need], *about)
