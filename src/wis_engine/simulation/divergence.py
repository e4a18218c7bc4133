"""Where two histories part, and what followed from what after that.

Plans give their pools names of their own, so that the same pool has another
name in each history. What comes after the parting is therefore compared under
names that say what a pool is: who is in it. A pool that both have is no
difference, whatever plan it came from.
"""

import datetime as dt
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import groupby, zip_longest
from typing import Final

from attrs import field, frozen

from wis_engine.community import Community
from wis_engine.errors import Malformed
from wis_engine.facts import ChainComposed, PlanAdopted, PoolFormed, Recorded
from wis_engine.log.codec import fact_to_dict
from wis_engine.measures import Table
from wis_engine.plain import dump

FIRST, SECOND = "first", "second"
SIDE_ROWS: Final = 40
"""Facts shown side by side."""
_MADE: Final = re.compile(r"[0-9a-f]{12}(?:-[0-9]+)?")
"""Names that a plan gives: its own, and with a number those of its pools and chains."""
_BEFORE: Final = 2
_SHOWN: Final = 12


@frozen(kw_only=True)
class Step:
    """Facts of one kind and day that only one history has and that follow from none such; and what they led to.

    Attributes
    ----------
    history
        «first» or «second».
    facts, position, about
        How many, the position of the first, and the ids that it names.
    followed
        How many facts of each name followed from them, also at one remove:
        their envelopes name them as cause, or they are about what these made.
    """

    history: str
    day: dt.date
    name: str
    facts: int
    position: int
    about: tuple[str, ...]
    followed: tuple[tuple[str, int], ...]

    def __str__(self) -> str:
        """One line: when, in which history, what, and what it led to."""
        many = f" x {self.facts}" if self.facts > 1 else ""
        led = ", ".join(f"{name} x {count}" for name, count in self.followed)
        return f"{self.day}  {self.history:6}  {self.name}{many} {self.about[0] if self.about else ''}" + (
            f" -> {led}" if led else ""
        )


@frozen(kw_only=True)
class Divergence:
    """How two histories differ.

    Attributes
    ----------
    shared
        Position of the last fact that they have in common from the beginning on.
    first, second
        The fact after that, in each; None where a history has ended.
    only_first, only_second
        Facts after it that one has and the other has not, at whatever position.
    steps
        The chain of causes, in order of time.
    side
        Positions around the parting with what each history says there.
    """

    shared: int
    first: Recorded | None
    second: Recorded | None
    only_first: int
    only_second: int
    steps: tuple[Step, ...] = field(repr=False)
    side: Table = field(repr=False)

    @property
    def same(self) -> bool:
        """Whether the histories are one."""
        return self.first is None and self.second is None

    def table(self) -> Table:
        """One row for each step."""
        names = ("day", "history", "name", "facts", "position", "about", "followed")
        rows = (
            (one.day, one.history, one.name, one.facts, one.position, " ".join(one.about), _told(one.followed))
            for one in self.steps
        )
        return Table.of("what followed", names, rows)

    def __str__(self) -> str:
        """Tell it in a few lines."""
        if self.same:
            return f"the same history: {self.shared} facts"
        head = [
            f"the same up to position {self.shared}; then",
            f"  first:  {said(self.first)}",
            f"  second: {said(self.second)}",
            f"{self.only_first} facts only in the first, {self.only_second} only in the second:",
        ]
        more = [f"  and {len(self.steps) - _SHOWN} steps more"] if len(self.steps) > _SHOWN else []
        return "\n".join([*head, *(f"  {one}" for one in self.steps[:_SHOWN]), *more])

    def _repr_html_(self) -> str:
        """Draw both tables for a notebook."""
        return self.side._repr_html_() + self.table()._repr_html_()


def said(recorded: Recorded | None) -> str:
    """Say what a fact is: its name and the ids that it names in the open."""
    if recorded is None or recorded.fact is None:
        return ""
    return " ".join((recorded.fact.name, *recorded.fact.about()))


def _told(followed: tuple[tuple[str, int], ...]) -> str:
    return ", ".join(f"{name} {count}" for name, count in followed)


