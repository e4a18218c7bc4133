"""The shell that ties log, network and matcher: facts in, plans and figures out."""

import datetime as dt

import attrs
import pytest
import stories
from stories import AFTER_ALL, APRIL, NEXT_YEAR, START, facts_in, instant, life, pilot

from wis_engine.community import Community, system_clock
from wis_engine.errors import (
    Conflict,
    IntegrityError,
    KeyReused,
    Malformed,
    PlanError,
    ReadOnly,
    Refused,
    StorageUnavailable,
)
from wis_engine.facts import (
    ConsentGiven,
    ConsentWithdrawn,
    Event,
    MeetingHeld,
    NeedDeclared,
    NeedWithdrawn,
    PersonLeft,
    PoolFormed,
)
from wis_engine.facts.base import redacted
from wis_engine.matching import Need, Offer, Option, Problem, solve
from wis_engine.network import Network, timetable
from wis_engine.network.promises import NeedState
from wis_engine.values import Channel, NeedId, Period


class Clock:
    """A clock that is set by hand."""

    def __init__(self, now=START):
        self.now = now

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def community(place, clock):
    with Community.open(**place, clock=clock) as community:
        community.record(*pilot())
        yield community


@pytest.fixture
def small(clock):
    """Give the pilot in memory, for what does not depend on the log."""
    with Community.open("memory:", clock=clock) as community:
        community.record(*pilot())
        yield community


def live(community, history):
    """Record a history, one fact a batch; an instant in it moves the clock."""
    now = START
    for one in history:
        if isinstance(one, Event):
            community.record(one, at=now)
        else:
            now = one


# Opening and closing


@pytest.mark.parametrize("url", ["", "memory", "memory:x", "sqlite:x", "sqlite://x", "sqlite:///", "mysql:///x"])
def test_another_url_is_malformed(url):
    with pytest.raises(Malformed):
        Community.open(url)


def test_a_mode_is_r_or_rw():
    with pytest.raises(Malformed):
        Community.open("memory:", mode="w")


def test_an_empty_community_knows_nothing():
    with Community.open("memory:") as community:
        assert community.position == 0
        assert list(community.events()) == []
        assert community.advance(system_clock()) == ()
        assert community.problem().needs == ()
        assert repr(community) == "<Community at 0: 0 needs, 0 pools>"


def test_what_was_recorded_is_there_when_a_file_is_opened_again(tmp_path, clock):
    url = f"sqlite:///{tmp_path / 'community.db'}"
    with Community.open(url, clock=clock) as first:
        first.record(*pilot())
        digest = first.network.digest()
    with Community.open(url, clock=clock, mode="r") as again:
        assert again.network.digest() == digest
        with pytest.raises(ReadOnly):
            again.record(stories.meeting())


def test_a_fact_of_ones_own():
    with Community.open("memory:", events=[Noted]) as community:
        community.record(Noted(need="n1"))
        assert [one.fact for one in community.events(about="n1")] == [Noted(need="n1")]
    with Community.open("memory:") as plain, pytest.raises(Malformed):
        plain.record(Noted(need="n1"))


@attrs.frozen(kw_only=True)
class Noted(Event):
    name = "noted"
    need: NeedId


# Recording


def test_a_batch_is_recorded_with_its_envelope(community, clock):
    clock.now = AFTER_ALL
    start = community.position
    receipt = community.record(
        stories.firm("f8"), stories.firm("f9"), at=APRIL, actor="wm-1", cause="sheet-17", key="k-1"
    )
    assert (receipt.first, receipt.last, receipt.recorded_at, receipt.repeated) == (
        start + 1,
        start + 2,
        AFTER_ALL,
        False,
    )
    for recorded, name in zip(community.events(after=start), ["f8", "f9"], strict=True):
        assert recorded.fact.firm == name
        assert (recorded.occurred_at, recorded.recorded_at) == (APRIL, AFTER_ALL)
        assert (recorded.actor, recorded.cause, recorded.key) == ("wm-1", "sheet-17", "k-1")


