"""A plan in which nobody has a reason to go round it.

Needs ask the offers they like best; an offer keeps whom it must serve first and
sends the others on to the next of their list. In the end no need and no offer
would both rather have each other: no pair is *blocking*. Of all such plans it
is the best for every need, and no need gains by asking in another order than it
means. Source: Gale and Shapley, «College admissions and the stability of
marriage», 1962; Roth, «The economics of matching: stability and incentives»,
1982.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import partial
from heapq import heappop, heappush
from typing import ClassVar, Final

from attrs import field, frozen

from wis_engine.errors import Malformed, StrategyError
from wis_engine.matching.collect import as_tuple
from wis_engine.matching.options import Ground, ground_of
from wis_engine.matching.plan import Proposal
from wis_engine.matching.problem import Need, Offer, Problem
from wis_engine.matching.singles import Single, Singles, singles_of
from wis_engine.shapes import exactly, tuple_of
from wis_engine.values import Minutes

OUT: Final = -1
NOWHERE: Final = 1 << 40


class Criterion(StrEnum):
    """What a need looks at when it compares two offers."""

    PRICE = "price"
    DISTANCE = "distance"
    QUALITY = "quality"


def deferred_acceptance(
    wishes: Sequence[Sequence[int]],
    ranks: Sequence[Mapping[int, int]],
    room: Sequence[Minutes],
    minutes: Sequence[Sequence[Minutes]] | None = None,
) -> list[int]:
    """Let rows ask down their lists, and columns keep the best who fit.

    Parameters
    ----------
    wishes
        For each row the columns that it wants, best first.
    ranks
        For each column the place of each row in its own list, the lower the
        better; no two rows have the same.
    room
        Minutes of each column.
    minutes
        What each wish takes, row by row as in `wishes`; by default 1, so that
        `room` counts rows.

    Returns
    -------
    The column of each row; `OUT` is none.

    Notes
    -----
    A column that is asked keeps of its rows, from the best on, whoever fits.
    Where all its rows take the same, the outcome is the stable one that is
    best for every row; in whatever order the rows ask, it is the same one.
    Each row asks each column once: W log W for W wishes.
    """
    at = [OUT] * len(wishes)
    asked = [0] * len(wishes)
    left = list(room)
    kept: list[list[tuple[int, int, Minutes]]] = [[] for _ in room]
    asking = list(reversed(range(len(wishes))))
    while asking:
        # Whoever is sent away asks again at once.
        row = asking.pop()
        place = asked[row]
        if place == len(wishes[row]):
            continue
        asked[row] = place + 1
        column = wishes[row][place]
        taken = 1 if minutes is None else minutes[row][place]
        at[row] = column
        if taken:
            heappush(kept[column], (-ranks[column][row], row, taken))
            left[column] -= taken
            if left[column] < 0:
                away, left[column] = _sent_away(kept[column], left[column])
                for one in away:
                    at[one] = OUT
                asking += away
    return at


def _sent_away(heap: list[tuple[int, int, Minutes]], left: Minutes) -> tuple[list[int], Minutes]:
    """Take the last of a column's rows off until the others fit; one that is too large sends nobody else away."""
    off = []
    while left < 0:
        off.append(heappop(heap))
        left += off[-1][2]
    away = []
    for one in reversed(off):
        if one[2] <= left:
            heappush(heap, one)
            left -= one[2]
        else:
            away.append(one[1])
    return away, left


@frozen(kw_only=True)
class Stable:
    """Needs ask, offers keep: deferred acceptance, each need served by itself.

    A need prefers what costs its household less, then what is nearer (a
    distance that is not known comes last), then the better quality, then the
    smaller id. An offer prefers the higher priority, then the nearer need, then
    the smaller id. No pair is blocking where it is known how many needs an
    offer takes; where the minutes of needs differ nothing is promised, and
    `blocking_pairs` lists what there is. Offers that ask for company serve
    nobody here. Chains, people with several needs, sessions at once and budgets
    that may run out are refused with `StrategyError`.

    Parameters
    ----------
    by
        What needs look at, in order.
    """

    name: ClassVar[str] = "stable"

    by: tuple[Criterion, ...] = field(
        default=(Criterion.PRICE, Criterion.DISTANCE, Criterion.QUALITY),
        converter=as_tuple,
        validator=tuple_of(exactly(Criterion)),
    )

    def __attrs_post_init__(self) -> None:
        """Refuse the same criterion twice."""
        if len(set(self.by)) != len(self.by):
            raise Malformed("stable: by names a criterion twice")

    def __call__(self, problem: Problem, *, seed: int, effort: int) -> Proposal:
        """Propose; neither seed nor effort is used."""
        del seed, effort
        singles = singles_of(ground_of(problem), self.name)
        offers = [offer.id for offer in problem.offers]
        column = {offer: number for number, offer in enumerate(offers)}
        liked = self._liked_by(singles)
        found = deferred_acceptance(
            [[column[single.offer] for single in listed] for listed in liked],
            _ranks(singles, column),
            [singles.left[offer] for offer in offers],
            [[single.minutes for single in listed] for listed in liked],
        )
        chosen = {need.id: offers[column] for need, column in zip(problem.needs, found, strict=True) if column != OUT}
        return Proposal(placements=singles.placements(chosen))

    def promises(self, problem: Problem) -> bool:
        """Say whether it is known how many needs each offer takes, so that no pair will be blocking."""
        singles = singles_of(ground_of(problem), self.name)
        try:
            singles.quotas()
        except StrategyError:
            return False
        return True

    def _liked_by(self, singles: Singles) -> list[list[Single]]:
        """For each need the offers that would serve it alone, best first."""
        ground = singles.ground
        return [sorted(singles.of[need.id], key=partial(self._liked, ground, need)) for need in ground.problem.needs]

    def _liked(self, ground: Ground, need: Need, single: Single) -> tuple[object, ...]:
        offer = ground.offers[single.offer]
        looked = {
            Criterion.PRICE: single.household_cents,
            Criterion.DISTANCE: _way(ground, need, offer) if Criterion.DISTANCE in self.by else 0,
            Criterion.QUALITY: -offer.quality_percent,
        }
        return (*(looked[criterion] for criterion in self.by), single.offer)


def _ranks(singles: Singles, column: Mapping[str, int]) -> list[dict[int, int]]:
    """For each offer the place of each need that it would serve: by priority, then the nearer, then by id."""
    ground = singles.ground
    asking: list[list[tuple[int, int, int]]] = [[] for _ in column]
    for row, need in enumerate(ground.problem.needs):
        for single in singles.of[need.id]:
            asking[column[single.offer]].append((-need.priority, _way(ground, need, ground.offers[single.offer]), row))
    return [{row: rank for rank, (_, _, row) in enumerate(sorted(keys))} for keys in asking]


def _way(ground: Ground, need: Need, offer: Offer) -> int:
    """Metres between a need and an offer; farther than anything when one of them has no place."""
    if need.place is None or offer.place is None:
        return NOWHERE
    return ground.distance(need.place, offer.place)
