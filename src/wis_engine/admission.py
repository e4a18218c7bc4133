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
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import islice, zip_longest
from typing import Final, TypeAlias

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
                with self._change():
                    self._catch_up()

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

    @contextmanager
    def _change(self) -> Iterator[Network]:
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
                yield self.network
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
                return self._attempt(request, nullcontext())
            except Conflict:
                if request.after is not None:
                    raise
        return self._attempt(request, self._log.locked())

    def _attempt(self, request: Request, lock: AbstractContextManager[None]) -> Receipt:
        with self._change() as network:
            with lock:
                self._catch_up()
                network.begin()
                receipt = self._enter(request)
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
            with self._change() as network:
                with self._log.locked():
                    self._catch_up()
                    network.begin()
                    keyed: Keyed = {}
                    entries.extend(self._entry(request, place, keyed) for place, request in enumerate(group))
                    receipts = self._log.load(entry for entry in entries if isinstance(entry, Batch))
                self._answer(group, entries, iter(receipts))
        except Exception as failure:  # noqa: BLE001 - each hears of what is its own
            for request, entry in zip_longest(group, entries):
                if isinstance(failure, Busy) or (isinstance(failure, OutcomeUnknown) and isinstance(entry, Batch)):
                    request.error = type(failure)(*failure.args)
                else:
                    self._alone(request)

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

    def _enter(self, request: Request) -> Receipt:
        """Check, apply and append; the network's journal stays open until the log has kept the batch."""
        made = request.build(self.network)
        if isinstance(made, Receipt):
            return made
        batch = request.batch(made)
        if batch.key is not None and (earlier := self._log.receipt(batch.key, batch.content)) is not None:
            return earlier
        start = self.network.position
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
            fact.apply(network)

    def _load(self, chunk: list[Batch], *, guarded: bool, after: int | None) -> None:
        with self._change() as network:
            with self._log.locked():
                self._catch_up()
                _require_still(network.position, after)
                network.begin()
                keyed: Keyed = {}
                taken = [batch for place, batch in enumerate(chunk) if self._take(batch, place, keyed, guarded=guarded)]
                if after is not None:
                    _require_still(network.position, after + sum(len(batch.facts) for batch in chunk))
                receipts = self._log.load(taken)
            for batch, receipt in zip(taken, receipts, strict=True):
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