def test_an_instant_in_another_zone_is_the_same_instant(community):
    there = APRIL.astimezone(dt.timezone(dt.timedelta(hours=5)))
    community.record(stories.meeting(), at=there)
    (recorded,) = community.events(types=[MeetingHeld])
    assert recorded.occurred_at == APRIL


def test_a_refused_batch_says_which_fact_and_changes_nothing(community):
    before, position = community.network.digest(), community.position
    with pytest.raises(Refused) as refused:
        community.record(stories.firm("f8"), stories.meeting(), stories.need("n1"))
    assert (refused.value.fact, refused.value.reason) == (2, "id-taken")
    assert (community.network.digest(), community.position) == (before, position)
    assert len(list(community.events())) == position


def test_a_refused_batch_does_not_move_the_date_of_the_next_problem(community):
    before = community.problem()
    with pytest.raises(Refused):
        community.record(stories.need("n1"), at=APRIL)
    assert community.problem() == before


@pytest.mark.parametrize(
    ("facts", "envelope"),
    [
        ((), {}),
        (("fact",), {}),
        ((stories.meeting(),), {"at": dt.datetime(2026, 3, 1)}),  # noqa: DTZ001 - a naive instant is what is refused
        ((stories.meeting(),), {"at": "2026-03-01"}),
        ((stories.meeting(),), {"actor": ""}),
        ((stories.meeting(),), {"actor": "two words"}),
        ((stories.meeting(),), {"cause": "no id!"}),
        ((stories.meeting(),), {"key": "no id!"}),
        ((stories.meeting(),), {"actor": None}),
        ((stories.meeting(),), {"key": 7}),
        ((stories.meeting(),), {"after": "7"}),
        ((redacted(stories.need()),), {}),
        ((stories.need(),) * 1_001, {}),
    ],
)
def test_what_is_no_batch_is_malformed(small, facts, envelope):
    position = small.position
    with pytest.raises(Malformed):
        small.record(*facts, **envelope)
    assert small.position == position


def test_a_batch_may_be_a_thousand_facts(small):
    receipt = small.record(*(stories.firm(f"x{number}") for number in range(1_000)))
    assert receipt.last - receipt.first == 999


def test_a_key_makes_a_retry_harmless(community, clock):
    first = community.record(stories.meeting(), key="k-1", at=START)
    clock.now = AFTER_ALL
    digest = community.network.digest()
    again = community.record(stories.meeting(), key="k-1", at=AFTER_ALL)
    assert again == attrs.evolve(first, repeated=True)
    assert community.network.digest() == digest
    with pytest.raises(KeyReused) as reused:
        community.record(stories.meeting("m2"), key="k-1")
    assert (reused.value.key, reused.value.first) == ("k-1", first.first)
    assert community.network.digest() == digest


def test_a_refusal_does_not_use_up_its_key(community):
    with pytest.raises(Refused):
        community.record(stories.need("n1"), key="k-1")
    assert not community.record(stories.need("n9"), key="k-1").repeated


def test_after_asks_for_a_still_world(community):
    position = community.position
    community.record(stories.meeting("m1"), after=position)
    with pytest.raises(Conflict) as conflict:
        community.record(stories.meeting("m2"), after=position)
    assert (conflict.value.after, conflict.value.head) == (position, position + 1)
    assert "m2" not in community.network.meetings
    community.record(stories.meeting("m2"), after=position + 1)


def test_two_communities_on_one_log_see_each_other(tmp_path, clock):
    url = f"sqlite:///{tmp_path / 'community.db'}"
    with Community.open(url, clock=clock) as one, Community.open(url, clock=clock) as other:
        one.record(*pilot())
        other.record(stories.need("n9"))
        with pytest.raises(Refused):
            one.record(stories.need("n9"))
        assert one.network.digest() == other.network.digest()


# Reading


def names(records):
    return [one.fact.name for one in records]


def test_events_are_read_by_position_type_and_name(community):
    live(community, life())
    head, first = community.position, len(pilot())
    assert [one.position for one in community.events()] == list(range(1, head + 1))
    assert [one.position for one in community.events(after=first, until=first + 3)] == [first + 1, first + 2, first + 3]
    assert [one.position for one in community.events(until=head + 99)][-1] == head
    assert {one.fact.name for one in community.events(types=[NeedDeclared, "pool-formed"])} == {
        "need-declared",
        "pool-formed",
    }
    assert names(community.events(about="n2")) == [
        "need-declared",
        "pool-formed",
        "service-requested",
        "service-booked",
        "pool-member-left",
        "need-withdrawn",
    ]
    assert list(community.events(about="nobody")) == list(community.events(about="nobody", related=True)) == []


