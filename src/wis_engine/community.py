"""The shell that ties log, network and matcher: facts in, plans and figures out.

`Community.record` is the only way in: it checks a batch against the network,
applies it, appends it to the log, and undoes everything when any of the three
says no. Nothing else writes.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from typing import Final, Literal, Self

from wis_engine.admission import Admission, Build, Request
from wis_engine.bridge import facts_of
from wis_engine.deadlines import Deadlines
from wis_engine.errors import Malformed, PlanError, ReadOnly, Refused
from wis_engine.facts import EVENTS, Event, Receipt
from wis_engine.facts.base import holds_redacted
from wis_engine.log.codec import Registry, known_events
from wis_engine.log.fork import ForkedLog
from wis_engine.log.limits import check_batch
from wis_engine.log.log import Batch, Log
from wis_engine.log.memory import MemoryLog
from wis_engine.log.upcast import UPCASTS, Upcast
from wis_engine.matching import Plan
from wis_engine.matching.check import has_passed
from wis_engine.matching.plan import content_digest
from wis_engine.network import Network
from wis_engine.opening import open_log
from wis_engine.picture import Picture
from wis_engine.replay import network_at
from wis_engine.shapes import is_id
from wis_engine.snapshots import SNAPSHOT_EVERY, Snapshots
from wis_engine.story import adoption

Clock = Callable[[], dt.datetime]
NOBODY: Final = "unnamed"
"""Who acts when the caller does not say."""
FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 9_997


def system_clock() -> dt.datetime:
    """Say what time it is, in UTC: the clock of a community that lives in real time."""
    return dt.datetime.now(dt.UTC)


class Community(Picture):
    """One community: its log, and the network that the log adds up to.

    Open one with `Community.open`. Its methods may be called from several
    threads, and several processes may hold the same log open: batches are
    admitted one after the other whatever the number of writers.

    Parameters
    ----------
    log
        Where the facts are kept.
    clock
        Called when a batch comes without `at`.
    registry
        The event types that the log was opened with.
    network
        What the log adds up to; built from the log, when not given.
    writable
        False for a picture of the past.
    snapshot_every
        Facts after which a snapshot is taken, or a share of the log once that
        is more; None takes none but those that are asked for.
    until
        Last position that this community looks at; None follows the log.
    """

    def __init__(
        self,
        log: Log,
        *,
        clock: Clock = system_clock,
        registry: Registry | None = None,
        network: Network | None = None,
        writable: bool = True,
        snapshot_every: int | None = None,
        until: int | None = None,
    ) -> None:
        _require_options(clock, snapshot_every)
        self._clock = clock
        self._writable = writable
        known = registry or known_events()

        def build() -> tuple[Network, int]:
            return network_at(log, known, until=until, writable=writable)

        begun = 0
        if network is None:
            network, begun = build()
        super().__init__(log, Admission(log, network, rebuild=lambda: build()[0]), known, until=until)
        every = snapshot_every if writable else None
        self._snapshots = Snapshots(log, self._registry, every=every, last=begun)
        self._snapshots.keep_when_due(network)

    @classmethod
    def open(
        cls,
        url: str,
        *,
        name: str | None = None,
        clock: Clock = system_clock,
        zone: str | None = None,
        mode: Literal["rw", "r"] = "rw",
        events: Iterable[type[Event]] = (),
        upcasts: Iterable[Upcast] = (),
        snapshot_every: int | None = SNAPSHOT_EVERY,
    ) -> Self:
        """Open a community, making its log when there is none yet.

        Parameters
        ----------
        url
            «memory:», «sqlite:///path/to/file.db» or «postgresql://host/database».
        name
            Which one of the communities in a PostgreSQL database; «main» when
            not given. In mode «rw» one that is not there is made.
        zone
            Time zone of its calendar, kept in the log when it is made
            («Europe/Rome» when not given); another one later is an error.
        mode
            «r» opens an existing log for reading only.
        events
            Facts of your own, beside those of the engine.
        upcasts
            How older versions of your own facts are read.
        snapshot_every
            Facts after which a stored log keeps a snapshot of the network, or
            an eighth of the log once that is more: what opens it next begins there.

        Raises
        ------
        Malformed
            An argument is none of ours.
        StorageUnavailable
            The store cannot be opened.
        FormatError
            What is there is no log of ours, or a newer one.
        """
        _require_options(clock, snapshot_every)
        for what, given in (("events", events), ("upcasts", upcasts)):
            if not isinstance(given, Iterable):
                raise Malformed(f"{what}: not a list of them")
        registry = Registry((*EVENTS, *events), (*UPCASTS, *upcasts))
        log = open_log(url, name=name, registry=registry, clock=clock, zone=zone, mode=mode)
        if isinstance(log, MemoryLog):
            snapshot_every = None
        try:
            return cls(log, clock=clock, registry=registry, writable=mode == "rw", snapshot_every=snapshot_every)
        except BaseException:
            log.close()
            raise

    # Past and what-if

    def as_of(self, moment: int | dt.datetime) -> "Community":
        """Show the community as it stood: after a position, or at an instant as then recorded. Read only."""
        with self._admission.lock:
            now = self.network
            position = moment if type(moment) is int else min(self._log.position_at(_aware(moment)), now.position)
            if not 0 <= position <= now.position:
                raise Malformed(f"no position {position}: the log stands at {now.position}")
            if position == now.position:
                network = now.copy()
            else:
                network, _ = network_at(self._log, self._registry, until=position, writable=False)
        return Community(
            self._log, clock=self._clock, registry=self._registry, network=network, writable=False, until=position
        )

    def branch(self, *, clock: Clock | None = None) -> "Community":
        """Fork a what-if in memory: same past, a future of its own.

        It costs a copy of the tables, not of what they hold, and reads its
        past from this community's log, which has to stay open for that.

        Parameters
        ----------
        clock
            Tells its time, as a simulated future wants; this community's, when not given.
        """
        clock = clock or self._clock
        with self._admission.lock:
            now = self.network
            network = now.copy()
        log = ForkedLog(self._log, at=network.position, registry=self._registry, clock=clock)
        return Community(log, clock=clock, registry=self._registry, network=network)

    # Recording

    def record(
        self,
        *facts: Event,
        at: dt.datetime | None = None,
        actor: str = NOBODY,
        cause: str | None = None,
        key: str | None = None,
        after: int | None = None,
    ) -> Receipt:
        """Admit a batch of facts, all or nothing.

        Parameters
        ----------
        at
            When they happened, an aware instant; now, when not given.
        actor, cause
            Who says so, and which earlier thing made it happen; ids.
        key
            Makes a retry harmless: the same key with the same facts answers
            with the first receipt, for ever.
        after
            Append only if the log still stands at this position.

        Returns
        -------
        The positions that the batch took.

        Raises
        ------
        Refused
            History makes a fact impossible; nothing is changed.
        Malformed
            A fact or an argument has not the shape it must have.
        Conflict
            The log stands elsewhere than at `after`.
        KeyReused
            The key was used for other facts.
        StorageUnavailable, OutcomeUnknown
            The log could not write, or did not answer; retry with a key.
        """
        for fact in facts:
            if not isinstance(fact, Event):
                raise Malformed(f"no fact: {type(fact).__name__}")
            self._registry.require(fact)
            if holds_redacted(fact):
                raise Malformed(f"{fact.name}: a personal field is redacted")
        if not facts:
            raise Malformed("no facts")
        check_batch(facts, self._registry)
        return self._admit(_always(*facts), at=at, actor=actor, cause=cause, key=key, after=after)

    def adopt(
        self,
        plan: Plan,
        *,
        after: int | None = None,
        at: dt.datetime | None = None,
        actor: str = NOBODY,
        key: str | None = None,
    ) -> Receipt:
        """Adopt a plan whole: its chains composed, its pools formed.

        The guards are the condition, not a still world; `after` asks for one.
        A plan can be adopted once; where nothing is matched (`plan.pools` is
        empty) there is nothing to adopt.

        Raises
        ------
        PlanError
            The plan is not what its digest says, or answers no community's problem.
        Refused
            The network cannot keep one of its promises any more.
        """
        if not isinstance(plan, Plan):
            raise PlanError("digest", f"no plan: {type(plan).__name__}")
        if not has_passed(plan) and content_digest(plan) != plan.digest:
            raise PlanError("digest", f"plan {plan.id} is not what its digest says")

        def build(network: Network) -> tuple[Event, ...] | Receipt:
            # Asked in its turn: what a plan is made of depends on the network, what its key stands for does not.
            earlier = None if key is None else adoption(self._log, plan.id, key)
            return facts_of(network, plan, self._problem_of(network)) if earlier is None else earlier

        return self._admit(build, at=at, actor=actor, key=key, after=after, alone=key is not None)

    def advance(self, to: dt.datetime, *, actor: str = NOBODY) -> tuple[Receipt, ...]:
        """Let time pass: record what expires by itself up to an instant, each at the moment it was due.

        Pools whose period is over are dissolved unless a booked session still
        waits, then what they leave and every other open need and voucher past
        its last day expires.
        """
        self._require_writable()
        receipts: list[Receipt] = []
        with self._admission.lock:
            network = self.network
            today = _aware(to).astimezone(network.zone_info).date()
            due = Deadlines(network)
        while True:
            with self._admission.lock:
                self._admission.catch_up()
                fact = due.next(today)
            if fact is None:
                return tuple(receipts)
            try:
                receipts.append(self._admit(_always(fact), at=due.moment, actor=actor))
            except Refused:
                continue  # someone else moved first; what is left comes back next time

    def _admit(
        self,
        build: Build,
        *,
        at: dt.datetime | None = None,
        actor: str = NOBODY,
        cause: str | None = None,
        key: str | None = None,
        after: int | None = None,
        alone: bool = False,
    ) -> Receipt:
        """Ask for admission, and keep a snapshot when one is due."""
        self._require_writable()
        for name, value in (("actor", actor), ("cause", cause), ("key", key)):
            if not is_id(value) and (value is not None or name == "actor"):
                raise Malformed(f"{name}: not an id: 1 to 64 letters, digits, «_», «.» or «-»")
        if after is not None and type(after) is not int:
            raise Malformed("after: no position")
        happened = _aware(at if at is not None else self._clock())
        request = Request(
            build=build, occurred_at=happened, actor=actor, cause=cause, key=key, after=after, alone=alone
        )
        receipt = self._admission.admit(request)
        self._keep_when_due()
        return receipt

    def load(self, batches: Iterable[Batch], *, guarded: bool = True, after: int | None = None) -> Iterator[int]:
        """Take in many batches, such as another log's export; yield the position after each chunk of them.

        A chunk is in whole or not at all; what is in before an error stays.
        Nothing is in before the iterator is consumed.

        Parameters
        ----------
        guarded
            False skips the guards: for one's own facts, recorded under the rules of their time.
        after
            Take them only as long as nobody else writes: where the log must
            stand before the first of them, and none may be there already.

        Raises
        ------
        Refused
            History makes a fact impossible.
        Conflict
            The log stands elsewhere than at `after`.
        IntegrityError
            A fact that no guard was asked about cannot take effect.
        Malformed
            Something else than a batch; or, with guards, one that was
            recorded later than now: a log's stamps never go back.
        """
        self._require_writable()
        if not isinstance(batches, Iterable):
            raise Malformed(f"no batches: {type(batches).__name__}")
        if after is not None and type(after) is not int:
            raise Malformed("after: no position")
        checked = map(self._not_ahead if guarded else _a_batch, batches)
        return map(self._kept, self._admission.load(checked, guarded=guarded, after=after))

    def _not_ahead(self, batch: Batch) -> Batch:
        recorded_at = _a_batch(batch).recorded_at
        if recorded_at is not None and recorded_at > _aware(self._clock()):
            raise Malformed("a batch that was recorded later than now")
        return batch

    def _kept(self, position: int) -> int:
        self._keep_when_due()
        return position

    def snapshot(self) -> int:
        """Keep a snapshot of the network in the log, so that opening begins there; answer its position."""
        self._require_writable()
        with self._admission.lock:
            self._snapshots.keep(self.network)
            return self._admission.network.position

    def _keep_when_due(self) -> None:
        with self._admission.lock:
            self._snapshots.keep_when_due(self._admission.network)

    def _require_writable(self) -> None:
        if not self._writable:
            raise ReadOnly("this community was opened for reading")

    def close(self) -> None:
        """Let the log go; a picture of the past leaves it to the community it was taken from."""
        if self._until is None:
            self._log.close()

    def __enter__(self) -> Self:
        """Use as a context manager: closed at the end."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()


def _require_options(clock: object, snapshot_every: object) -> None:
    if not callable(clock):
        raise Malformed("clock: no function that says what time it is")
    if snapshot_every is not None and (type(snapshot_every) is not int or snapshot_every < 1):
        raise Malformed("snapshot_every: neither a whole number from 1 on nor None")


def _a_batch(batch: Batch) -> Batch:
    if not isinstance(batch, Batch):
        raise Malformed(f"no batch: {type(batch).__name__}")
    return batch


def _always(*facts: Event) -> Build:
    return lambda _network: facts


def _aware(moment: object) -> dt.datetime:
    """Take an instant with a time zone, in the years from 1970 to 9997."""
    if not isinstance(moment, dt.datetime) or moment.utcoffset() is None:
        raise Malformed("an instant carries its time zone")
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise Malformed(f"an instant of the year {moment.year}")
    return moment.astimezone(dt.UTC)
