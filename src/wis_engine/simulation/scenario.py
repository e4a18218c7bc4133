"""A scenario: everything that a simulated community is drawn from, as one frozen value.

Who is there (firms, people, households), what they come to need and when, who
supplies it, how membership spreads, what public money there is, how often the
desk matches, and what goes wrong. A scenario says no seed: the same scenario
lives many lives. Every figure is a whole number with its unit in the name;
`attrs.evolve` changes one and leaves the rest.
"""

import datetime as dt
import tomllib
from enum import StrEnum
from typing import Any, Self

from attrs import field, frozen
from attrs import validators as v

from wis_engine.errors import Malformed
from wis_engine.matching import EFFORT
from wis_engine.plain import from_plain, to_plain
from wis_engine.shapes import checked_id, exactly, natural, positive, short_text, tuple_of
from wis_engine.simulation.given import Round, Supply
from wis_engine.simulation.membership import Firms, Growth, People
from wis_engine.simulation.shares import least_and_most, percent
from wis_engine.simulation.tomltext import written
from wis_engine.simulation.wanted import Demand
from wis_engine.values import (
    Period,
    require_distinct,
)


class Frame(StrEnum):
    """Where the people and the supply of a scenario come from."""

    CARD = "card"
    """The project card, as packaged: every firm, person, supplier and meeting of the pilot."""
    DRAWN = "drawn"
    """Drawn by lot from the laws that the scenario gives."""
    STANDING = "standing"
    """The community that the run is given: its own people and suppliers, nobody more."""


@frozen(kw_only=True)
class Luck:
    """What goes otherwise than planned, and how often."""

    missed_percent: int = field(default=4, validator=percent)
    confirmed_percent: int = field(default=96, validator=percent)
    confirmed_after_days: tuple[int, int] = field(default=(1, 3), validator=least_and_most)
    given_up_percent: int = field(default=6, validator=percent)
    withdrawn_percent: int = field(default=3, validator=percent)
    withdrawn_after_days: tuple[int, int] = field(default=(2, 9), validator=least_and_most)
    raised_percent: int = field(default=50, validator=percent)
    raised_by_percent: int = field(default=30, validator=natural)
    judged_percent: int = field(default=85, validator=percent)
    scores: tuple[int, ...] = field(default=(2, 5, 15, 43, 35), validator=tuple_of(natural))


@frozen(kw_only=True)
class Matching:
    """How the desk matches: with which strategy and how much effort, how often, and how long a need waits.

    `effort` counts the strategy's steps. Every `every_days` days, at the end of each month when None. A need goes
    through `tries` matches before the desk closes it; one of which fewer than
    `wait_days` would be left after the next match is not kept waiting. With
    `brief` the plans have no proofs, and reasons only for the needs that the
    desk has to tell one.
    """

    strategy: str = field(default="by_zone", validator=short_text)
    effort: int = field(default=EFFORT, validator=natural)
    every_days: int | None = field(default=None, validator=v.optional(positive))
    tries: int = field(default=2, validator=positive)
    wait_days: int = field(default=7, validator=natural)
    brief: bool = field(default=False, validator=exactly(bool))


@frozen(kw_only=True)
class Scenario:
    """Everything that a simulated community is drawn from.

    With the frame `card` the people and the supply are those of the project
    card and `firms`, `people`, `growth` and `supply` are left out, as with
    `standing`; with `drawn` they say it all.

    Examples
    --------
    >>> import attrs
    >>> small = Scenario.district()
    >>> dear = attrs.evolve(small, supply=attrs.evolve(small.supply, leaving_percent=20))
    >>> Scenario.parse(dear.to_toml()) == dear
    True
    """

    name: str = field(validator=checked_id)
    title: str = field(validator=short_text)
    period: Period = field(validator=exactly(Period))
    frame: Frame = field(default=Frame.DRAWN, validator=exactly(Frame))
    demand: Demand = field(validator=exactly(Demand))
    luck: Luck = field(default=Luck(), validator=exactly(Luck))
    matching: Matching = field(default=Matching(), validator=exactly(Matching))
    firms: Firms | None = field(default=None, validator=v.optional(exactly(Firms)))
    people: People | None = field(default=None, validator=v.optional(exactly(People)))
    growth: Growth | None = field(default=None, validator=v.optional(exactly(Growth)))
    supply: Supply | None = field(default=None, validator=v.optional(exactly(Supply)))
    rounds: tuple[Round, ...] = field(default=(), validator=tuple_of(exactly(Round)))

    def __attrs_post_init__(self) -> None:
        """Refuse a drawn community without its laws, laws that nothing would follow, and a round out of time."""
        laws = {"firms": self.firms, "people": self.people, "growth": self.growth, "supply": self.supply}
        for name, law in laws.items():
            if (law is None) == (self.frame is Frame.DRAWN):
                raise Malformed(f"Scenario.{name}: {'missing' if law is None else f'not with the frame {self.frame}'}")
        if self.rounds and self.frame is not Frame.DRAWN:
            raise Malformed(f"Scenario.rounds: not with the frame {self.frame}")
        require_distinct((line.action for one in self.rounds for line in one.lines), "Scenario.rounds: action")
        if any(one.day not in self.period for one in self.rounds):
            raise Malformed("Scenario.rounds: outside the period")

    # Text

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a scenario that `to_toml` wrote, or somebody by hand.

        Raises
        ------
        Malformed
            The text is no TOML, or no scenario; the message names the keys at fault.
        """
        try:
            data = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, TypeError) as error:
            raise Malformed(f"no TOML: {error}") from None
        return from_plain(_plain(data), cls)

    def to_toml(self) -> str:
        """Write it as TOML; what is left out is not there."""
        return written(to_plain(self))

    # The ladder

    @classmethod
    def named(cls, name: str) -> "Scenario":
        """Find a scenario of the ladder by name.

        Raises
        ------
        Malformed
            There is none of this name.
        """
        from wis_engine.simulation import ladder  # noqa: PLC0415 - the ladder is built of scenarios

        rungs = {made.__name__: made for made in ladder.RUNGS}
        if name not in rungs:
            raise Malformed(f"no scenario {name!r}; there are {', '.join(rungs)}")
        return rungs[name]()

    @classmethod
    def pilot(cls) -> "Scenario":
        """Three firms, 22 people: the year of the project card."""
        return cls.named("pilot")

    @classmethod
    def district(cls) -> "Scenario":
        """A hundred firms of a few zones."""
        return cls.named("district")

    @classmethod
    def municipio(cls) -> "Scenario":
        """Three thousand firms of one municipio."""
        return cls.named("municipio")

    @classmethod
    def city(cls) -> "Scenario":
        """Thirty thousand firms all over the city."""
        return cls.named("city")

    @classmethod
    def milan(cls) -> "Scenario":
        """A hundred thousand firms, a million needs."""
        return cls.named("milan")


def _plain(data: Any) -> Any:  # noqa: ANN401 - what TOML holds
    """Let dates of TOML stand as the texts that our own data has."""
    match data:
        case dict():
            return {key: _plain(value) for key, value in data.items()}
        case list():
            return [_plain(value) for value in data]
        case dt.date() if type(data) is dt.date:
            return data.isoformat()
    return data