def test_the_story_of_a_need_reads_in_order_and_tells_of_nobody_else(community):
    live(community, life())
    story = list(community.events(about="n1", related=True))
    assert [one.position for one in story] == sorted(one.position for one in story)
    assert names(story) == [
        "need-declared",
        "pool-formed",
        "service-booked",
        "voucher-issued",
        *["service-delivered"] * 4,
        "delivery-confirmed",
        "voucher-redeemed",
        "satisfaction-recorded",
        "voucher-reversed",
        "voucher-redeemed",
        "voucher-settled",
        "pool-dissolved",
        "personal-plan-drafted",
        "personal-plan-revised",
    ]
    assert not any({"n2", "e2", "v2"} & set(one.fact.about()) for one in story if not isinstance(one.fact, PoolFormed))


def test_the_story_of_a_household_tells_its_needs(community):
    live(community, life())
    story = names(community.events(about="h4", related=True))
    assert story[:2] == ["household-formed", "need-declared"]
    assert "pool-formed" in story
    assert story[-1] == "need-expired"


def test_the_story_may_be_read_in_part(community):
    live(community, life())
    whole = list(community.events(about="n1", related=True))
    paid = names(whole).index("voucher-redeemed") + 1
    middle = whole[paid - 1].position
    assert list(community.events(about="n1", related=True, until=middle)) == whole[:paid]
    assert list(community.events(about="n1", related=True, after=middle)) == whole[paid:]
    assert names(community.events(about="n1", related=True, types=[PoolFormed])) == ["pool-formed"]


def test_records_are_plain_rows_in_order_of_id(community):
    rows = community.records("needs")
    assert [row["id"] for row in rows] == ["n1", "n2", "n3", "n4"]
    assert rows[0]["state"] == "open"
    assert rows[0]["period"] == "2026-03-02/2026-04-01"
    with pytest.raises(Malformed, match="no table 'need'"):
        community.records("need")


def test_indicators_count_up_to_now(community):
    live(community, life())
    figures = {one.id: one for one in community.indicators(Period.parse("2026-03-01/2026-04-01"))}
    assert (figures["I2.1"].value, figures["I4.2e"].value) == (1, 1)
    assert figures["I1.1"].target == 22
    assert {one.position for one in figures.values()} == {community.position}


def test_as_of_shows_what_was_and_refuses_to_write(community, clock):
    digests = {community.position: community.network.digest()}
    clock.now = AFTER_ALL
    live(community, stories.matched())
    before = community.as_of(len(pilot()))
    assert before.network.digest() == digests[len(pilot())]
    assert before.network.pools == {}
    assert before.as_of(2).position == 2
    assert list(before.events())[-1].position == len(pilot())
    with pytest.raises(ReadOnly):
        before.record(stories.meeting())
    with pytest.raises(ReadOnly):
        before.advance(stories.NEXT_YEAR)
    community.record(stories.meeting())
    assert before.network.digest() == digests[len(pilot())]
    assert community.as_of(0).network.digest() == Network().digest()
    assert community.as_of(community.position).network.digest() == community.network.digest()


def test_as_of_an_instant_is_what_was_recorded_by_then(community, clock):
    clock.now = AFTER_ALL
    community.record(stories.meeting(), at=START)
    assert community.as_of(START).position == len(pilot())
    assert community.as_of(AFTER_ALL).position == community.position
    assert community.as_of(instant("2020-01-01 00:00")).position == 0


@pytest.mark.parametrize("moment", [-1, 999, dt.datetime(2026, 3, 1)])  # noqa: DTZ001 - a naive instant is refused
def test_as_of_no_moment_of_the_log_is_malformed(small, moment):
    with pytest.raises(Malformed):
        small.as_of(moment)


