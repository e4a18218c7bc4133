"""How a batch gets in: caught up, checked, applied, appended, all or nothing.

Batches are admitted one after the other on one network. A caller that comes
alone is checked first and appends after the position that it saw; when others
keep winning the race, it takes the log's lock before it is checked. Callers
that come while somebody else commits are admitted together: each in its turn,
with a mark in the journal, and one commit for all of them.
"""

import datetime as dt
import threading
from collections.abc import Callable, Iterable, Iterator
from itertools import islice, zip_longest
from typing import Final, TypeAlias, TypeVar

import attrs

from wis_engine.errors import (
    Busy,
    Conflict,
    IntegrityError,
    KeyReused,
    Malformed,
    OutcomeUnknown,
    Refused,
    StorageUnavailable,
    WisError,
)
from wis_engine.facts.base import Event, Receipt
from wis_engine.line import Asked, Line
from wis_engine.log.log import Batch, Log
from wis_engine.network import Network
from wis_engine.replay import catch_up, take_effect

Build: TypeAlias = Callable[[Network], tuple[Event, ...] | Receipt]
"""Makes the facts of a batch from the network as it stands when its turn comes, or finds that it is in already."""

Entry: TypeAlias = Batch | Receipt | int | Exception
"""What becomes of a batch in a group: written, there already (in the log, or at a place in the group), kept out."""

Keyed: TypeAlias = dict[str, tuple[str, int, int]]
"""What stands under a key in a group: digest of the content, first position, place in the group."""

T = TypeVar("T")

TRIES: Final = 3
"""Lost races after which a batch takes the log's write lock before it is checked."""
CHUNK: Final = 500
"""Batches of a load that share a commit."""


@attrs.define(kw_only=True, eq=False)
class Request(Asked[Receipt]):
    """A batch that wants to get in; what it is made of is known when its turn comes."""

    build: Build
    occurred_at: dt.datetime
    actor: str
    cause: str | None = None
    key: str | None = None
    after: int | None = None

    def batch(self, facts: tuple[Event, ...]) -> Batch:
        """Put facts into the envelope."""
        return Batch(facts=facts, occurred_at=self.occurred_at, actor=self.actor, cause=self.cause, key=self.key)


