"""How a batch gets in: caught up, checked, applied, appended, all or nothing.

Batches are admitted one after the other on one network. A caller that comes
alone is checked first and appends after the position that it saw; when others
keep winning the race, it takes the log's lock before it is checked. Callers
that come while somebody else commits are admitted together: each in its turn,
with a mark in the journal, and one commit for all of them.
"""

import datetime as dt
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from itertools import islice, zip_longest
from typing import Final, TypeAlias

import attrs

from wis_engine.errors import Conflict, KeyReused, Malformed, OutcomeUnknown, Refused, StorageUnavailable
from wis_engine.facts.base import Event, Receipt
from wis_engine.log.log import Batch, Log
from wis_engine.network import Network
from wis_engine.replay import catch_up, take_effect

Build: TypeAlias = Callable[[Network], tuple[Event, ...]]
"""Makes the facts of a batch from the network as it stands when its turn comes."""

Entry: TypeAlias = Batch | Receipt | int | Exception
"""What becomes of a batch in a group: written, there already (in the log, or at a place in the group), kept out."""

Keyed: TypeAlias = dict[str, tuple[str, int, int]]
"""What stands under a key in a group: digest of the content, first position, place in the group."""

TRIES: Final = 3
"""Lost races after which a batch takes the log's write lock before it is checked."""
GROUP: Final = 256
"""Most callers that share a commit."""
PAUSES: Final = 4
PAUSE_SECONDS: Final = 0.000_05
"""How often and how long a group waits for those who were in the last one: a tenth of what a commit takes."""
CHUNK: Final = 500
"""Batches of a load that share a commit."""


@attrs.define(kw_only=True, eq=False)
class Request:
    """A batch that wants to get in, and the answer when it is there."""

    build: Build
    occurred_at: dt.datetime
    actor: str
    cause: str | None = None
    key: str | None = None
    after: int | None = None
    receipt: Receipt | None = None
    error: Exception | None = None
    turn: "threading.Lock | None" = None
    """Held until its caller, who waits for it, is answered or has to serve."""

    @property
    def done(self) -> bool:
        """Say whether there is an answer."""
        return self.receipt is not None or self.error is not None

    def batch(self, network: Network) -> Batch:
        """Make the batch for the network as it stands."""
        return Batch(
            facts=self.build(network), occurred_at=self.occurred_at, actor=self.actor, cause=self.cause, key=self.key
        )