def diverge(first: Community, second: Community) -> Divergence:
    """Find the first fact at which two histories differ, and what followed.

    Two facts are the same when they say the same, of the same moment, by the
    same actor and from the same cause; keys and when they were recorded do
    not count. After the parting a pool is the same that has the same members
    on the same terms, in whatever plan, and causes do not count either.

    Raises
    ------
    Malformed
        One is no community.

    Notes
    -----
    Both logs are read once, and what comes after the parting is held in memory.
    """
    for community in (first, second):
        if not isinstance(community, Community):
            raise Malformed(f"no community: {type(community).__name__}")
    shared = 0
    before: list[tuple[Recorded, Recorded]] = []
    after: tuple[list[Recorded], list[Recorded]] = ([], [])
    for one, other in zip_longest(first.events(), second.events()):
        if (
            not any(after)
            and one is not None
            and other is not None
            and _text(one, one.cause) == _text(other, other.cause)
        ):
            shared = one.position
            before = [*before[1 - _BEFORE :], (one, other)]
            continue
        for recorded, rest in zip((one, other), after, strict=True):
            if recorded is not None:
                rest.append(recorded)
    only = _only(*after)
    zone = first.network.zone_info
    steps = [
        step
        for history, facts in zip((FIRST, SECOND), only, strict=True)
        for step in _steps(history, facts, lambda one: one.occurred_at.astimezone(zone).date())
    ]
    pairs = [*before, *list(zip_longest(*after))[: SIDE_ROWS - len(before)]]
    rows = ((_position(*pair), said(pair[0]), said(pair[1])) for pair in pairs)
    return Divergence(
        shared=shared,
        first=after[0][0] if after[0] else None,
        second=after[1][0] if after[1] else None,
        only_first=len(only[0]),
        only_second=len(only[1]),
        steps=tuple(sorted(steps, key=lambda one: (one.day, one.history, one.position))),
        side=Table.of("side by side", ("position", FIRST, SECOND), rows),
    )


def _text(recorded: Recorded, cause: str | None) -> bytes:
    """Tell a fact and its envelope, the same for the same."""
    fact = None if recorded.fact is None else (recorded.fact.name, fact_to_dict(recorded.fact))
    return dump([recorded.occurred_at.astimezone(dt.UTC).isoformat(), recorded.actor, cause, fact])


class _Names:
    """What the plans, chains and pools of a history are, by the names that its plans gave them."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def line(self, recorded: Recorded) -> bytes:
        """Tell the next fact in few bytes, without names that only its history knows."""
        match recorded.fact:
            case PlanAdopted(plan=plan):
                self._known[plan] = f"plan of {recorded.occurred_at.isoformat()}"
            case ChainComposed(chain=chain, steps=steps):
                self._known[chain] = f"chain of {' '.join(step.offer for step in steps)}"
            case PoolFormed(pool=pool, members=members):
                self._known[pool] = f"pool of {' '.join(sorted(member.need for member in members))}"
        told = _MADE.sub(lambda found: self._known.get(found[0], found[0]), _text(recorded, None).decode())
        return hashlib.blake2b(told.encode(), digest_size=16).digest()


def _position(one: Recorded | None, other: Recorded | None) -> int:
    found = one or other
    assert found is not None, "a row has a fact"
    return found.position


def _only(first: list[Recorded], second: list[Recorded]) -> tuple[list[Recorded], list[Recorded]]:
    """Keep of each what the other has not under any name, counting what is told twice twice."""
    lines = [list(map(_Names().line, side)) for side in (first, second)]
    kept: list[list[Recorded]] = []
    for side, own, others in ((first, lines[0], lines[1]), (second, lines[1], lines[0])):
        there = Counter(others)
        mine = []
        for recorded, line in zip(side, own, strict=True):
            if there[line]:
                there[line] -= 1
            else:
                mine.append(recorded)
        kept.append(mine)
    return kept[0], kept[1]


def _steps(history: str, facts: list[Recorded], day_of: Callable[[Recorded], dt.date]) -> Iterator[Step]:
    """Put facts under those they follow from, and gather these by day and name."""
    made: dict[str, int] = {}
    root: list[int] = []
    for place, one in enumerate(facts):
        names = () if one.fact is None else one.fact.about()
        parents = [made[name] for name in (one.cause, *names) if name is not None and name in made]
        root.append(root[parents[0]] if parents else place)
        # The first fact that names an id first is the one that made it.
        if names:
            made.setdefault(names[0], place)
    led: dict[int, Counter[str]] = {place: Counter() for place in root}
    for place, one in enumerate(facts):
        if root[place] != place and one.fact is not None:
            led[root[place]][one.fact.name] += 1
    roots = sorted((place for place in led), key=lambda place: (day_of(facts[place]), _name(facts[place]), place))
    for (day, name), places in groupby(roots, key=lambda place: (day_of(facts[place]), _name(facts[place]))):
        mine = list(places)
        followed = sum((led[place] for place in mine), Counter[str]())
        head = facts[mine[0]]
        yield Step(
            history=history,
            day=day,
            name=name,
            facts=len(mine),
            position=head.position,
            about=() if head.fact is None else head.fact.about(),
            followed=tuple(sorted(followed.items())),
        )


def _name(recorded: Recorded) -> str:
    return "" if recorded.fact is None else recorded.fact.name


def causes(community: Community, position: int) -> tuple[Recorded, ...]:
    """Follow a fact back through the causes that envelopes name: the fact itself, what made its cause, and so on.

    Raises
    ------
    Malformed
        There is no fact at this position.
    """
    found = next(community.events(after=position - 1, until=position), None)
    if found is None:
        raise Malformed(f"no fact at position {position}")
    chain = [found]
    while chain[-1].cause is not None:
        # What is named as a cause was there before; the first fact about it made it.
        earlier = next(community.events(about=chain[-1].cause, until=chain[-1].position - 1), None)
        if earlier is None:
            break
        chain.append(earlier)
    return tuple(chain)