class Admission:
    """The one way into a log and the network that it adds up to.

    Parameters
    ----------
    log
        Where what is admitted is kept.
    network
        What the log adds up to, up to some position; written by nobody else.
    rebuild
        Makes the network from the log again, should a change be left half done.

    Attributes
    ----------
    lock
        Held while the network changes; hold it to read several things of one state.
    """

    def __init__(self, log: Log, network: Network, *, rebuild: Callable[[], Network]) -> None:
        self.network = network
        self.lock = threading.RLock()
        self._log = log
        self._rebuild = rebuild
        self._line: Line[Request] = Line(self._serve)
        self._whole = True
        self._changing: int | None = None

    def catch_up(self) -> None:
        """Bring the network up to the head of the log."""
        with self.lock:
            # A guard that asks sees the network in the middle of a batch, as it is.
            if self._changing != threading.get_ident() and not (self._whole and self._is_up()):
                self._change(lambda _network: self._catch_up())

    def admit(self, request: Request) -> Receipt:
        """Get a batch in, or raise what keeps it out."""
        if self._changing == threading.get_ident():
            raise Malformed("a guard or an effect cannot record")
        self._line.wait_for(request)
        return request.result()

    def load(self, batches: Iterable[Batch], *, guarded: bool, after: int | None = None) -> Iterator[int]:
        """Take in many batches, chunk by chunk; yield the position after each.

        A chunk is in whole or not at all. A batch whose key stands in the log
        with the same content is passed over; with `after` nothing is, so that
        each batch takes the place that the caller counted for it.
        """
        waiting = iter(batches)
        while chunk := list(islice(waiting, CHUNK)):
            with self.lock:
                self._load(chunk, guarded=guarded, after=after)
                position = self.network.position
            after = None if after is None else position
            yield position

    def _change(self, work: Callable[[Network], T]) -> T:
        """Change the network, all of it or nothing.

        Who is stopped in the middle (Ctrl-C) leaves a network that nobody
        trusts: it is built again from the log when it is next asked for.
        """
        if not self._whole:
            self.network = self._rebuild()
        self._whole = False
        try:
            self._changing = threading.get_ident()
            try:
                done = work(self.network)
                self.network.commit()
            except Exception:
                self.network.rollback()
                self._whole = True
                raise
            self._whole = True
            self._changing = None
        except BaseException:
            self._changing = None
            raise
        return done

    def _is_up(self) -> bool:
        return self._log.head() == self.network.position

    def _catch_up(self) -> None:
        if self._log.head() < self.network.position:
            raise IntegrityError(f"the log ends before position {self.network.position}, which was read from it")
        catch_up(self.network, self._log)

    def _serve(self, group: list[Request]) -> None:
        """Answer callers."""
        with self.lock:
            if len(group) == 1:
                self._alone(group[0])
            else:
                self._together(group)

    def _alone(self, request: Request) -> None:
        try:
            request.answer = self._tried(request)
        except Exception as error:  # noqa: BLE001 - raised again where it is asked for
            request.error = error

    def _tried(self, request: Request) -> Receipt:
        for _ in range(TRIES):
            try:
                return self._change(lambda network: self._kept(network, request))
            except Conflict:
                if request.after is not None:
                    raise
        return self._change(lambda network: self._kept(network, request, locked=True))

    def _kept(self, network: Network, request: Request, *, locked: bool = False) -> Receipt:
        """Check a batch and have the log keep it, perhaps all under its lock; then its time has passed."""

        def enter() -> Receipt:
            return self._enter(network, request)

        receipt = self._log.locked(enter) if locked else enter()
        if receipt.repeated:
            network.rollback()
        else:
            network.pass_time(request.occurred_at, receipt.recorded_at)
        return receipt

    def _together(self, group: list[Request]) -> None:
        """Admit callers in their order under one lock and one commit, refusals too.

        When the store could write nothing, each tries again alone. When it
        did not say what became of the commit, neither can this; who had been
        kept out on the strength of it tries again.
        """
        entries: list[Entry] = []
        try:
            self._change(lambda network: self._kept_together(network, group, entries))
        except Exception as failure:  # noqa: BLE001 - each hears of what is its own
            for request, entry in zip_longest(group, entries):
                if isinstance(failure, Busy) or (isinstance(failure, OutcomeUnknown) and isinstance(entry, Batch)):
                    request.error = type(failure)(*failure.args)
                else:
                    self._alone(request)

    def _kept_together(self, network: Network, group: list[Request], entries: list[Entry]) -> None:
        """Say what becomes of each caller's batch, have the log keep them all, and tell the callers."""

        def enter() -> list[Receipt]:
            self._catch_up()
            network.begin()
            keyed: Keyed = {}
            entries.extend(self._entry(request, place, keyed) for place, request in enumerate(group))
            return self._log.load(entry for entry in entries if isinstance(entry, Batch))

        self._answer(group, entries, iter(self._log.locked(enter)))

    def _answer(self, group: list[Request], entries: list[Entry], receipts: Iterator[Receipt]) -> None:
        """Tell callers what became of their batches, once the log has kept them."""
        for request, entry in zip(group, entries, strict=True):
            match entry:
                case Batch():
                    request.answer = next(receipts)
                    self.network.pass_time(request.occurred_at, request.answer.recorded_at)
                case Receipt():
                    request.answer = entry
                case int():
                    request.answer = attrs.evolve(group[entry].result(), repeated=True)
                case Exception():
                    request.error = entry

    def _entry(self, request: Request, place: int, keyed: Keyed) -> Entry:
        """Check and apply one batch of a group, or take back what it did and say what keeps it out."""
        network = self.network
        mark = network.mark()
        try:
            made = request.build(network)
            if isinstance(made, Receipt):
                return made
            batch = request.batch(made)
            if (earlier := self._standing(batch, keyed)) is not None:
                return earlier
            _require_still(network.position, request.after)
            self._apply(batch)
        except (StorageUnavailable, OutcomeUnknown):
            raise
        except Exception as error:  # noqa: BLE001 - raised again where it is asked for
            network.rollback(to=mark)
            return error
        if batch.key is not None:
            keyed[batch.key] = batch.content, network.position + 1 - len(batch.facts), place
        return batch

    def _standing(self, batch: Batch, keyed: Keyed) -> Receipt | int | None:
        """Find what stands under the key of a batch: its receipt in the log, or its place in the group."""
        if batch.key is None:
            return None
        if batch.key in keyed:
            content, first, place = keyed[batch.key]
            if content != batch.content:
                raise KeyReused(batch.key, first)
            return place
        return self._log.receipt(batch.key, batch.content)

    def _enter(self, network: Network, request: Request) -> Receipt:
        """Check, apply and append; the network's journal stays open until the log has kept the batch."""
        self._catch_up()
        network.begin()
        made = request.build(network)
        if isinstance(made, Receipt):
            return made
        batch = request.batch(made)
        if batch.key is not None and (earlier := self._log.receipt(batch.key, batch.content)) is not None:
            return earlier
        start = network.position
        _require_still(start, request.after)
        self._apply(batch)
        return self._log.append(batch, after=start)

    def _apply(self, batch: Batch) -> None:
        """Ask every guard and let every effect happen, fact by fact."""
        network = self.network
        network.now = batch.occurred_at
        for index, fact in enumerate(batch.facts):
            network.position += 1
            _check(fact, network, index)
            try:
                fact.apply(network)
            except (WisError, MemoryError):
                raise
            except Exception as error:
                raise _failed("effect", fact, index, error) from error

    def _load(self, chunk: list[Batch], *, guarded: bool, after: int | None) -> None:
        self._change(lambda network: self._take_in(network, chunk, guarded=guarded, after=after))

    def _take_in(self, network: Network, chunk: list[Batch], *, guarded: bool, after: int | None) -> None:
        """Take a chunk of batches in under the log's lock, all or none."""
        taken: list[Batch] = []

        def enter() -> list[Receipt]:
            self._catch_up()
            _require_still(network.position, after)
            network.begin()
            keyed: Keyed = {}
            taken.extend(batch for place, batch in enumerate(chunk) if self._take(batch, place, keyed, guarded=guarded))
            if after is not None:
                _require_still(network.position, after + sum(len(batch.facts) for batch in chunk))
            return self._log.load(taken)

        for batch, receipt in zip(taken, self._log.locked(enter), strict=True):
            network.pass_time(batch.occurred_at, receipt.recorded_at)

    def _take(self, batch: Batch, place: int, keyed: Keyed, *, guarded: bool) -> bool:
        """Let a batch of a load take effect, after its guards or without; False when it is there already."""
        if self._standing(batch, keyed) is not None:
            return False
        network = self.network
        if batch.key is not None:
            keyed[batch.key] = batch.content, network.position + 1, place
        if guarded:
            self._apply(batch)
        else:
            network.now = batch.occurred_at
            for fact in batch.facts:
                network.position += 1
                take_effect(network, fact)
        return True


def _require_still(position: int, after: int | None) -> None:
    """Raise `Conflict` when a caller asked for a still world and it moved."""
    if after is not None and after != position:
        raise Conflict(after, position)


def _check(fact: Event, network: Network, index: int) -> None:
    """Ask a fact's guard; a refusal says where in its batch the fact stands."""
    try:
        fact.check(network)
    except Refused as refusal:
        refusal.fact = index
        raise
    except (WisError, MemoryError):
        raise
    except Exception as error:
        raise _failed("guard", fact, index, error) from error


def _failed(part: str, fact: Event, index: int, error: Exception) -> Malformed:
    """Say that the code of a type of facts is wrong; the error's own words may hold a personal value."""
    return Malformed(f"fact {index}: the {part} of {fact.name} failed ({type(error).__name__})")