def test_a_branch_has_the_same_past_and_a_future_of_its_own(community):
    live(community, stories.matched())
    branch = community.branch()
    assert list(branch.events()) == list(community.events())
    assert branch.network.digest() == community.network.digest()
    branch.record(stories.need("only-here"))
    community.record(stories.need("only-there"))
    assert "only-there" not in branch.network.needs
    assert "only-here" not in community.network.needs


def test_a_branch_remembers_keys(community):
    community.record(stories.meeting(), key="k-1")
    assert community.branch().record(stories.meeting(), key="k-1").repeated


# Matching


@pytest.mark.parametrize("strategy", ["by_firm", "by_zone", "greedy", "exact"])
def test_a_plan_is_adopted_whole(community, strategy):
    plan = community.match(strategy)
    start = community.position
    receipt = community.adopt(plan, actor="wm-1", after=start)
    told = list(community.events(after=start))
    assert (receipt.first, receipt.last) == (told[0].position, told[-1].position)
    assert names(told) == ["plan-adopted", "chain-composed", *["pool-formed"] * len(plan.pools)]
    assert {one.actor for one in told} == {"wm-1"}
    assert {name for one in plan.pools for name in one.needs} == {"n1", "n2", "n3", "n4"}
    assert community.network.opened("need") == []
    assert community.network.check() == ()
    assert community.problem().needs == ()


def test_a_match_changes_nothing_and_is_the_same_twice(community):
    digest = community.network.digest()
    assert community.match("greedy", seed=1) == community.match("greedy", seed=1)
    assert community.network.digest() == digest


def test_a_plan_on_the_desk_is_matched_again_after_an_event(community):
    before = community.match()
    community.record(NeedWithdrawn(need="n1"))
    plan = community.match(previous=before, split="shapley", move_minutes=0)
    plan.check(community.problem())
    assert plan.since.plan == before.digest
    assert "n1" not in plan.covered
    assert plan.covered <= before.covered | {one.need for one in before.unmatched}
    receipt = community.adopt(plan)
    adopted = next(iter(community.events(after=receipt.first - 1))).fact
    told = {one.name: one.value for one in adopted.settings}
    assert told == {"solve.previous": f'"{before.digest}"', "solve.move_minutes": "0"}


def test_a_plan_says_in_the_facts_that_it_was_stopped(community):
    plan = community.match(progress=lambda now: now.step == 1)
    receipt = community.adopt(plan)
    adopted = next(iter(community.events(after=receipt.first - 1))).fact
    assert [(one.name, one.value) for one in adopted.settings] == [("solve.stopped", "1")]


def test_a_plan_is_refused_when_the_network_cannot_keep_it_any_more(community):
    plan = community.match()
    community.record(NeedWithdrawn(need="n1"))
    digest = community.network.digest()
    with pytest.raises(Refused) as refused:
        community.adopt(plan)
    assert refused.value.reason == "need-not-open"
    assert community.network.digest() == digest


def test_a_plan_is_adopted_once(community):
    plan = community.match()
    community.adopt(plan)
    with pytest.raises(Refused):
        community.adopt(plan)


def test_a_plan_that_is_not_its_digest_is_no_plan(community):
    plan = community.match()
    with pytest.raises(PlanError, match="digest"):
        community.adopt(attrs.evolve(plan, seed=plan.seed + 1))


def test_a_plan_adopted_with_a_key_is_adopted_once_and_answered_twice(community):
    plan = community.match()
    first = community.adopt(plan, key="k-1")
    assert community.adopt(plan, key="k-1") == attrs.evolve(first, repeated=True)


def test_a_problem_holds_what_can_be_matched_now(community, clock):
    community.record(
        stories.offer("unagreed", channel=Channel.AGREEMENT),
        stories.offer("over", period=Period.parse("2026-01-01/2026-02-01")),
        stories.need("over-need", period=Period.parse("2026-03-02/2026-03-09"), sessions=1, minutes=90),
        *(stories.voucher(f"v{number}", household=f"h{number}", fund="c1", face_cents=25_000) for number in (1, 2)),
        PersonLeft(person="p5", firm="f3"),
    )
    clock.now = instant("2026-03-10 08:00")
    community.record(stories.meeting())
    problem = community.problem()
    assert {one.id for one in problem.offers} == {"hw", "cm", "ride"}
    assert {one.id for one in problem.needs} == {"n1", "n2", "n3"}
    assert {one.id for one in problem.budgets} == {"b1"}
    assert {one.period.start for one in problem.needs} == {dt.date(2026, 3, 11)}


