"""Verifying a community: the log is as it was written, and all that was built from it follows from it.

The log looks through what it stores. Going deep, the network is built again
from the first fact on, and whatever was built otherwise, a snapshot or the
network in use, is held against it.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final, cast

import attrs

from wis_engine.errors import WisError
from wis_engine.log.codec import Registry
from wis_engine.log.log import Fault, Log
from wis_engine.network import Network
from wis_engine.network.entity import Entity
from wis_engine.network.network import KINDS
from wis_engine.replay import catch_up, step, without_collecting
from wis_engine.snapshots import form_of, restored

FAULTS_MAX: Final = 100
"""Most faults that a verification lists."""


@attrs.frozen(kw_only=True)
class Verification:
    """What was looked at, and what was found wrong.

    Attributes
    ----------
    position
        Position of the last fact looked at.
    deep
        Whether the network was built again from the first fact on.
    snapshots
        Positions of the snapshots that were looked at, and going deep held against it.
    faults
        What is wrong, in order of position; at most `FAULTS_MAX`.
    """

    position: int
    deep: bool
    snapshots: tuple[int, ...] = ()
    faults: tuple[Fault, ...] = ()

    @property
    def ok(self) -> bool:
        """Say whether nothing was found wrong."""
        return not self.faults

    def __str__(self) -> str:
        """A line for the whole, one for each fault."""
        looked = f"{self.position} facts, {len(self.snapshots)} snapshots"
        return "\n".join([f"{looked}: {'whole' if self.ok else 'NOT whole'}", *map(str, self.faults)])


def verify(log: Log, registry: Registry, live: Network, *, deep: bool) -> Verification:
    """Look through a log and what was built from it; whatever is wrong with them is answered, not raised.

    Parameters
    ----------
    live
        The network in use; it must stand still meanwhile.
    deep
        Also replay from the first fact and compare.
    """
    return without_collecting(lambda: _verified(log, registry, live, deep=deep))


def _verified(log: Log, registry: Registry, live: Network, *, deep: bool) -> Verification:
    position = live.position
    faults = list(_stored(log))
    faults += [Fault(position=position, what=f"{breach.invariant}: {breach.what}") for breach in live.check()]
    snapshots: list[int] = []
    faults += _damaged(log, position, snapshots)
    snapshots.sort()
    if deep:
        faults += _parted(log, registry, live, snapshots)
    faults.sort(key=lambda fault: fault.position)
    return Verification(position=position, deep=deep, snapshots=tuple(snapshots), faults=tuple(faults[:FAULTS_MAX]))


def _stored(log: Log) -> Iterator[Fault]:
    try:
        for count, fault in enumerate(log.faults(), 1):
            yield fault
            if count == FAULTS_MAX:
                return
    except WisError as error:
        yield Fault(position=0, what=str(error))


def _damaged(log: Log, until: int, seen: list[int]) -> Iterator[Fault]:
    """Find the snapshots of a log that are not as they were put; note the positions of all."""
    try:
        while (one := log.get(until=until)) is not None:
            seen.append(one.position)
            if not one.whole:
                yield Fault(position=one.position, what="a snapshot is of no use: damaged")
            until = one.position - 1
    except WisError as error:
        yield Fault(position=until, what=f"snapshots are of no use: {error}")


def _parted(log: Log, registry: Registry, live: Network, snapshots: list[int]) -> Iterator[Fault]:
    """Replay from the first fact on, and hold the snapshots and the network in use against it."""
    network = Network(zone=log.zone)
    try:
        for position in snapshots:
            catch_up(network, log, until=position)
            yield from _held_against(log, registry, network, position)
        catch_up(network, log, until=live.position)
        if not _same(network, live):
            position = _first_difference(log, network, live)
            yield Fault(position=position, what="the network in use parts here from what the facts add up to")
    except WisError as error:
        yield Fault(position=network.position, what=str(error))


def _held_against(log: Log, registry: Registry, network: Network, position: int) -> Iterator[Fault]:
    found = log.get(until=position)
    if found is None or found.format != form_of(registry) or not found.whole:
        return  # it will be dropped, not trusted
    try:
        shown = restored(found, registry, zone=log.zone)
    except WisError as error:
        yield Fault(position=position, what=f"a snapshot is of no use: {error}")
        return
    if not _same(network, shown):
        parted = _first_difference(log, network, shown)
        yield Fault(position=parted, what=f"the snapshot at {position} parts here from what the facts add up to")


def _same(one: Network, other: Network) -> bool:
    return all(told(one) == told(other) for told in _TOLD)


_TOLD: Final[tuple[Callable[[Network], Any], ...]] = (
    lambda network: (network.position, network.now, network.latest),
    lambda network: network.tables,
    lambda network: [network.opened(kind) for kind in KINDS],
    lambda network: list(network.links.nodes()),
    lambda network: list(network.links.rows()),
)
"""All that a network holds, what follows from its entities too."""


def _first_difference(log: Log, right: Network, wrong: Network) -> int:
    """Find the first position from which on a field of something was never again as the facts say."""
    parted = _links_part(right, wrong)
    fields = {name: _differing(right.entity(name), wrong.entity(name)) for name in _names(right) | _names(wrong)}
    fields = {name: different for name, different in fields.items() if different}
    since: dict[tuple[str, str], int] = {}
    again = Network(zone=right.zone)
    for recorded in log.read(until=right.position):
        again.begin()
        step(again, recorded)
        for name in fields.keys() & again.touched():
            different = _differing(again.entity(name), wrong.entity(name))
            for field in fields[name]:
                if field in different:
                    since.setdefault((name, field), recorded.position)
                else:
                    since.pop((name, field), None)
        again.commit()
    # What no fact ever touched parts where it shows.
    parted += [since.get((name, field), right.position) for name, some in fields.items() for field in some]
    return min(parted, default=right.position)


def _names(network: Network) -> set[str]:
    return {str(name) for table in network.tables.values() for name in table}


def _differing(one: Entity | None, other: Entity | None) -> frozenset[str]:
    """Fields in which two states of a thing differ; its id when it is not there, or of another kind."""
    if one == other:
        return frozenset()
    if one is None or other is None or type(one) is not type(other):
        return frozenset({"id"})
    names = (a.name for a in attrs.fields(cast("Any", type(one))))
    return frozenset(name for name in names if getattr(one, name) != getattr(other, name))


def _links_part(right: Network, wrong: Network) -> list[int]:
    """Positions at which links that only one of the networks has open, or close, otherwise, and nodes enter."""
    mine, theirs = set(right.links.rows()), set(wrong.links.rows())
    both = {row[:4] for row in mine} & {row[:4] for row in theirs}
    opened = [row[3] for row in mine ^ theirs if row[:4] not in both]
    entered = [since for _, _, since in set(right.links.nodes()) ^ set(wrong.links.nodes())]
    return entered + opened + [row[4] for row in mine ^ theirs if row[:4] in both and row[4] is not None]
