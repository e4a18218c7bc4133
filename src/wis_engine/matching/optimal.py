"""The strategy for pools, openings, tiers, chains and budgets together, of any size.

Prices first: they prove a bound, and what both sides trade at them says which
offers suit which needs. Then a plan that is led by it, offer by offer; then
small neighbourhoods of that plan, each solved as an integer programme. Which
ones is drawn by the ledger: where an offer earns less in the plan than it
could at these prices there is most to win.
"""

import random
from collections import defaultdict
from collections.abc import Sequence
from math import gcd
from typing import ClassVar, Final

import numpy as np
from attrs import frozen

from wis_engine.matching.bounds import covered_bound
from wis_engine.matching.cents import CentsSearch
from wis_engine.matching.construct import Rules, Servers, Shares, cheapest_first, construct, largest_first
from wis_engine.matching.making import anyone, greedy
from wis_engine.matching.neighbourhood import Aim, Limits, improve
from wis_engine.matching.options import Ground, ground_of
from wis_engine.matching.outright import outright
from wis_engine.matching.places import book_of
from wis_engine.matching.plan import Proposal
from wis_engine.matching.pools import Draft
from wis_engine.matching.prices import CoveredSearch, Found
from wis_engine.matching.problem import PERCENT, Problem
from wis_engine.matching.progress import Watch
from wis_engine.matching.proof import Proof
from wis_engine.matching.proposing import kept, proposal_of
from wis_engine.matching.scene import Scene
from wis_engine.matching.stalls import Floats, Stalls, chosen_rows

SHARE_LEAST: Final = 0.002
NEAR: Final = 5
ROUND_WORK: Final = 30_000_000
ROUNDS: Final = (90, 300)
GREEDY_NEEDS_MAX: Final = 1_000
KINDS: Final = ((3, 0), (2, 3))
LADDER: Final = 2
PATIENCE: Final = 15
FAVOUR: Final = 0.5
COVER_PERCENT: Final = 70
WHOLE: Final = Limits(nodes=100, columns=5_000)


@frozen(kw_only=True)
class Optimal:
    """Prices, a plan that follows them, and small exact neighbourhoods.

    A step of `effort` is one neighbourhood; up to 60 % of them go to covering
    more, the others to covering as much for less. How long prices are searched
    follows from the size of the problem. With 1,000 needs or fewer the plan of
    `Greedy`, with as much effort, is made too, and never beaten by what comes
    out. The seed draws which neighbourhoods are looked at.
    """

    name: ClassVar[str] = "optimal"

    def __call__(self, problem: Problem, *, seed: int, effort: int, watch: Watch | None = None) -> Proposal:
        """Propose, with proofs for all levels."""
        ground = ground_of(problem)
        stalls = Stalls(book_of(problem))
        if not len(stalls):
            return proposal_of(Draft(ground))
        work = _Work(ground, stalls, random.Random(seed), watch)  # noqa: S311 - a search, no secret
        draft = work.run(effort)
        return proposal_of(draft, proofs=work.proofs(draft.value))


