"""Offers of different suppliers joined in time and place.

A chain has one offer a step, all on one day. A step begins at or after the end
of the half-hour in which the step before ends, waits no longer than its
hand-over allows and lies no farther than it allows.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise, permutations
from typing import Final, NamedTuple

from attrs import frozen

from wis_engine.errors import Malformed
from wis_engine.matching.gathering import Shape
from wis_engine.matching.money import alone_cents
from wis_engine.matching.options import Ground, bits_of, ground_of, runs
from wis_engine.matching.problem import STEPS_MAX, Need, Offer, Problem, Step
from wis_engine.matching.rules import Rule
from wis_engine.values import SLOT_MINUTES, SLOTS_A_DAY, SLOTS_A_WEEK, Cents, Metres, Minutes, WeekSlots, slots_for

ALTERNATIVES: Final = 3
SERVICES_MAX: Final = 8
_DAYS: Final = SLOTS_A_WEEK // SLOTS_A_DAY


class Joined(NamedTuple):
    """One way to join offers: which, how many half-hours after the start, where it may begin."""

    offers: tuple[str, ...]
    offsets: tuple[int, ...]
    starts: int


class _Label(NamedTuple):
    end: int
    price_cents: Cents
    lack_percent: int
    offers: tuple[str, ...]
    offsets: tuple[int, ...]


@lru_cache(maxsize=128)
def same_day(offset: int) -> int:
    """Half-hours of the week from which `offset` more stay on the same day."""
    row = (1 << max(0, SLOTS_A_DAY - offset)) - 1
    return sum(row << (day * SLOTS_A_DAY) for day in range(_DAYS))


def supplier_of(offer: Offer) -> str:
    """Name the supplier; an offer whose supplier is not known counts as one of its own."""
    return offer.supplier or f"\0{offer.id}"


def may_follow(before: Offer, offer: Offer, step: Step, distance: Metres | None) -> bool:
    """Say whether an offer may take over from another, time apart."""
    near = step.distance_max_m is None or distance is None or distance <= step.distance_max_m
    return near and supplier_of(before) != supplier_of(offer)


def joined(
    ground: Ground, steps: tuple[Step, ...], offers: Sequence[Sequence[str]], keep: int | None = ALTERNATIVES
) -> tuple[Joined, ...]:
    """List the chains for the steps, cheapest first.

    Parameters
    ----------
    offers
        For each step, the offers that may take it.
    keep
        A chain is left out when this many others that begin at the same time
        are at least as good in end, price and lowest quality; None keeps all.

    Notes
    -----
    Before the last step only chains with the same last offer and the same end
    are compared: what may follow depends on nothing else but the suppliers.
    """
    found: dict[tuple[tuple[str, ...], tuple[int, ...]], int] = {}
    best: dict[tuple[tuple[str, ...], tuple[int, ...]], tuple[Cents, int, int]] = {}
    begin = 0
    for offer in offers[0] if steps else ():
        begin |= runs(ground.offers[offer].slots.bits, slots_for(steps[0].minutes))
    for start in bits_of(begin):
        for label in _from(ground, steps, offers, start, keep):
            key = (label.offers, label.offsets)
            found[key] = found.get(key, 0) | 1 << start
            best[key] = (label.price_cents, label.end, label.lack_percent)
    return tuple(Joined(*key, found[key]) for key in sorted(found, key=lambda key: (best[key], key)))


def _from(
    ground: Ground, steps: tuple[Step, ...], offers: Sequence[Sequence[str]], start: int, keep: int | None
) -> list[_Label]:
    labels = [
        _Label(
            slots_for(steps[0].minutes), _step_cents(offer, steps[0]), 100 - offer.quality_percent, (offer.id,), (0,)
        )
        for offer in map(ground.offers.__getitem__, offers[0])
        if runs(offer.slots.bits, slots_for(steps[0].minutes)) >> start & 1
    ]
    for place, step in enumerate(steps[1:], start=1):
        grown: list[_Label] = []
        for label in labels:
            for name in offers[place]:
                grown += _extended(ground, label, ground.offers[name], step, start)
        last = place == len(steps) - 1
        labels = grown if keep is None else _pruned(ground, grown, keep, last=last)
    return labels


def _extended(ground: Ground, label: _Label, offer: Offer, step: Step, start: int) -> Iterator[_Label]:
    before = ground.offers[label.offers[-1]]
    both = None if before.place is None or offer.place is None else ground.distance(before.place, offer.place)
    known = {supplier_of(ground.offers[name]) for name in label.offers}
    if supplier_of(offer) in known or not may_follow(before, offer, step, both):
        return
    slots = slots_for(step.minutes)
    possible = runs(offer.slots.bits, slots)
    for offset in range(label.end, label.end + step.gap_max_minutes // SLOT_MINUTES + 1):
        if start % SLOTS_A_DAY + offset >= SLOTS_A_DAY:
            return
        if possible >> (start + offset) & 1:
            yield _Label(
                offset + slots,
                label.price_cents + _step_cents(offer, step),
                max(label.lack_percent, 100 - offer.quality_percent),
                (*label.offers, offer.id),
                (*label.offsets, offset),
            )


def _step_cents(offer: Offer, step: Step) -> Cents:
    return alone_cents(offer, step.minutes) + offer.opening_cents


def _pruned(ground: Ground, labels: list[_Label], keep: int, *, last: bool) -> list[_Label]:
    kept: dict[object, list[_Label]] = {}
    for label in sorted(labels):
        group = kept.setdefault(None if last else (label.end, label.offers[-1]), [])
        better = [
            _suppliers(ground, other)
            for other in group
            if other.end <= label.end
            and other.price_cents <= label.price_cents
            and other.lack_percent <= label.lack_percent
        ]
        # A next supplier may be one of those in a better chain, so one more of them is kept,
        # or as many with the very suppliers of this one.
        same = len(better) if last else better.count(_suppliers(ground, label))
        if same < keep and len(set(better)) <= keep:
            group.append(label)
    return [label for group in kept.values() for label in group]


def _suppliers(ground: Ground, label: _Label) -> frozenset[str]:
    return frozenset(supplier_of(ground.offers[name]) for name in label.offers)


def shape_fault(ground: Ground, shape: Shape) -> Rule | None:
    """Say which rule the shape of a pool breaks before anyone is in it."""
    if not ground.timed:
        return Rule.TIME if shape.starts or len(shape.offers) != 1 else None
    kind = shape.kind
    lengths = [slots_for(step.minutes) for step in kind.steps] or [kind.slots]
    offers = [ground.offers[name] for name in shape.offers]
    if len(offers) != len(lengths) or len(shape.offsets) != len(lengths) or shape.offsets[0] != 0:
        return Rule.CHAIN
    days = [slot // SLOTS_A_DAY for slot in bits_of(shape.starts)]
    if len(days) != kind.weekly or (kind.weekly <= _DAYS and len(set(days)) != len(days)):
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
        both = None if before.place is None or offer.place is None else ground.distance(before.place, offer.place)
        if not 0 <= gap * SLOT_MINUTES <= step.gap_max_minutes or not may_follow(before, offer, step, both):
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


def discover_chains(
    problem: Problem,
    *,
    steps_max: int = STEPS_MAX,
    gap_max_minutes: Minutes = 30,
    distance_max_m: Metres | None = 2_000,
    limit: int = 20,
) -> tuple[Discovery, ...]:
    """Find chains of two or three offers that several open needs ask for together.

    Services are worth joining, in an order, when one household or one
    beneficiary has needs for all of them, or a composite need has them as its
    steps. The length of a step is the commonest session of that service among
    the needs, the shorter at a tie.

    Returns
    -------
    At most `limit` chains, each set of offers with its shortest waits: most
    needs first, then quality, price, ids.
    """
    if not 1 < steps_max <= STEPS_MAX or limit < 1 or gap_max_minutes < 0:
        raise Malformed(f"a chain has 2 to {STEPS_MAX} steps, a wait of 0 or more, and at least one is wanted")
    ground = ground_of(problem)
    lengths = _lengths(problem)
    found: list[Discovery] = []
    for services, needs in sorted(_wanted(problem, steps_max).items()):
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
        for chain in joined(ground, steps, by_step):
            served = _served(ground, services, chain, needs)
            if served and chain.offers not in seen:
                seen.add(chain.offers)
                found.append(_discovery(ground, steps, chain, served))
    found.sort(key=lambda one: (-len(one.needs), -one.quality_percent, one.price_cents, one.offers, one.offsets))
    return tuple(found[:limit])


def _lengths(problem: Problem) -> dict[str, Minutes]:
    counts: dict[str, Counter[Minutes]] = {}
    for need in problem.needs:
        for service, minutes in _services(need):
            counts.setdefault(service, Counter())[minutes] += 1
    return {service: min(counter, key=lambda m: (-counter[m], m)) for service, counter in counts.items()}


def _services(need: Need) -> list[tuple[str, Minutes]]:
    return [(step.service, step.minutes) for step in need.steps] or [(need.service, need.session_minutes)]


def _wanted(problem: Problem, steps_max: int) -> dict[tuple[str, ...], set[str]]:
    """Orders of services worth joining, with the needs that ask for them."""
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
    return wanted


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
