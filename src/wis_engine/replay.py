"""From a log to the network that it adds up to: the newest snapshot, then the facts after it."""

import gc
from collections.abc import Callable
from itertools import islice
from typing import Final, TypeVar

from wis_engine.errors import IntegrityError, WisError
from wis_engine.facts.base import Event, Recorded
from wis_engine.log.codec import Registry
from wis_engine.log.log import Log
from wis_engine.network import Network
from wis_engine.snapshots import nearest

T = TypeVar("T")

TOGETHER: Final = 500
"""Facts that take effect before the network settles."""


def network_at(log: Log, registry: Registry, *, until: int | None = None, writable: bool = True) -> tuple[Network, int]:
    """Build the network as it stands after a position, or after the last fact.

    Parameters
    ----------
    writable
        Whether snapshots that cannot be used may be dropped from the log.

    Returns
    -------
    The network, and the position of the snapshot it began at (0 for none).

    Raises
    ------
    IntegrityError
        A fact cannot take effect: it does not follow from those before it.
    """

    def build() -> tuple[Network, int]:
        network = nearest(log, registry, until=until, writable=writable) or Network(zone=log.zone)
        begun = network.position
        catch_up(network, log, until=until)
        return network, begun

    return without_collecting(build)


def without_collecting(work: Callable[[], T]) -> T:
    """Do something without Python's search for garbage, where a million things are made and none is."""
    collecting = gc.isenabled()
    try:
        gc.disable()
        return work()
    finally:
        if collecting:
            gc.enable()


def catch_up(network: Network, log: Log, *, until: int | None = None) -> int:
    """Apply what a log holds beyond a network; answer how many facts there were.

    Effects, not guards: a later change of rules never rewrites history. Each
    fact takes effect whole or not at all.
    """
    begun = network.position
    reading = log.read(after=begun, until=until)
    while records := list(islice(reading, TOGETHER)):
        network.begin()
        try:
            for recorded in records:
                if recorded.index == 0:
                    mark = network.mark()
                step(network, recorded)
                network.pass_time(recorded.occurred_at, recorded.recorded_at)
        except BaseException:
            network.rollback(to=mark)
            raise
        finally:
            network.commit()
    return network.position - begun


def step(network: Network, recorded: Recorded) -> None:
    """Bring a network to the position of a recorded fact, in an open batch."""
    network.now = recorded.occurred_at
    network.position = recorded.position
    if recorded.fact is not None:
        take_effect(network, recorded.fact)


def take_effect(network: Network, fact: Event) -> None:
    """Apply a fact that no guard was asked about, at the network's position and moment."""
    try:
        fact.apply(network)
    except WisError as error:
        raise IntegrityError(f"position {network.position}: {fact.name} has no effect: {error}") from error
    except MemoryError:
        raise
    except Exception as error:
        what = f"{fact.name} does not follow from what stands before it ({type(error).__name__})"
        raise IntegrityError(f"position {network.position}: {what}") from error