def test_promises_in_force_are_part_of_the_problem(community):
    live(community, stories.matched())
    commitments = community.problem().commitments
    assert {one.offer: one.minutes for one in commitments if one.minutes} == {"hw": 1_440, "ride": 120}
    dated = {(one.offer, len(one.occurrences), len(one.beneficiaries)) for one in commitments if one.occurrences}
    assert dated == {("hw", 4, 3), ("ride", 4, 1), ("hw", 4, 1)}


def test_a_chain_that_stands_is_used_again(community):
    community.adopt(community.match())
    (chain,) = community.network.chains
    community.record(stories.chain_need("n9", "h3"))
    start = community.position
    community.adopt(community.match())
    assert names(community.events(after=start)) == ["plan-adopted", "pool-formed"]
    assert len(community.network.links.targets(chain, "shapes")) == 2


def test_a_plan_without_times_is_for_no_community(community):
    problem = Problem(
        needs=[Need(id="n1", minutes=60)],
        offers=[Offer(id="hw", capacity_minutes=60)],
        options=[Option(need="n1", offer="hw", minutes=60, price_cents=1)],
    )
    with pytest.raises(PlanError, match="time"):
        community.adopt(solve(problem, "greedy"))


# Time


def test_time_passes_once_and_in_order(community):
    live(community, [*stories.matched(), stories.voucher(valid=stories.MARCH), stories.need("n9", period=stories.YEAR)])
    receipts = community.advance(stories.NEXT_YEAR)
    told = list(community.events(after=receipts[0].first - 1))
    assert [one.fact.name for one in told] == [
        *["pool-dissolved"] * 2,
        *["need-expired"] * 4,
        "voucher-expired",
        "need-expired",
    ]
    moments = [one.occurred_at for one in told]
    assert moments == sorted(moments)
    assert set(moments) == {instant("2026-03-31 22:00"), instant("2026-12-31 23:00")}
    assert community.advance(stories.NEXT_YEAR) == ()
    assert {need.state for need in community.network.needs.values()} == {NeedState.EXPIRED}
    assert community.network.check() == ()


def test_nothing_passes_before_its_day(community):
    live(community, stories.matched())
    assert community.advance(instant("2026-03-31 21:59")) == ()
    assert len(community.advance(instant("2026-03-31 22:00"))) == 6


def test_a_pool_in_which_a_session_waits_is_not_dissolved(community):
    live(community, [stories.plan(), stories.pool(), stories.booked()])
    community.advance(APRIL)
    assert community.network.pools["pool-1"].open
    community.record(stories.cancelled(), at=APRIL)
    community.advance(APRIL)
    assert not community.network.pools["pool-1"].open
    assert community.network.opened("need") == []


def test_time_in_steps_is_time_at_once(small, clock):
    live(small, [*stories.booking(), AFTER_ALL, stories.delivered(), stories.cancelled("e2")])
    branch = small.branch()
    small.advance(stories.NEXT_YEAR)
    for day in (instant("2026-03-31 22:00"), APRIL, instant("2026-08-01 08:00"), stories.NEXT_YEAR):
        branch.advance(day)
    assert [one.fact for one in small.events()] == [one.fact for one in branch.events()]


def test_a_naive_instant_does_not_pass(small):
    with pytest.raises(Malformed):
        small.advance(dt.datetime(2026, 5, 1))  # noqa: DTZ001 - that is the point


def test_the_whole_life_is_the_same_in_every_log(community):
    live(community, life())
    network = stories.network_of(*life())
    assert community.network.digest() == network.digest()
    assert [one.fact for one in community.events()] == [*pilot(), *facts_in(life())]


def test_closing_a_picture_of_the_past_leaves_the_log_open(community):
    with community.as_of(1):
        pass
    assert community.record(stories.meeting(), at=START).last == len(pilot()) + 1


