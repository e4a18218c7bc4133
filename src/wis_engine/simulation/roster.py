"""Everybody who may come to need something, as the facts of a community tell it.

A roster is filled from the facts that a run records and from those that stood
before it, so that people come to need things however they came: drawn by lot,
standing in the project card, living in a real community, or brought in by a
what-if.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from attrs import frozen

from wis_engine.community import Community
from wis_engine.facts import HouseholdFormed, PersonEnrolled, PersonLeft
from wis_engine.network import Network
from wis_engine.simulation.lots import keys_of
from wis_engine.values import AgeBand, FirmId, HouseholdId, MemberId, is_redacted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from wis_engine.simulation.lots import Column, Numbers

_CODES = {band: code for code, band in enumerate(AgeBand)}


class Person(NamedTuple):
    """A member of a household, and the firm through which the household takes part."""

    id: MemberId
    household: HouseholdId
    age_band: AgeBand
    firm: str
    sector: str
    holds: bool
    home_nil: int
    work_nil: int
    since: dt.date


@frozen(kw_only=True, eq=False)
class Columns:
    """What the draws of a month look at, one row a person: key, age, whether it is the holder, since which day."""

    keys: "Column"
    ages: "Numbers"
    holds: "NDArray[np.bool_]"
    since: "Numbers"

    def of_age(self, band: AgeBand) -> "Numbers":
        """Rows of the people of one age."""
        import numpy as np  # noqa: PLC0415 - heavy

        return np.flatnonzero(self.ages == _CODES[band])


class Roster:
    """People in the order in which they came; it grows and never shrinks.

    Who has left stays: whether a household may still declare is asked when it
    would.
    """

    def __init__(self) -> None:
        self.people: list[Person] = []
        self.of_firm: dict[str, list[int]] = defaultdict(list)
        self.of_household: dict[str, list[int]] = defaultdict(list)
        self._columns: Columns | None = None

    @classmethod
    def of(cls, community: Community) -> "Roster":
        """Read everybody who ever came to a community, as they were when they came."""
        roster = cls()
        firms: dict[str, set[str]] = defaultdict(set)
        for one in community.events(types=[PersonEnrolled, PersonLeft, HouseholdFormed]):
            match one.fact:
                case PersonEnrolled(person=person, firm=firm):
                    firms[person].add(firm)
                case PersonLeft(person=person, firm=firm):
                    firms[person].discard(firm)
                case HouseholdFormed() as fact if not is_redacted(fact.holders):
                    through = [min(firms[holder]) for holder in fact.holders]
                    day = one.occurred_at.astimezone(community.network.zone_info).date()
                    roster.formed(community.network, fact, through, day)
        return roster

    def formed(self, network: Network, fact: HouseholdFormed, through: Sequence[str], day: dt.date) -> None:
        """Take in the members of a household that formed on a day; none of one that was forgotten.

        `through` is the firm of each holder; who holds nothing takes part
        through that of the first.
        """
        if any(map(is_redacted, (fact.holders, fact.members, fact.nil))):
            return
        for place, member in enumerate(fact.members):
            holds = place < len(through)
            firm = network.firms[FirmId(through[place if holds else 0])]
            # A firm that was only approached has no people yet: who enrolled did so in a member.
            assert firm.ateco is not None
            assert firm.nil is not None
            self._add(
                Person(member.id, fact.household, member.age_band, firm.id, firm.ateco, holds, fact.nil, firm.nil, day)
            )

    def _add(self, person: Person) -> None:
        self.of_firm[person.firm].append(len(self.people))
        self.of_household[person.household].append(len(self.people))
        self.people.append(person)

    def columns(self) -> Columns:
        """Columns of everybody; only who came since the last call is read."""
        import numpy as np  # noqa: PLC0415 - heavy

        known = 0 if self._columns is None else len(self._columns.keys)
        if self._columns is None or known < len(self.people):
            new = _columns(islice(self.people, known, None))
            if self._columns is not None:
                old = self._columns
                new = Columns(
                    keys=np.concatenate([old.keys, new.keys]),
                    ages=np.concatenate([old.ages, new.ages]),
                    holds=np.concatenate([old.holds, new.holds]),
                    since=np.concatenate([old.since, new.since]),
                )
            self._columns = new
        return self._columns


def _columns(people: Iterable[Person]) -> Columns:
    import numpy as np  # noqa: PLC0415 - heavy

    rows = list(people)
    return Columns(
        keys=keys_of(person.id for person in rows),
        ages=np.array([_CODES[person.age_band] for person in rows], dtype=np.int64),
        holds=np.array([person.holds for person in rows], dtype=bool),
        since=np.array([person.since.toordinal() for person in rows], dtype=np.int64),
    )