class _Work:
    """One search: prices, then a draft."""

    def __init__(self, ground: Ground, stalls: Stalls, rng: random.Random, watch: Watch | None) -> None:
        self.ground = ground
        self.watch = watch
        self.stalls = stalls
        self.rng = rng
        self.servers = Servers(ground)
        self.rules = Rules(anyone, None, cheapest_first)
        self.rounds = max(ROUNDS[0], min(ROUNDS[1], ROUND_WORK // len(stalls)))
        self.covered = CoveredSearch(stalls)
        self.found = self.covered.run(self.rounds)
        self.proof = self.covered.proof(self.found)
        self.bound = covered_bound(stalls.book, self.proof)
        self.unit = 1.0 / max(1, gcd(*(int(value) for value in stalls.value)))
        self.cents = CentsSearch(stalls)
        self.row = {(place.need, place.offer): row for row, place in enumerate(stalls.places)}

    def run(self, effort: int) -> Draft:
        """Make a draft and improve it."""
        everybody = self.bound >= int(self.stalls.value.sum())
        nothing = np.zeros(len(self.stalls))
        found, rate, costs = self.found, 0.0, nothing
        if everybody:
            (found, rate), costs = self.cents.run(self.rounds, self.bound), self.cents.cheapest
        draft, effort = self._start(found, costs, rate, effort)
        base = [draft.copy()]
        if len(self.ground.needs) <= GREEDY_NEEDS_MAX:
            base.append(greedy(self.ground, effort, self.watch))
        draft = min(base, key=Draft.objective).copy()
        left = self._search(draft, found, costs, Aim(self.unit, 0.0, least=1), effort * COVER_PERCENT // PERCENT)
        found, rate = self.cents.run(self.rounds, draft.value)
        left += effort - effort * COVER_PERCENT // PERCENT
        self._search(draft, found, self.cents.cheapest, Aim(0.0, 1.0, least=0), left)
        return min((draft, *base), key=Draft.objective)

    def proofs(self, covered: int) -> tuple[Proof, ...]:
        """Give what proves the bounds of a plan that covers so much."""
        found, rate = self.cents.run(self.rounds, covered)
        total = self.cents.proof(found, rate)
        return self.proof, self.cents.household(total, covered), total

    def _shares(self, found: Found, costs: Floats) -> Shares:
        """Say which places are worth a thought: those that were traded, and for each step the nearest to being so."""
        stalls = self.stalls
        share = np.maximum(found.bought, found.sold)
        least, _ = chosen_rows(found.paid, stalls.first, stalls.part)
        far = found.paid - least[stalls.part]
        far += np.maximum(0.0, costs + found.minute[stalls.offer] * stalls.minutes - found.paid)
        order = np.lexsort((far, stalls.part))
        near = np.zeros(len(stalls), dtype=bool)
        near[order[np.arange(len(stalls)) - stalls.first[stalls.part] < (1 if self.ground.timed else NEAR)]] = True
        shares: dict[str, dict[str, float]] = defaultdict(dict)
        for row in np.flatnonzero(((share > SHARE_LEAST) | near) & stalls.usable).tolist():
            place = stalls.places[row]
            mine = shares[place.need]
            mine[place.offer] = max(float(share[row]), SHARE_LEAST, mine.get(place.offer, 0.0))
        return dict(shares)

    def _start(self, found: Found, costs: Floats, rate: float, effort: int) -> tuple[Draft, int]:
        """Fill offer after offer, the scarcest first, as prices favour; then place whoever is left."""
        draft = Draft(self.ground)
        scene = Scene(draft, self.servers, self.rules, self._shares(found, costs), self.rng)
        scarce = sorted(
            (-float(price), offer.id) for offer, price in zip(self.stalls.offers, found.minute, strict=True)
        )
        aim = Aim(rate, 1.0, favour=FAVOUR) if rate else Aim(self.unit, 0.0, favour=FAVOUR)
        for _, offer in scarce[:effort]:
            improve(scene, (offer,), (), aim)
            if self._ends(draft):
                break
        construct(draft, self.servers, Rules(anyone, None, largest_first))
        return draft, max(0, effort - len(scarce))

    def _search(self, draft: Draft, found: Found, costs: Floats, aim: Aim, effort: int) -> int:
        """Solve neighbourhoods of a draft, larger ones after many in vain; say how many steps were not needed."""
        scene = Scene(draft, self.servers, self.rules, self._shares(found, costs), self.rng)
        offers = sorted(scene.wanted)
        if not offers or (self.watch is not None and self.watch.stopped is not None):
            return effort
        purses = sorted(name for name, short in scene.short.items() if short)
        gaps = self._gaps(draft, found)
        misses, more, patience = 0, 0, PATIENCE + len(offers) // 2
        for step in range(self._whole(scene, found, aim, effort), effort):
            if self._ends(draft) or (aim.least and draft.value >= self.bound):
                return effort - step
            count, drawn = KINDS[step % len(KINDS)]
            chosen = self._draw(scene, gaps, min(len(offers), count + more))
            if improve(scene, chosen, self.rng.sample(purses, min(len(purses), drawn)), aim):
                misses = 0
                gaps = self._gaps(draft, found)
            else:
                misses += 1
            if misses > patience:
                misses, more = 0, more + 1
                if more > LADDER:
                    return effort - step - 1
        return 0

    def _ends(self, draft: Draft) -> bool:
        """Tell of one step; say whether somebody asks to end."""
        return self.watch is not None and self.watch.tell(draft.value, kept(draft, (self.proof,)), self.bound)

    def _whole(self, scene: Scene, found: Found, aim: Aim, effort: int) -> int:
        """Look at all offers at once, where nothing has a time and places are few; give its steps, one for a node."""
        nodes = min(WHOLE.nodes, effort // 4)
        few = not self.ground.timed and sum(map(len, scene.wanted.values())) <= WHOLE.columns
        if not few or not nodes or (aim.least and scene.draft.value >= self.bound):
            return 0
        if not aim.least and any(offer.opening_cents for offer in self.stalls.offers):
            prices = zip(self.stalls.offers, found.minute.tolist(), strict=True)
            outright(scene, {offer.id: price for offer, price in prices}, nodes)
        improve(scene, sorted(scene.wanted), (), aim, WHOLE._replace(nodes=nodes))
        return nodes

    def _gaps(self, draft: Draft, found: Found) -> dict[str, float]:
        """Say for each offer what it earns at the prices less what it earns in the draft."""
        stalls = self.stalls
        most = np.bincount(stalls.offer, weights=found.sold * found.paid, minlength=len(stalls.offers))
        rows = [
            self.row[need, offer]
            for pool in draft.pools.values()
            for offer in pool.shape.offers
            for need in pool.members
        ]
        got = np.bincount(stalls.offer[rows], weights=found.paid[rows], minlength=len(stalls.offers))
        least = float(most.mean()) / PERCENT + 1.0
        gaps = np.maximum(least, most - got).tolist()
        return {offer.id: gap for offer, gap in zip(stalls.offers, gaps, strict=True)}

    def _draw(self, scene: Scene, gaps: dict[str, float], count: int) -> list[str]:
        """Draw an offer by its gap, and others that needs would go to instead."""
        offers = sorted(scene.wanted)
        chosen = self._pick(offers, [gaps[offer] for offer in offers], 1)
        while len(chosen) < count:
            weights: dict[str, float] = defaultdict(float)
            for need in self.rng.choices(scene.wanted[chosen[0]], k=20):
                for offer, share in scene.shares[need].items():
                    if offer not in chosen:
                        weights[offer] += share * gaps[offer] ** 0.5
            if not weights:
                break
            listed = sorted(weights)
            chosen += self._pick(listed, [weights[offer] for offer in listed], 1)
        return chosen

    def _pick(self, names: Sequence[str], weights: Sequence[float], count: int) -> list[str]:
        return self.rng.choices(names, weights, k=count)