def test_a_plan_adopted_again_under_its_key_is_the_first_adoption_whatever_came_since(community):
    plan = community.match()
    first = community.adopt(plan, key="march")
    pool = community.network.pools[f"{plan.id}-1"]
    [dated, *_] = timetable.sessions_of(community.network, pool)
    member = pool.members[0]
    booked = stories.booked(
        "eng", pool=pool.id, need=member.need, occurrences=dated[: member.sessions], price_cents=member.share_cents
    )
    community.record(booked, at=START)
    community.record(stories.delivered("eng", 0, minutes=dated[0].minutes), at=NEXT_YEAR)
    again = community.adopt(plan, key="march")
    assert (again.first, again.last, again.repeated) == (first.first, first.last, True)
    with pytest.raises(Refused):
        community.adopt(plan, key="april")


def test_a_late_paper_sheet_does_not_turn_time_back(community, clock):
    clock.now = instant("2026-03-10 08:00")
    community.record(stories.meeting())
    before = community.problem().digest
    community.record(stories.meeting("m2"), at=instant("2026-03-05 08:00"))
    assert community.problem().digest == before


def test_a_problem_knows_what_each_household_holds_of_a_fund(community):
    community.record(stories.voucher(face_cents=25_000), at=START)
    [budget, *_] = [one for one in community.problem().budgets if one.id == "b1"]
    assert [(one.household, one.cents) for one in budget.drawn] == [("h1", 25_000)]
    plan = community.match()
    granted = sum(cents.get("b1", 0) for pool in plan.pools for need, cents in pool.grants.items() if need == "n1")
    assert granted <= 5_000


def test_a_date_that_was_mistyped_does_not_stop_the_matcher(community):
    before = community.problem()
    community.record(stories.firm("f9"), at=instant("2062-02-20 08:00"))
    assert community.problem() == before


@pytest.mark.parametrize(
    "at",
    [
        dt.datetime(1969, 12, 31, tzinfo=dt.UTC),
        dt.datetime.max.replace(tzinfo=dt.UTC),
        dt.datetime(1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=2))),
        dt.datetime(2026, 1, 1),  # noqa: DTZ001 - what is refused
        dt.date(2026, 1, 1),
        "2026-01-01",
    ],
)
def test_no_instant(community, at):
    for ask in (
        lambda: community.record(stories.meeting(), at=at),
        lambda: community.advance(at),
        lambda: community.as_of(at),
    ):
        with pytest.raises(Malformed):
            ask()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"zone": "Nowhere"}, "zone"),
        ({"zone": 1}, "zone"),
        ({"mode": "w"}, "mode"),
        ({"name": "milano"}, "by name"),
        ({"clock": None}, "clock"),
        ({"snapshot_every": "5"}, "snapshot_every"),
        ({"snapshot_every": 0}, "snapshot_every"),
        ({"events": None}, "events"),
        ({"upcasts": 7}, "upcasts"),
    ],
)
def test_a_community_is_not_opened_anyhow_and_no_file_is_made(tmp_path, changes, said):
    for url in ("memory:", f"sqlite:///{tmp_path / 'log.db'}"):
        with pytest.raises(Malformed, match=said):
            Community.open(url, **changes)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("path", "mode", "said"), [("no/log.db", "rw", "folder"), ("no/log.db", "r", "folder"), ("log.db", "r", "no such")]
)
def test_a_file_that_is_not_there_is_said_to_be_so(tmp_path, path, mode, said):
    with pytest.raises(StorageUnavailable, match=f"log.db: .*{said}") as caught:
        Community.open(f"sqlite:///{tmp_path / path}", mode=mode)
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize(
    ("batches", "options"), [(None, {}), (7, {}), ([None], {}), ([None], {"guarded": False}), ([], {"after": "3"})]
)
def test_what_is_no_load_is_malformed(small, batches, options):
    with pytest.raises(Malformed):
        list(small.load(batches, **options))
    assert small.position == len(pilot())


