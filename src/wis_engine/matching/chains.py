"""Offers of different suppliers joined in time and place.

A chain has one offer a step, all on one day. A step begins at or after the end
of the half-hour in which the step before ends, waits no longer than its
hand-over allows and lies no farther than it allows.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise, permutations
from typing import Final, NamedTuple
from weakref import WeakKeyDictionary

from attrs import frozen

from wis_engine.errors import Malformed
from wis_engine.matching.gathering import Shape
from wis_engine.matching.money import alone_cents
from wis_engine.matching.options import Ground, ground_of
from wis_engine.matching.problem import PERCENT, STEPS_MAX, Need, Offer, Problem, Step
from wis_engine.matching.rules import Rule
from wis_engine.matching.weeks import bits_of, runs
from wis_engine.values import SLOT_MINUTES, SLOTS_A_DAY, SLOTS_A_WEEK, Cents, Metres, Minutes, WeekSlots, slots_for

ALTERNATIVES: Final = 3
LABELS_MAX: Final = 100_000
DISCOVERY_EFFORT: Final = 300_000
SERVICES_MAX: Final = 8
_DAYS: Final = SLOTS_A_WEEK // SLOTS_A_DAY
_Key = tuple[tuple[Step, ...], tuple[tuple[str, ...], ...]]
_MADE: Final["WeakKeyDictionary[Ground, dict[_Key, Chains]]"] = WeakKeyDictionary()


class Joined(NamedTuple):
    """One way to join offers: which, how many half-hours after the start, where it may begin."""

    offers: tuple[str, ...]
    offsets: tuple[int, ...]
    starts: int


class Chains(NamedTuple):
    """Chains for some steps, cheapest first, and whether all were looked at within the bound on steps."""

    chains: tuple[Joined, ...]
    complete: bool
    looked_at: int


class _Label(NamedTuple):
    """A chain up to some step: when it ends, its price, what it lacks in quality, and where it may begin."""

    end: int
    price_cents: Cents
    lack_percent: int
    offers: tuple[str, ...]
    offsets: tuple[int, ...]
    starts: int


@lru_cache(maxsize=128)
def same_day(offset: int) -> int:
    """Half-hours of the week from which `offset` more stay on the same day."""
    row = (1 << max(0, SLOTS_A_DAY - offset)) - 1
    return sum(row << (day * SLOTS_A_DAY) for day in range(_DAYS))


def supplier_of(offer: Offer) -> str:
    """Name the supplier; an offer whose supplier is not known counts as one of its own."""
    return offer.supplier or f"\0{offer.id}"


def _way(ground: Ground, before: Offer, offer: Offer) -> Metres | None:
    return None if before.place is None or offer.place is None else ground.distance(before.place, offer.place)


def may_follow(before: Offer, offer: Offer, step: Step, distance: Metres | None) -> bool:
    """Say whether an offer may take over from another, time apart."""
    near = step.distance_max_m is None or distance is None or distance <= step.distance_max_m
    return near and supplier_of(before) != supplier_of(offer)


def chains_of(ground: Ground, steps: tuple[Step, ...], offers: tuple[tuple[str, ...], ...]) -> Chains:
    """Join offers as `joined` does, once for each ground."""
    made = _MADE.setdefault(ground, {})
    key = steps, offers
    if key not in made:
        made[key] = joined(ground, steps, offers)
    return made[key]


def joined(
    ground: Ground,
    steps: tuple[Step, ...],
    offers: Sequence[Sequence[str]],
    keep: int | None = ALTERNATIVES,
    limit: int = LABELS_MAX,
) -> Chains:
    """List the chains for the steps, cheapest first.

    Parameters
    ----------
    offers
        For each step, the offers that may take it.
    keep
        A chain is left out, at a start, when this many others that begin then
        are at least as good in end, price and lowest quality; None keeps all.
    limit
        How many chains are looked at, whole ones and beginnings.

    Notes
    -----
    All starts of a week are carried at once, as one mask. Before the last step
    only chains with the same last offer and the same end are compared: what
    may follow depends on nothing else but the suppliers.
    """
    search = _Search(ground, steps, limit)
    labels = [label for offer in offers[0] for label in search.first(ground.offers[offer])]
    for place in range(1, len(steps)):
        grown = [label for before in labels for name in offers[place] for label in search.extended(before, name, place)]
        labels = grown if keep is None else _pruned(ground, grown, keep, last=place == len(steps) - 1)
    labels.sort(key=lambda one: (one.price_cents, one.end, one.lack_percent, one.offers, one.offsets))
    whole = tuple(Joined(label.offers, label.offsets, label.starts) for label in labels)
    return Chains(whole, search.left >= 0, limit - max(0, search.left))


class _Search:
    """Lengthens chains by one step, as long as its bound lasts."""

    def __init__(self, ground: Ground, steps: tuple[Step, ...], limit: int) -> None:
        self.ground = ground
        self.steps = steps
        self.left = limit
        self.slots = [slots_for(step.minutes) for step in steps]
        self.suppliers = {name: supplier_of(offer) for name, offer in ground.offers.items()}
        self._follows: dict[tuple[str, str, int], bool] = {}

    def first(self, offer: Offer) -> Iterator[_Label]:
        """Begin a chain with one offer."""
        starts = runs(offer.slots.bits, self.slots[0])
        if starts and self._spend():
            cents = _step_cents(offer, self.steps[0])
            yield _Label(self.slots[0], cents, PERCENT - offer.quality_percent, (offer.id,), (0,), starts)

    def extended(self, label: _Label, name: str, place: int) -> Iterator[_Label]:
        """Give one more step to a chain, once for each wait that it allows."""
        offer, step, slots = self.ground.offers[name], self.steps[place], self.slots[place]
        supplier = self.suppliers[name]
        if not self._may_follow(label.offers[-1], name, place) or any(
            self.suppliers[before] == supplier for before in label.offers
        ):
            return
        possible = runs(offer.slots.bits, slots)
        cents = label.price_cents + _step_cents(offer, step)
        lack_percent = max(label.lack_percent, PERCENT - offer.quality_percent)
        for offset in range(label.end, min(label.end + step.gap_max_minutes // SLOT_MINUTES + 1, SLOTS_A_DAY)):
            starts = label.starts & (possible >> offset) & same_day(offset)
            if starts and self._spend():
                offers, offsets = (*label.offers, name), (*label.offsets, offset)
                yield _Label(offset + slots, cents, lack_percent, offers, offsets, starts)

    def _may_follow(self, last: str, name: str, place: int) -> bool:
        key = last, name, place
        if key not in self._follows:
            before, offer = self.ground.offers[last], self.ground.offers[name]
            self._follows[key] = may_follow(before, offer, self.steps[place], _way(self.ground, before, offer))
        return self._follows[key]

    def _spend(self) -> bool:
        self.left -= 1
        return self.left >= 0


def _step_cents(offer: Offer, step: Step) -> Cents:
    return alone_cents(offer, step.minutes) + offer.opening_cents


def _pruned(ground: Ground, labels: list[_Label], keep: int, *, last: bool) -> list[_Label]:
    kept: dict[object, list[_Label]] = {}
    for label in sorted(labels):
        group = kept.setdefault(None if last else (label.end, label.offers[-1]), [])
        better = [
            other
            for other in group
            if other.end <= label.end
            and other.price_cents <= label.price_cents
            and other.lack_percent <= label.lack_percent
        ]
        starts = label.starts & ~_crowded(ground, label, better, keep, last=last)
        if starts:
            group.append(label._replace(starts=starts))
    return [label for group in kept.values() for label in group]


def _crowded(ground: Ground, label: _Label, better: list[_Label], keep: int, *, last: bool) -> int:
    """Where a label may begin but enough better ones begin too.

    A next supplier may be one of those in a better chain, so one more set of
    suppliers is kept, or as many chains with the very suppliers of this one.
    """
    if len(better) < keep:
        return 0
    if last:
        return _at_least(keep, (other.starts for other in better))
    by_suppliers: dict[frozenset[str], int] = {}
    for other in better:
        suppliers = _suppliers(ground, other)
        by_suppliers[suppliers] = by_suppliers.get(suppliers, 0) | other.starts
    own = _suppliers(ground, label)
    same = _at_least(keep, (other.starts for other in better if _suppliers(ground, other) == own))
    return same | _at_least(keep + 1, by_suppliers.values())


def _at_least(count: int, masks: Iterable[int]) -> int:
    """Bits that are marked in so many masks or more."""
    heights = [0] * count
    for mask in masks:
        carry = mask
        for height, marked in enumerate(heights):
            heights[height] = marked | carry
            carry &= marked
            if not carry:
                break
    return heights[-1]


def _suppliers(ground: Ground, label: _Label) -> frozenset[str]:
    return frozenset(supplier_of(ground.offers[name]) for name in label.offers)


def shape_fault(ground: Ground, shape: Shape) -> Rule | None:
    """Say which rule the shape of a pool breaks before anyone is in it."""
    if not ground.timed:
        return Rule.TIME if shape.starts or len(shape.offers) != 1 else None
    kind = shape.kind
    lengths = [slots_for(step.minutes) for step in kind.steps] or [kind.half_hours]
    offers = [ground.offers[name] for name in shape.offers]
    if len(offers) != len(lengths) or len(shape.offsets) != len(lengths) or shape.offsets[0] != 0:
        return Rule.CHAIN
    days = [slot // SLOTS_A_DAY for slot in bits_of(shape.starts)]
    if len(days) != kind.pace.weekly or (kind.pace.apart and len(set(days)) != len(days)):
        return Rule.TIME
    if any(later - earlier < shape.span for earlier, later in pairwise(bits_of(shape.starts))):
        return Rule.TIME
    for offer, length, offset in zip(offers, lengths, shape.offsets, strict=True):
        if shape.starts << max(0, offset) & ~runs(offer.slots.bits, length):
            return Rule.TIME
    return _join_fault(ground, shape, offers)


def _join_fault(ground: Ground, shape: Shape, offers: Sequence[Offer]) -> Rule | None:
    steps = shape.kind.steps
    if len({supplier_of(offer) for offer in offers}) != len(offers) or shape.starts & ~same_day(shape.offsets[-1]):
        return Rule.CHAIN
    for place in range(1, len(steps)):
        before, offer, step = offers[place - 1], offers[place], steps[place]
        gap = shape.offsets[place] - shape.offsets[place - 1] - slots_for(steps[place - 1].minutes)
        way = _way(ground, before, offer)
        if not 0 <= gap * SLOT_MINUTES <= step.gap_max_minutes or not may_follow(before, offer, step, way):
            return Rule.CHAIN
    return None


@frozen(kw_only=True)
class Discovery:
    """A chain that offers could form, and the open needs it could serve."""

    services: tuple[str, ...]
    offers: tuple[str, ...]
    offsets: tuple[int, ...]
    minutes: tuple[Minutes, ...]
    starts: WeekSlots
    needs: tuple[str, ...]
    quality_percent: int
    price_cents: Cents


class Discoveries(NamedTuple):
    """Chains that offers could form, the best first, and whether all were looked at within the effort."""

    chains: tuple[Discovery, ...]
    complete: bool


def discover_chains(
    problem: Problem,
    *,
    steps_max: int = STEPS_MAX,
    gap_max_minutes: Minutes = 30,
    distance_max_m: Metres | None = 2_000,
    limit: int = 20,
    effort: int = DISCOVERY_EFFORT,
) -> Discoveries:
    """Find chains of two or three offers that several open needs ask for together.

    Services are worth joining, in an order, when one household or one
    beneficiary has needs for all of them, or a composite need has them as its
    steps. The length of a step is the commonest session of that service among
    the needs, the shorter at a tie.

    Parameters
    ----------
    effort
        How many chains are looked at, whole ones and beginnings; the services
        that most needs ask for come first.

    Returns
    -------
    At most `limit` chains, each set of offers with its shortest waits: most
    needs first, then quality, price, ids.
    """
    if not 1 < steps_max <= STEPS_MAX or limit < 1 or gap_max_minutes < 0 or effort < 0:
        raise Malformed(f"a chain has 2 to {STEPS_MAX} steps, a wait of 0 or more, and at least one is wanted")
    ground = ground_of(problem)
    lengths = _lengths(problem)
    found: list[Discovery] = []
    wanted, complete = _wanted(problem, steps_max)
    for services, needs in sorted(wanted.items(), key=lambda one: (-len(one[1]), one[0])):
        steps = tuple(
            Step(
                service=service,
                minutes=lengths[service],
                gap_max_minutes=gap_max_minutes,
                distance_max_m=distance_max_m,
            )
            for service in services
        )
        by_step = [[offer.id for offer in problem.offers if offer.service == service] for service in services]
        seen: set[tuple[str, ...]] = set()
        made = joined(ground, steps, by_step, limit=effort)
        effort -= made.looked_at
        complete &= made.complete
        for chain in made.chains:
            if chain.offers not in seen:
                seen.add(chain.offers)
                served = _served(ground, services, chain, needs)
                found += [_discovery(ground, steps, chain, served)] if served else []
    found.sort(key=lambda one: (-len(one.needs), -one.quality_percent, one.price_cents, one.offers, one.offsets))
    return Discoveries(tuple(found[:limit]), complete)


def _lengths(problem: Problem) -> dict[str, Minutes]:
    counts: dict[str, Counter[Minutes]] = {}
    for need in problem.needs:
        for service, minutes in _services(need):
            counts.setdefault(service, Counter())[minutes] += 1
    return {service: min(counter, key=lambda m: (-counter[m], m)) for service, counter in counts.items()}


def _services(need: Need) -> list[tuple[str, Minutes]]:
    return [(step.service, step.minutes) for step in need.steps] or [(need.service, need.session_minutes)]


def _wanted(problem: Problem, steps_max: int) -> tuple[dict[tuple[str, ...], set[str]], bool]:
    """Orders of services worth joining, with the needs that ask for them; and whether nobody has too many services."""
    wanted: dict[tuple[str, ...], set[str]] = {}
    together: dict[tuple[str, str], dict[str, set[str]]] = {}
    for need in problem.needs:
        if need.steps:
            services = tuple(step.service for step in need.steps)
            if len(set(services)) == len(services) <= steps_max:
                wanted.setdefault(services, set()).add(need.id)
            continue
        for what, who in (("household", need.household), ("beneficiary", need.beneficiary)):
            if who and need.service:
                together.setdefault((what, who), {}).setdefault(need.service, set()).add(need.id)
    for by_service in together.values():
        some = sorted(by_service)[:SERVICES_MAX]
        for size in range(2, steps_max + 1):
            for services in permutations(some, size):
                wanted.setdefault(services, set()).update(*(by_service[service] for service in services))
    return wanted, all(len(by_service) <= SERVICES_MAX for by_service in together.values())


def _served(ground: Ground, services: tuple[str, ...], chain: Joined, needs: set[str]) -> tuple[str, ...]:
    """Needs that pass the filters of the chain's offers; plain ones count when together they ask for every step."""
    places = dict(zip(services, chain.offers, strict=True))
    served = []
    for name in sorted(needs):
        need = ground.needs[name]
        if need.steps:
            if all(offer in ways for offer, ways in zip(chain.offers, ground.step_ways[name], strict=True)):
                served.append(name)
        elif places[need.service] in ground.ways[name]:
            served.append(name)
    plain = {ground.needs[name].service for name in served if not ground.needs[name].steps}
    return tuple(name for name in served if ground.needs[name].steps or len(plain) == len(services))


def _discovery(ground: Ground, steps: tuple[Step, ...], chain: Joined, served: tuple[str, ...]) -> Discovery:
    offers = [ground.offers[name] for name in chain.offers]
    return Discovery(
        services=tuple(step.service for step in steps),
        offers=chain.offers,
        offsets=chain.offsets,
        minutes=tuple(step.minutes for step in steps),
        starts=WeekSlots(chain.starts),
        needs=served,
        quality_percent=min(offer.quality_percent for offer in offers),
        price_cents=sum(_step_cents(offer, step) for offer, step in zip(offers, steps, strict=True)),
    )
