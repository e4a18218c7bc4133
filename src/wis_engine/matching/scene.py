"""What the neighbourhoods of a draft are made of: who could be where, and who draws on which purse."""

import random
from collections import defaultdict

from wis_engine.matching.construct import Pair, Rules, Servers, Shares
from wis_engine.matching.money import due_cents, payer
from wis_engine.matching.options import Family
from wis_engine.matching.pools import Draft
from wis_engine.values import Cents


class Scene:
    """A draft with what a search of its neighbourhoods looks up again and again.

    Attributes
    ----------
    wanted
        For each offer, needs that prices favour for it.
    mates
        For each purse, the needs that draw on it; a purse is a household's, or one need's own.
    short
        Whether a purse may not do for all of them.
    """

    def __init__(self, draft: Draft, servers: Servers, rules: Rules, shares: Shares, rng: random.Random) -> None:
        self.draft = draft
        self.ground = draft.ground
        self.servers = servers
        self.rules = rules
        self.shares = shares
        self.rng = rng
        self.wanted: dict[str, list[str]] = defaultdict(list)
        for need in sorted(shares):
            for offer in shares[need]:
                self.wanted[offer].append(need)
        self.mates: dict[str, list[str]] = defaultdict(list)
        for one in self.ground.problem.needs:
            if one.price_limit_cents is not None and self.ground.budgets[one.id]:
                self.mates[payer(one)].append(one.id)
        self.pairs_of: dict[str, list[Pair]] = defaultdict(list)
        self.spots: dict[int, dict[str, int]] = {}
        for pair in self._pairs():
            self.spots[id(pair)] = {need: spot for spot, need in enumerate(pair.needs)}
            for offer in pair.server.offers:
                self.pairs_of[offer].append(pair)
        self.caps: dict[str, Cents] = {}
        self._drawn = {
            (budget.id, one.household): one.cents for budget in self.ground.problem.budgets for one in budget.drawn
        }
        self.short = {name: self._is_short(name) for name in self.mates}

    def _pairs(self) -> list[Pair]:
        ground = self.ground
        families: dict[Family, list[str]] = {}
        for name in ground.ranked:
            if all(ground.steps_of(ground.needs[name])):
                families.setdefault(ground.kinds[name].family, []).append(name)
        return [
            Pair(self.servers, kind, alike, server)
            for needs in families.values()
            for server in self.servers.of_needs(needs)
            for kind, alike in ground.alike(needs, server.offers)
        ]

    def _is_short(self, name: str) -> bool:
        """Say whether a purse may not do for all who draw on it, were each to be served by its dearest offer."""
        ground = self.ground
        dues = 0
        for mate in self.mates[name]:
            need = ground.needs[mate]
            dearest = sum(max((way.price_cents for way in ways.values()), default=0) for ways in ground.steps_of(need))
            dues += due_cents(need, dearest)
        return dues > self.cap(name)

    def cap(self, name: str) -> Cents:
        """Most public money that those who have one purse may draw."""
        if name not in self.caps:
            budgets = {budget for mate in self.mates[name] for budget in self.ground.budgets[mate]}
            total = 0
            for budget in budgets:
                ceiling = budget.household_cap_cents
                mine = budget.cap_cents if ceiling is None else ceiling - self._drawn.get((budget.id, name), 0)
                total += max(0, min(budget.cap_cents, mine))
            self.caps[name] = total
        return self.caps[name]