@pytest.mark.parametrize("now", ["2026-03-01", None, dt.datetime(2026, 3, 1)])  # noqa: DTZ001 - what is refused
def test_a_clock_that_says_no_instant_is_malformed(place, now):
    with Community.open(**place, clock=lambda: now) as community:
        for at in (None, START):
            with pytest.raises(Malformed, match="time zone"):
                community.record(*pilot(), at=at)
        assert community.position == 0


@pytest.mark.parametrize(
    "url",
    [
        "",
        "memory",
        "sqlite:",
        "sqlite:///a\0b",
        "postgresql:x",
        "mysql://x",
        "file.db",
        "sqlite:///:memory:",
        "sqlite:///a.db?mode=ro",
        "sqlite://a.db",
    ],
)
def test_no_url_of_a_log(url):
    with pytest.raises(Malformed):
        Community.open(url)


@pytest.mark.parametrize("types", ["need-declared", ["nope"], [5], [int]])
def test_no_types_of_facts(community, types):
    with pytest.raises(Malformed):
        community.events(types=types)


def test_a_plan_of_another_community_is_refused_by_name(community):
    plan = community.match()
    other = Community.open("memory:", clock=lambda: START)
    with pytest.raises(PlanError) as error:
        other.adopt(plan)
    assert error.value.rule == "unknown"
    with pytest.raises(PlanError):
        community.adopt(None)


def test_what_a_certificate_says_is_recorded_only_when_it_was_checked(community):
    plan = community.match()
    moved = community.branch()
    moved.record(stories.firm("f9"), stories.need("n9"))
    moved.adopt(plan)
    community.adopt(plan)
    [then] = [one.fact for one in moved.events(types=["plan-adopted"])]
    [now] = [one.fact for one in community.events(types=["plan-adopted"])]
    assert then.levels == ()
    assert [level.level for level in now.levels] == [level.name for level in plan.certificate.levels]


def test_a_key_of_half_a_batch_is_free_in_a_branch(community):
    start = community.position
    both = [stories.firm("f8"), stories.firm("f9")]
    community.record(*both, key="two")
    half = community.as_of(start + 1).branch()
    assert half.record(both[1], key="two").first == start + 2
    assert community.branch().record(*both, key="two").repeated


# Nobody else opens a log in memory.
@pytest.mark.parametrize("place", ["sqlite", "postgres"], indirect=True)
def test_a_fact_that_fails_to_apply_is_not_passed_over(place, clock):
    class Stumbling(Exception):
        pass

    @attrs.frozen(kw_only=True)
    class Noted(Event):
        name = "noted"
        stumbles = False

        def apply(self, network):
            network.put(network.firms["f1"].replace(persons=9))
            if Noted.stumbles:
                raise Stumbling

    with Community.open(**place, clock=clock, events=[Noted]) as writer:
        writer.record(*pilot())
        reader = Community.open(**place, clock=clock, events=[Noted], mode="r")
        writer.record(Noted())
        Noted.stumbles = True
        for _ in range(2):
            with pytest.raises(IntegrityError, match="noted does not follow"):
                _ = reader.network
        Noted.stumbles = False
        assert reader.network.digest() == writer.network.digest()
        reader.close()


def test_an_open_need_that_is_not_asked_for_is_left_out_for_a_reason(community, clock):
    community.record(
        ConsentGiven(household="h2"),
        stories.need("n7", household="h2", service="elder_care"),
        stories.need("n8", sessions=1, minutes=90, period=Period.parse("2026-03-02/2026-03-09")),
        ConsentWithdrawn(household="h2"),
        PersonLeft(person="p5", firm="f3"),
    )
    clock.now = instant("2026-03-10 08:00")
    community.record(stories.meeting())
    asked = {need.id for need in community.problem().needs}
    left_out = community.left_out()
    assert left_out["n7"] == "consent-missing"
    assert left_out["n8"] == "period-over"
    assert "no-active-recipient" in left_out.values()
    assert asked | set(left_out) == set(community.network.opened("need"))
    assert not asked & set(left_out)


def test_sessions_of_a_pool_are_dated(community):
    live(community, stories.matched())
    assert community.sessions("pool-1") == (stories.MONDAYS,)
    assert len(community.sessions("pool-2")) == 2
    with pytest.raises(Malformed):
        community.sessions("nowhere")
