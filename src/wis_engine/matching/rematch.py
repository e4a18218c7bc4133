"""Match again after something changed, and leave alone what it does not touch.

The pools of the plan before stand as they were, but for what is gone or
different in them. Needs that are new, changed, or without a pool now are
placed; then needs that were left out before, where there is room now. A need
that has a place keeps it, unless its pool cannot stand, or it may be moved at
a price to make room for one that has none.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

import attrs

from wis_engine.matching.basis import Changes, basis_of, changes
from wis_engine.matching.chains import shape_fault
from wis_engine.matching.construct import Rules, Servers, construct, place
from wis_engine.matching.drafting import drafted
from wis_engine.matching.exact import Exact
from wis_engine.matching.flow import Flow
from wis_engine.matching.gathering import Shape
from wis_engine.matching.options import Ground, ground_of
from wis_engine.matching.places import Book, book_of
from wis_engine.matching.plan import Plan, PlanPool, Proposal, Since
from wis_engine.matching.pools import Draft
from wis_engine.matching.problem import Problem
from wis_engine.matching.progress import Watch
from wis_engine.matching.proof import OfferPrice, Proof
from wis_engine.matching.proposing import kept, proposal_of
from wis_engine.matching.rules import Rule
from wis_engine.matching.stable import Stable
from wis_engine.matching.strategies import Strategy, name_of, rules_of, watching

LEVELS: Final = 3
NEAR_MAX: Final = 40
MOVES_MAX: Final = 100


class Again:
    """A strategy that goes on from the plan before.

    `exact`, `flow` and `stable` look at the whole problem: the first two keep
    what there was where the whole brings nothing better, `stable` promises
    something of the whole and always goes by it. For any other strategy only
    the neighbourhood of what changed is matched again, by its own rules of who
    may be together; the whole only where a rule for all has changed.

    Attributes
    ----------
    whole
        Whether the answer is that of the strategy for the whole problem.
    """

    def __init__(self, strategy: Strategy, previous: Plan, move_minutes: int | None) -> None:
        self.strategy = strategy
        self.name = name_of(strategy)
        self.previous = previous
        self.move_minutes = move_minutes
        self.whole = False

    def __call__(self, problem: Problem, *, seed: int, effort: int, watch: Watch | None = None) -> Proposal:
        """Propose what stands of the plan before, and what is matched again."""
        watch = watch or Watch(problem, effort)
        ground = ground_of(problem, self.previous.problem)
        found = Rematch(ground, self.previous, rules_of(self.strategy), self.move_minutes)
        looks_at_all = isinstance(self.strategy, (Exact, Flow, Stable))
        if not looks_at_all and not found.changes.everything:
            draft = found.run(effort, watch)
            return proposal_of(draft, proofs=adapted(self.previous.certificate.proofs, problem))
        self.whole = True
        whole = self.strategy(problem, seed=seed, effort=effort, **watching(self.strategy, watch))
        if isinstance(self.strategy, Stable) or not looks_at_all:
            return whole
        draft = found.run(effort, watch)
        if draft.objective()[:LEVELS] > drafted(ground, whole).objective()[:LEVELS]:
            return whole
        return proposal_of(draft, complete=whole.complete, proofs=whole.proofs)


class Rematch:
    """One problem beside the plan of the one before it.

    Parameters
    ----------
    move_minutes
        What moving a need that has a place counts, in covered minutes by their
        weights; None moves nobody.
    """

    def __init__(self, ground: Ground, previous: Plan, rules: Rules, move_minutes: int | None = None) -> None:
        self.ground = ground
        self.previous = previous
        self.rules = rules
        self.move_minutes = move_minutes
        self.servers = Servers(ground)
        self.moves_left = MOVES_MAX
        self.changes: Changes = changes(previous.basis, basis_of(ground.problem))
        self.steps_of = {chain.id: chain.steps for chain in previous.chains}
        self.was = {need: pool for pool in previous.pools for need in pool.needs}
        # Offers at which there is more room than there was, or another price.
        self.touched: set[str] = set(self.changes.offers)

    def run(self, effort: int, watch: Watch) -> Draft:
        """Make the draft again; a step of `effort` is a need that is looked at."""
        draft = self.standing()
        self.search(draft, effort, watch)
        return draft

    def search(self, draft: Draft, effort: int, watch: Watch) -> None:
        """Place needs that have no place, and others where something changed."""
        loose = self._loose(draft)[:effort]
        for name in loose:
            if not self._told(watch, draft) and not place(draft, self.servers, self.rules, name):
                self._make_room(draft, name)
        most = min(effort - len(loose), NEAR_MAX)
        loose = [name for name in loose if name not in draft.pool_of]
        near = self._near(draft, loose)[:most]
        if (loose or near) and not self._told(watch, draft):
            construct(draft, self.servers, self.rules, self._where(loose, near), [*loose, *near])

    def _told(self, watch: Watch, draft: Draft) -> bool:
        return watch.tell(draft.value, kept(draft))

    # What stands of the plan before.

    def standing(self) -> Draft:
        """Open the pools of the plan before, what is gone or does not fit any more left out of them."""
        draft = self._opened(frozenset((Rule.BUDGET,)))
        if draft.short_of_money():
            draft = self._opened(frozenset())
        draft.lifted = frozenset()
        return draft

    def _opened(self, lifted: frozenset[Rule]) -> Draft:
        draft = Draft(self.ground, lifted=lifted)
        # What is as it was comes first: it keeps its minutes, its times and its money.
        for pool in sorted(self.previous.pools, key=lambda pool: (self._is_disturbed(pool), pool.needs)):
            shape = self._shape(pool)
            if shape is None:
                self.touched |= self._offers(pool) & self.ground.offers.keys()
                continue
            same = [need for need in pool.needs if need in self.ground.needs and need not in self.changes.needs]
            members = self._together(pool, same)
            if draft.open(shape, members) is None and (same == members or draft.open(shape, same) is None):
                self._open_part(draft, shape, same)
            if len(same) < len(pool.needs):
                self.touched |= self._offers(pool)
        return draft

    def _together(self, pool: PlanPool, same: Sequence[str]) -> list[str]:
        """Members that are as they were, and of those that changed whoever may still be with them."""
        needs, together = self.ground.needs, self.rules.together
        there = [need for need in pool.needs if need in needs]
        party = together(needs[(same or there)[0]])
        return [need for need in there if need in same or together(needs[need]) == party]

    def _open_part(self, draft: Draft, shape: Shape, members: Sequence[str]) -> None:
        """Keep together as many as still can be, the first in rank first."""
        self.touched |= set(shape.offers)
        ranked = sorted(members, key=self.ground.rank.__getitem__)
        pool = draft.gather(shape, ranked, len(ranked)) if ranked else None
        if pool is not None:
            draft.open(pool.shape, pool.members)

    def _is_disturbed(self, pool: PlanPool) -> bool:
        mine = self.changes
        return not (
            mine.needs.isdisjoint(pool.needs)
            and mine.needs_gone.isdisjoint(pool.needs)
            and (mine.offers | mine.offers_gone).isdisjoint(self._offers(pool))
        )

    def _offers(self, pool: PlanPool) -> frozenset[str]:
        if pool.chain is None:
            return frozenset((pool.offer or "",))
        return frozenset(link.offer for link in self.steps_of[pool.chain])

    def _shape(self, pool: PlanPool) -> Shape | None:
        """Give the shape of a pool if what it is made of is still there."""
        ground = self.ground
        links = () if pool.chain is None else self.steps_of[pool.chain]
        offers = tuple(link.offer for link in links) or (pool.offer or "",)
        first = next((ground.needs[need] for need in pool.needs if need in ground.needs), None)
        if first is None or any(offer not in ground.offers for offer in offers):
            return None
        if len(first.steps or (None,)) != len(offers) or (pool.starts is None) is ground.timed:
            return None
        starts = 0 if pool.starts is None else pool.starts.bits
        offsets = tuple(link.offset_slots for link in links) or (0,)
        shape = Shape(ground.kind(first, offers), offers, offsets, starts)
        return None if shape_fault(ground, shape) else shape

    # Who is placed.

    def _loose(self, draft: Draft) -> list[str]:
        """Needs without a pool that are new, different, or had one: those worth most first."""
        names = [
            need for need in {*self.changes.needs, *self.was} if need in self.ground.needs and need not in draft.pool_of
        ]
        return sorted(names, key=self._worth)

    def _near(self, draft: Draft, loose: Sequence[str]) -> list[str]:
        """Others left out that could use an offer at which something changed, those worth most first."""
        ground, known = self.ground, set(loose)
        if not self.touched:
            return []
        return sorted(
            (
                name
                for name in ground.ranked
                if name not in draft.pool_of
                and name not in known
                and any(not self.touched.isdisjoint(ways) for ways in ground.steps_of(ground.needs[name]))
            ),
            key=self._worth,
        )

    def _where(self, loose: Sequence[str], near: Iterable[str]) -> dict[str, dict[str, float]]:
        """Let needs without a place come together at any offer, others where something changed or the former go."""
        steps_of, needs = self.ground.steps_of, self.ground.needs
        where = {name: {offer: 1.0 for ways in steps_of(needs[name]) for offer in ways} for name in loose}
        here = self.touched.union(*where.values())
        for name in near:
            where[name] = {offer: 1.0 for ways in steps_of(needs[name]) for offer in ways if offer in here}
        return where

    def _worth(self, name: str) -> tuple[int, int]:
        return -self.ground.value[name], self.ground.rank[name]

    def _make_room(self, draft: Draft, name: str) -> bool:
        """Move one need that has a place elsewhere, if what it makes room for is worth it; the cheapest such move."""
        ground = self.ground
        if self.move_minutes is None or ground.value[name] <= self.move_minutes:
            return False
        best: tuple[int, int, int] | None = None
        for number, member in islice(self._rivals(draft, name), self.moves_left):
            self.moves_left -= 1
            before = draft.price_cents
            draft.begin()
            if self._swap(draft, name, number, member):
                found = draft.price_cents - before, number, ground.rank[member]
                best = found if best is None else min(best, found)
            draft.undo()
        if best is None:
            return False
        draft.begin()
        done = self._swap(draft, name, best[1], ground.ranked[best[2]])
        (draft.keep if done else draft.undo)()
        return done

    def _rivals(self, draft: Draft, name: str) -> Iterator[tuple[int, str]]:
        """Members of pools where a need could be, if there were room."""
        need = self.ground.needs[name]
        for number in sorted(draft.of_family.get(self.ground.kinds[name].family, ())):
            if draft.may_be_in(number, need):
                for member in draft.pools[number].members:
                    yield number, member

    def _swap(self, draft: Draft, name: str, number: int, member: str) -> bool:
        """Give one the place of another, who must find one elsewhere."""
        here = frozenset(draft.pools[number].shape.offers)
        return (
            draft.leave(number, member)
            and place(draft, self.servers, self.rules, name, only=here)
            and place(draft, self.servers, self.rules, member)
        )


def since_of(plan: Plan, again: Again) -> Since:
    """Say what a plan has of the one before."""
    previous = again.previous
    mine, theirs = _places(plan), _places(previous)
    asking = plan.covered | {one.need for one in plan.unmatched}
    gap_ppm = plan.certificate.levels[0].gap_ppm
    return Since(
        plan=previous.digest,
        move_minutes=again.move_minutes,
        kept=len(_pools(plan) & _pools(previous)),
        moved=tuple(sorted(need for need, at in theirs.items() if need in asking and mine.get(need) != at)),
        base_gap_ppm=gap_ppm if again.whole else previous.base_gap_ppm,
    )


Where = tuple[object, ...]


def _pools(plan: Plan) -> set[Where]:
    links = {chain.id: chain.steps for chain in plan.chains}
    return {(pool.needs, pool.offer, links.get(pool.chain or ""), pool.starts) for pool in plan.pools}


def _places(plan: Plan) -> dict[str, Where]:
    links = {chain.id: chain.steps for chain in plan.chains}
    return {need: (pool.offer, links.get(pool.chain or ""), pool.starts) for pool in plan.pools for need in pool.needs}


def adapted(proofs: Sequence[Proof], problem: Problem) -> tuple[Proof, ...]:
    """Take over the prices of the plan before for what is still there; any prices of 0 or more prove a bound.

    A need whose ways are not as many as they were, or that is new, has none of
    its own: it pays what minutes cost. Where no need had, quick prices are as
    good as those and are left to be found.
    """
    if not any(proof.needs for proof in proofs):
        return ()
    book = book_of(problem)
    budgets = {budget.id for budget in problem.budgets}
    places = {need: sum(map(len, steps)) for need, steps in book.steps.items()}
    return tuple(
        attrs.evolve(
            proof,
            offers=[one for one in proof.offers if _has(book, one)],
            needs=[one for one in proof.needs if len(one.prices) == places.get(one.need)],
            budgets=[one for one in proof.budgets if one.budget in budgets],
        )
        for proof in proofs
    )


def _has(book: Book, price: OfferPrice) -> bool:
    """Say whether an offer is there, and if rooms are priced has rooms to count."""
    return price.offer in book.sizes and not (price.rooms and book.rooms[price.offer] is None)
