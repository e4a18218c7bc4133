"""Which offers to open, and then who goes where: for problems in which nothing has a time.

An offer that pays its opening once is worth it for the needs of many others,
which small neighbourhoods do not see. Here all offers are looked at together,
in two integer programmes that are easy one after the other and hard as one:
first whole offers with needs in parts, then whole needs at the offers that
were opened. What fits in parts need not fit whole, so that offers are also
tried as if they had a little less. Source: the pools of a plan first, as in
kernel search; Guastaroba and Speranza, «A heuristic for BILP problems: the
single source capacitated facility location problem», 2014.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from wis_engine.matching.construct import place
from wis_engine.matching.gathering import Shape
from wis_engine.matching.pools import Draft
from wis_engine.matching.programme import Programme
from wis_engine.matching.scene import Scene
from wis_engine.values import Minutes

SPARE_PERMILLE: Final = (0, 2, 10)
NEAR: Final = 6
GAP: Final = 0.001
Room = Mapping[str, Minutes]
"""Minutes of each offer that nothing but the draft has taken."""


def outright(scene: Scene, minute: Mapping[str, float], nodes: int) -> bool:
    """Place all needs of a draft anew, for less, covering no less; say whether that was found.

    Parameters
    ----------
    minute
        What a minute of each offer is worth.
    nodes
        How long each programme is searched.
    """
    better, room = False, Draft(scene.ground).left
    for spare in SPARE_PERMILLE:
        opened = _opened(scene, room, spare, nodes)
        better |= bool(opened) and _settle(scene, _going(scene, room, opened, minute, nodes))
    return better


def _opened(scene: Scene, room: Room, spare: int, nodes: int) -> list[str]:
    """Choose the offers to open if each had so many thousandths of its minutes less, with needs in parts."""
    ground, programme = scene.ground, Programme()
    offers = sorted(scene.wanted)
    opens = {offer: programme.column(float(ground.offers[offer].opening_cents)) for offer in offers}
    places = _Places(scene, programme)
    for offer in offers:
        for need in scene.wanted[offer]:
            column = places.add(need, offer)
            programme.row([(column, 1.0), (opens[offer], -1.0)], high=0.0)
        programme.row([*places.used[offer], (opens[offer], -float(room[offer] * (1_000 - spare) // 1_000))], high=0.0)
    places.limit()
    chosen = set(programme.solve(nodes, GAP, halves=places.of))
    return [offer for offer in offers if opens[offer] in chosen]


def _going(
    scene: Scene, room: Room, opened: list[str], minute: Mapping[str, float], nodes: int
) -> dict[str, list[str]]:
    """Choose who goes to which of the opened offers, each to one of those nearest to its price."""
    ground, programme = scene.ground, Programme()
    places, among = _Places(scene, programme), frozenset(opened)
    for need in ground.ranked:
        ways = ground.ways[need]
        ranked = sorted(
            (ways[offer].price_cents + minute[offer] * ways[offer].minutes, offer) for offer in ways.keys() & among
        )
        for _, offer in ranked[:NEAR]:
            places.add(need, offer)
    for offer in opened:
        programme.row(places.used[offer], high=float(room[offer]))
    places.limit()
    going: dict[str, list[str]] = defaultdict(list)
    for column in programme.solve(nodes, GAP):
        need, offer = places.of[column]
        going[offer].append(need)
    return going


class _Places:
    """Columns for needs at offers."""

    def __init__(self, scene: Scene, programme: Programme) -> None:
        self.scene = scene
        self.programme = programme
        self.of: dict[int, tuple[str, str]] = {}
        self.used: dict[str, list[tuple[int, float]]] = defaultdict(list)
        self._needs: dict[str, list[tuple[int, float]]] = defaultdict(list)

    def add(self, need: str, offer: str) -> int:
        """Add that a need goes to an offer."""
        way = self.scene.ground.ways[need][offer]
        column = self.programme.column(float(way.price_cents))
        self.of[column] = need, offer
        self.used[offer].append((column, float(way.minutes)))
        self._needs[need].append((column, 1.0))
        return column

    def limit(self) -> None:
        """Let each need go to one offer at most, and all together cover what they cover now."""
        value, held = self.scene.ground.value, self.scene.draft.value
        everybody = sum(value[need] for need in self._needs) == held
        for columns in self._needs.values():
            self.programme.row(columns, low=float(everybody), high=1.0)
        if not everybody:
            covered = [(column, float(value[need])) for column, (need, _) in self.of.items()]
            self.programme.row(covered, low=float(held))


def _settle(scene: Scene, going: Mapping[str, list[str]]) -> bool:
    """Do in the draft what was chosen, or leave it as it was if that is not better."""
    draft, ground = scene.draft, scene.ground
    before = -draft.value, draft.price_cents
    draft.begin()
    for number in sorted(draft.pools):
        draft.close(number)
    for offer, needs in sorted(going.items()):
        shape = Shape(ground.kinds[needs[0]], (offer,), (0,), 0)
        pool = draft.gather(shape, sorted(needs, key=ground.rank.__getitem__), len(needs))
        if pool is not None:
            draft.open(pool.shape, pool.members)
    for need in ground.ranked:
        if need not in draft.pool_of:
            place(draft, scene.servers, scene.rules, need)
    if (-draft.value, draft.price_cents) < before:
        draft.keep()
        return True
    draft.undo()
    return False
