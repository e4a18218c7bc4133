"""How a batch gets in: caught up, checked, applied, appended, all or nothing.

Batches are admitted one after the other on one network. A caller that comes
alone is checked first and appends after the position that it saw; when others
keep winning the race, it takes the log's lock before it is checked. Callers
that come while somebody else commits are admitted together: each in its turn,
with a mark in the journal, and one commit for all of them.
"""

import datetime as dt
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from itertools import islice, zip_longest
from typing import Final, TypeAlias

import attrs

from wis_engine.errors import Conflict, KeyReused, OutcomeUnknown, Refused, StorageUnavailable
from wis_engine.facts.base import Event, Receipt
from wis_engine.log.log import Batch, Clock, Log
from wis_engine.network import Network
from wis_engine.replay import catch_up, take_effect

Build: TypeAlias = Callable[[Network], tuple[Event, ...]]
"""Makes the facts of a batch from the network as it stands when its turn comes."""

TRIES: Final = 3
"""Lost races after which a batch takes the log's write lock before it is checked."""
_NEVER: Final = dt.datetime.min.replace(tzinfo=dt.UTC)
GROUP: Final = 256
"""Most callers that share a commit."""
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
    clock
        Stamps what a load brings without a stamp.

    Attributes
    ----------
    lock
        Held while the network changes; hold it to read several things of one state.
    """

    def __init__(self, log: Log, network: Network, *, clock: Clock) -> None:
        self.network = network
        self.lock = threading.RLock()
        self._log = log
        self._clock = clock
        self._waiting: deque[Request] = deque()

    def catch_up(self) -> int:
        """Bring the network up to the head of the log; answer how many facts there were."""
        with self.lock:
            return catch_up(self.network, self._log) if self._log.head() != self.network.position else 0

    def admit(self, request: Request) -> Receipt:
        """Get a batch in, or raise what keeps it out.

        Whoever finds the way free serves everybody who waits.
        """
        self._waiting.append(request)
        with self.lock:
            while not request.done:
                self._serve(request)
        if request.error is not None:
            raise request.error
        assert request.receipt is not None
        return request.receipt

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
        """Serve the callers that wait now."""
        group = [self._waiting.popleft() for _ in range(min(len(self._waiting), GROUP))]
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
        answers: list[Receipt | Exception] = []
        try:
            with self._log.locked():
                self.catch_up()
                network.begin()
                answers.extend(map(self._answer, group))
        except (StorageUnavailable, OutcomeUnknown) as failure:
            network.rollback()
            for request, answer in zip_longest(group, answers):
                if isinstance(failure, OutcomeUnknown) and isinstance(answer, Receipt):
                    request.error = OutcomeUnknown(*failure.args)
                else:
                    self._alone(request)
            return
        except BaseException:
            network.rollback()
            raise
        network.commit()
        for request, answer in zip(group, answers, strict=True):
            if isinstance(answer, Receipt):
                if not answer.repeated:
                    network.pass_time(request.occurred_at, answer.recorded_at)
                request.receipt = answer
            else:
                request.error = answer

    def _answer(self, request: Request) -> Receipt | Exception:
        """Enter one batch of a group, or take back what it did and say what keeps it out."""
        mark = self.network.mark()
        try:
            receipt = self._enter(request)
        except (StorageUnavailable, OutcomeUnknown):
            raise
        except Exception as error:  # noqa: BLE001 - raised again where it is asked for
            self.network.rollback(to=mark)
            return error
        if receipt.repeated:
            self.network.rollback(to=mark)
        return receipt

    def _enter(self, request: Request) -> Receipt:
        """Check, apply and append; the network's journal stays open until the log has kept the batch."""
        network = self.network
        batch = request.batch(network)
        if batch.key is not None and (earlier := self._log.receipt(batch.key, batch.content)) is not None:
            return earlier
        start = network.position
        _require_still(start, request.after)
        network.now = batch.occurred_at
        for index, fact in enumerate(batch.facts):
            network.position = start + index + 1
            _check(fact, network, index)
            fact.apply(network)
        return self._log.append(batch, after=start)

    def _load(self, chunk: list[Batch], *, guarded: bool, after: int | None) -> None:
        network = self.network
        try:
            with self._log.locked():
                self.catch_up()
                _require_still(network.position, after)
                stamped = max((one.recorded_at for one in self._log.read(after=network.position - 1)), default=_NEVER)
                network.begin()
                seen: dict[str, tuple[str, int]] = {}
                taken = [self._take(batch, guarded=guarded) for batch in chunk if not self._stands(batch, seen)]
                if after is not None:
                    _require_still(network.position, after + sum(len(batch.facts) for batch in chunk))
                self._log.load(taken)
        except BaseException:
            network.rollback()
            raise
        network.commit()
        for batch in taken:
            stamped = max(stamped, batch.recorded_at or stamped)
            network.pass_time(batch.occurred_at, stamped)

    def _stands(self, batch: Batch, seen: dict[str, tuple[str, int]]) -> bool:
        """Say whether the key of a batch stands in the log, or earlier in the chunk, with the same content."""
        if batch.key is None:
            return False
        if batch.key in seen:
            content, first = seen[batch.key]
            if content != batch.content:
                raise KeyReused(batch.key, first)
            return True
        if self._log.receipt(batch.key, batch.content) is not None:
            return True
        seen[batch.key] = batch.content, self.network.position + 1
        return False

    def _take(self, batch: Batch, *, guarded: bool) -> Batch:
        """Check and apply a batch of a load; give it its stamp here, where the network has to know it too."""
        network = self.network
        network.now = batch.occurred_at
        for index, fact in enumerate(batch.facts):
            network.position += 1
            if guarded:
                _check(fact, network, index)
            take_effect(network, fact)
        return attrs.evolve(batch, recorded_at=self._clock()) if batch.recorded_at is None else batch


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
