"""Make a draft better by small changes, a counted number of them.

Each change is tried and taken back unless it covers more, or covers as much
at a lower price.
"""

from collections.abc import Callable

from wis_engine.matching.construct import Rules, Servers, place
from wis_engine.matching.pools import Draft
from wis_engine.matching.progress import Watch
from wis_engine.matching.proposing import kept


class _Effort:
    """Steps that are left; spent where the draft is whole, so that a watch may keep it."""

    def __init__(self, draft: Draft, steps: int, watch: Watch | None) -> None:
        self.draft = draft
        self.left = steps
        self.watch = watch

    def spend(self) -> bool:
        self.left -= 1
        if self.watch is not None and self.left >= 0 and self.watch.tell(self.draft.value, kept(self.draft)):
            self.left = -1
        return self.left >= 0


def improve(draft: Draft, servers: Servers, rules: Rules, steps: int, watch: Watch | None = None) -> bool:
    """Insert needs that are left, move members, close pools, until nothing helps or the steps are spent.

    Returns
    -------
    Whether the limit on steps was reached.
    """
    effort = _Effort(draft, steps, watch)
    moves: tuple[Callable[[Draft, Servers, Rules, _Effort], bool], ...] = (_insert, _close, _shift)
    changed = True
    while changed and effort.left > 0:
        changed = False
        for move in moves:
            changed |= move(draft, servers, rules, effort)
    return effort.left <= 0


def _better(draft: Draft, before: tuple[int, int]) -> bool:
    return (-draft.value, draft.price_cents) < before


def _settle(draft: Draft, before: tuple[int, int]) -> bool:
    if _better(draft, before):
        draft.keep()
        return True
    draft.undo()
    return False


def _insert(draft: Draft, servers: Servers, rules: Rules, effort: _Effort) -> bool:
    """Make room for a need that is left by sending one member, or one whole pool, elsewhere."""
    ground, changed = draft.ground, False
    for name in ground.ranked:
        if name in draft.pool_of:
            continue
        wanted = {offer for ways in ground.steps_of(ground.needs[name]) for offer in ways}
        rivals = [number for number, pool in sorted(draft.pools.items()) if wanted.intersection(pool.shape.offers)]
        for number in rivals:
            if number in draft.pools and _displace(draft, servers, rules, effort, name=name, number=number):
                changed = True
                break
            if effort.left <= 0:
                return changed
    return changed


def _displace(draft: Draft, servers: Servers, rules: Rules, effort: _Effort, *, name: str, number: int) -> bool:
    freed = frozenset(draft.pools[number].shape.offers)
    members = sorted(draft.pools[number].members, key=draft.ground.rank.__getitem__, reverse=True)
    for member in members:
        if not effort.spend():
            return False
        before = (-draft.value, draft.price_cents)
        draft.begin()
        if draft.leave(number, member) and place(draft, servers, rules, name, only=freed):
            place(draft, servers, rules, member)
        if _settle(draft, before):
            return True
    if not effort.spend():
        return False
    before = (-draft.value, draft.price_cents)
    draft.begin()
    draft.close(number)
    for member in (name, *reversed(members)):
        place(draft, servers, rules, member)
    return _settle(draft, before)


def _shift(draft: Draft, servers: Servers, rules: Rules, effort: _Effort) -> bool:
    """Move one member to where everybody together pays less."""
    changed = False
    for name in draft.ground.ranked:
        number = draft.pool_of.get(name)
        if number is None:
            continue
        if not effort.spend():
            return changed
        before = (-draft.value, draft.price_cents)
        draft.begin()
        if draft.leave(number, name):
            place(draft, servers, rules, name, avoid=number)
        changed |= _settle(draft, before)
    return changed


def _close(draft: Draft, servers: Servers, rules: Rules, effort: _Effort) -> bool:
    """Close one pool and spread its members over the others."""
    changed = False
    for number in sorted(draft.pools, key=lambda number: (len(draft.pools[number].members), number)):
        if number not in draft.pools:
            continue
        if not effort.spend():
            return changed
        before = (-draft.value, draft.price_cents)
        draft.begin()
        for name in sorted(draft.close(number), key=draft.ground.rank.__getitem__):
            place(draft, servers, rules, name)
        changed |= _settle(draft, before)
    return changed
