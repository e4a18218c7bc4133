"""Snapshots of the network in its log: taken as it grows, and found again when the log is opened.

A snapshot only saves time. One that is damaged, or was written in another
form, is forgotten with a warning, and the facts are replayed instead.
"""

import hashlib
import logging
from typing import Final

from wis_engine.errors import IntegrityError
from wis_engine.log.codec import Registry
from wis_engine.log.log import Log, Snapshot
from wis_engine.network import Network, snapshot
from wis_engine.plain import dump

SNAPSHOT_EVERY: Final = 50_000
"""Facts after which a snapshot is due, as long as the log is short."""
SHARE: Final = 8
"""A snapshot is due when the facts after the last one are more than this part of the log."""

_logger: Final = logging.getLogger("wis_engine")


class Snapshots:
    """Keeps snapshots of a network in its log.

    Parameters
    ----------
    every
        Facts after which one is due, or an eighth of the log once that is
        more; None for never.
    last
        Position of the last one.
    """

    def __init__(self, log: Log, registry: Registry, *, every: int | None, last: int) -> None:
        self._log = log
        self._registry = registry
        self._every = every
        self._last = last

    def keep(self, network: Network) -> None:
        """Keep one now."""
        self._log.put(picture(network, self._registry))
        self._last = network.position

    def keep_when_due(self, network: Network) -> None:
        """Keep one when the network has grown enough since the last; what goes wrong is only warned about.

        What was recorded is recorded; opening will only take longer.
        """
        if self._every is None or not is_due(network.position, self._last, self._every):
            return
        try:
            self.keep(network)
        except Exception as error:  # noqa: BLE001 - nobody asked for a snapshot
            self._last = network.position
            _logger.warning("no snapshot was kept at position %d: %s", network.position, type(error).__name__)


def is_due(position: int, last: int, every: int) -> bool:
    """Say whether a log has grown enough since the last snapshot for another one."""
    return position - last >= max(every, position // SHARE)


def picture(network: Network, registry: Registry) -> Snapshot:
    """Freeze a network into a snapshot."""
    return Snapshot.of(network.position, form_of(registry), snapshot.freeze(network))


def form_of(registry: Registry) -> str:
    """Name the form of snapshots: that of the network, and how facts are read, since their effects are in it.

    That the code of an effect or of an upcast changed does not show here:
    raise the version of the fact, or go deep in `Community.verify`.
    """
    known = [[name, registry.shape(name).cls.version] for name in registry]
    steps = [[one.name, one.version, one.gives] for one in registry.upcasts]
    return f"{snapshot.FORMAT}-{hashlib.sha256(dump([known, steps])).hexdigest()[:12]}"


def restored(found: Snapshot, registry: Registry, *, zone: str) -> Network:
    """Build the network that a snapshot holds.

    Raises
    ------
    IntegrityError
        It is damaged, or was written in another form.
    """
    if found.format != form_of(registry):
        raise IntegrityError("written in another form")
    if not found.whole:
        raise IntegrityError("damaged")
    network = snapshot.thaw(found.parts, zone=zone)
    if network.position != found.position:
        raise IntegrityError(f"it holds position {network.position}")
    return network


def nearest(log: Log, registry: Registry, *, until: int | None, writable: bool) -> Network | None:
    """Build the network of the newest snapshot of use at or before a position; None when there is none."""
    form = form_of(registry)
    end = log.head() if until is None else until
    while (found := log.get(until=end)) is not None:
        end = found.position - 1
        if found.format != form and found.format.startswith(f"{snapshot.FORMAT}-"):
            continue  # of this release, and of an app with other facts of its own: it serves that one
        try:
            return restored(found, registry, zone=log.zone)
        except IntegrityError as error:
            _logger.warning(
                "snapshot at position %d is of no use (%s): facts are replayed instead", found.position, error
            )
        if writable:
            log.drop(found.position)
    return None