class Admission:
    """The one way into a log and the network that it adds up to.

    Parameters
    ----------
    log
        Where what is admitted is kept.
    network
        What the log adds up to, up to some position; written by nobody else.

    Attributes
    ----------
    lock
        Held while the network changes; hold it to read several things of one state.
    """

    def __init__(self, log: Log, network: Network) -> None:
        self.network = network
        self.lock = threading.RLock()
        self._log = log
        self._door = threading.Lock()  # of the next three
        self._waiting: deque[Request] = deque()
        self._leader: Request | None = None
        self._serving: int | None = None
        self._company = 1  # callers that are to be expected

    def catch_up(self) -> int:
        """Bring the network up to the head of the log; answer how many facts there were."""
        with self.lock:
            return catch_up(self.network, self._log) if self._log.head() != self.network.position else 0

    def admit(self, request: Request) -> Receipt:
        """Get a batch in, or raise what keeps it out.

        Who finds nobody serving serves everybody who waits, and then asks the
        next in line to.
        """
        try:
            self._stand_in_line(request)
            if request.turn is not None:
                request.turn.acquire()
            if not request.done:
                self._lead(request)
        except BaseException:
            self._leave(request)
            raise
        if request.error is not None:
            raise request.error
        assert request.receipt is not None
        return request.receipt

    def _stand_in_line(self, request: Request) -> None:
        with self._door:
            if self._serving == threading.get_ident():
                raise Malformed("a guard or an effect cannot record")
            self._waiting.append(request)
            if self._leader is None:
                self._leader = request
            else:
                request.turn = threading.Lock()
                request.turn.acquire()

    def _leave(self, request: Request) -> None:
        """Take a caller that was stopped out of the line, and let the others go on."""
        with self._door:
            if request in self._waiting:
                self._waiting.remove(request)
            leads = self._leader is request
        if leads:
            self._pass_on()

    def _lead(self, mine: Request) -> None:
        try:
            with self.lock:
                self._serving = threading.get_ident()
                try:
                    self._serve(mine)
                finally:
                    self._serving = None
        finally:
            self._pass_on()

    def _pass_on(self) -> None:
        """Ask the next in line to serve, if somebody waits."""
        with self._door:
            self._leader = self._waiting[0] if self._waiting else None
            turn = None if self._leader is None else self._leader.turn
        if turn is not None:
            turn.release()

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

    def _serve(self, mine: Request) -> None:
        """Serve the callers that wait now, and those who were answered a moment ago and are about to come back."""
        for _ in range(PAUSES):
            if len(self._waiting) >= self._company:
                break
            time.sleep(PAUSE_SECONDS)
        with self._door:
            group = [self._waiting.popleft() for _ in range(min(len(self._waiting), GROUP))]
        self._company = max(len(group), self._company // 2)
        try:
            if len(group) == 1:
                self._alone(group[0])
            else:
                self._together(group)
        except BaseException:
            # This thread is stopped, perhaps while it committed: the others cannot be told what became of theirs.
            for one in group:
                if not one.done and one is not mine:
                    one.error = OutcomeUnknown("the thread that served this batch was stopped")
            raise
        finally:
            for one in group:
                if one is not mine and one.turn is not None:
                    one.turn.release()

    def _alone(self, request: Request) -> None:
        try:
            request.receipt = self._tried(request)
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
        network = self.network
        try:
            with lock:
                self.catch_up()
                network.begin()
                receipt = self._enter(request)
        except BaseException:
            network.rollback()
            raise
        if receipt.repeated:
            network.rollback()
            return receipt
        network.commit()
        network.pass_time(request.occurred_at, receipt.recorded_at)
        return receipt

    def _together(self, group: list[Request]) -> None:
        """Admit callers in their order under one lock and one commit, refusals too.

        When the store could write nothing, each tries again alone. When it
        did not say what became of the commit, neither can this; who had been
        kept out on the strength of it tries again.
        """
        network = self.network
        entries: list[Entry] = []
        try:
            with self._log.locked():
                self.catch_up()
                network.begin()
                keyed: Keyed = {}
                entries.extend(self._entry(request, place, keyed) for place, request in enumerate(group))
                receipts = iter(self._log.load(entry for entry in entries if isinstance(entry, Batch)))
        except Exception as failure:  # noqa: BLE001 - each hears of what is its own
            network.rollback()
            for request, entry in zip_longest(group, entries):
                if isinstance(failure, OutcomeUnknown) and isinstance(entry, Batch):
                    request.error = OutcomeUnknown(*failure.args)
                else:
                    self._alone(request)
            return
        except BaseException:
            network.rollback()
            raise
        network.commit()
        for request, entry in zip(group, entries, strict=True):
            match entry:
                case Batch():
                    request.receipt = next(receipts)
                    network.pass_time(request.occurred_at, request.receipt.recorded_at)
                case Receipt():
                    request.receipt = entry
                case int():
                    first = group[entry].receipt
                    assert first is not None
                    request.receipt = attrs.evolve(first, repeated=True)
                case Exception():
                    request.error = entry

    def _entry(self, request: Request, place: int, keyed: Keyed) -> Entry:
        """Check and apply one batch of a group, or take back what it did and say what keeps it out."""
        network = self.network
        mark = network.mark()
        try:
            batch = request.batch(network)
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
        batch = request.batch(self.network)
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
        network = self.network
        try:
            with self._log.locked():
                self.catch_up()
                _require_still(network.position, after)
                network.begin()
                keyed: Keyed = {}
                taken = [batch for place, batch in enumerate(chunk) if self._take(batch, place, keyed, guarded=guarded)]
                if after is not None:
                    _require_still(network.position, after + sum(len(batch.facts) for batch in chunk))
                receipts = self._log.load(taken)
        except BaseException:
            network.rollback()
            raise
        network.commit()
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
