import datetime as dt
from collections import Counter

import attrs
import pytest
from hamlet import SEED, hamlet, instant, year

from wis_engine.community import Community
from wis_engine.errors import Malformed, StrategyError
from wis_engine.facts import FirmJoined, HouseholdFormed, NeedDeclared, PersonEnrolled
from wis_engine.network.parties import Member
from wis_engine.simulation import MatchDay, Scenario, simulate
from wis_engine.simulation.clock import SimulatedClock
from wis_engine.simulation.scenario import Frame
from wis_engine.values import AgeBand

WINTER = instant("2026-01-20T00:00")


def needs(run):
    return {one.fact.need: one.fact for one in run.community.events(types=[NeedDeclared])}


def test_a_year_is_whole():
    run = year()
    assert run.community.network.check() == ()
    assert run.community.branch().network.digest() == run.community.network.digest()
    assert run.community.verify(deep=True).ok
    network = run.community.network
    assert not [kind for kind in ("need", "pool", "voucher") if network.opened(kind)]
    assert not any(engagement.open for engagement in network.engagements.values())
    names = Counter(one.fact.name for one in run.community.events())
    for name in ("firm-left", "offer-withdrawn", "voucher-redeemed", "pool-formed", "delivery-confirmed"):
        assert names[name], name


def test_everybody_says_that_it_is_simulated():
    run = year()
    assert all(one.actor.startswith("simulated-") for one in run.community.events())
    assert all(project.simulated for project in run.community.network.projects.values())


def test_the_same_seed_gives_the_same_bytes_and_another_does_not():
    run, until = year(), instant("2025-12-05T00:00")
    early = [simulate(hamlet(), seed=seed, until=until) for seed in (SEED, SEED, SEED + 1)]
    assert list(early[0].lines()) == list(early[1].lines())
    assert early[0].community.network.digest() == early[1].community.network.digest()
    assert early[0].digest() != early[2].digest()
    lines = list(early[0].lines())
    assert list(run.lines())[: len(lines)] == lines


@pytest.mark.parametrize(
    "stops",
    [
        ["2025-08-01T00:00"],
        ["2025-09-01T08:00", "2025-09-01T08:20", "2025-10-31T16:31"],
        ["2025-11-11T11:11", "2026-02-28T17:00", "2026-09-20T03:00"],
    ],
)
def test_a_run_that_was_stopped_is_the_run(stops):
    run = simulate(hamlet(), seed=SEED, until=instant(stops[0]))
    for stop in stops[1:]:
        run = run.resume(instant(stop))
    whole = run.resume()
    assert whole.digest() == year().digest()
    assert whole.community.network.digest() == year().community.network.digest()
    assert whole.days == year().days
    assert whole.started == 0


def test_every_strategy_meets_the_same_needs():
    by_firm = simulate(hamlet(), seed=SEED, strategy="by_firm", until=WINTER)
    by_zone = simulate(hamlet(), seed=SEED, strategy="by_zone", until=WINTER)
    assert needs(by_firm) == needs(by_zone)
    assert by_firm.digest() != by_zone.digest()


def test_another_price_moves_no_need_and_nobody():
    dear = tuple(attrs.evolve(kind, price_cents=kind.price_cents * 3) for kind in hamlet().supply.kinds)
    scenario = attrs.evolve(hamlet(), supply=attrs.evolve(hamlet().supply, kinds=dear))
    run = simulate(scenario, seed=SEED, until=WINTER)
    same = simulate(hamlet(), seed=SEED, until=WINTER)
    assert needs(run) == needs(same)
    assert sum(day.served for day in run.days) < sum(day.served for day in same.days)


def test_a_community_given_is_the_past_and_stays_as_it_was():
    past = simulate(hamlet(), seed=SEED, until=WINTER).community
    position, digest = past.position, past.network.digest()
    run = simulate(hamlet(), seed=SEED, community=past)
    assert (past.position, past.network.digest()) == (position, digest)
    assert run.started == position
    assert run.digest() == year().digest()


def test_who_joins_in_a_what_if_has_needs_and_moves_no_other():
    world = simulate(hamlet(), seed=SEED, until=WINTER).community.branch()
    nil = hamlet().firms.zones[0]
    for number in range(6):
        members = (
            Member(id=f"m{number}", age_band=AgeBand.ADULT_18_64),
            Member(id=f"c{number}", age_band=AgeBand.CHILD_3_5),
        )
        world.record(
            FirmJoined(firm=f"new-{number}", title="New", persons=5, ateco="47", nil=nil),
            PersonEnrolled(person=f"p-{number}", firm=f"new-{number}"),
            HouseholdFormed(household=f"h-{number}", holders=(f"p-{number}",), members=members, nil=nil),
            at=WINTER,
        )
    run = simulate(hamlet(), seed=SEED, community=world)
    more, before = needs(run), needs(year())
    assert {name: more[name] for name in before} == before
    new = [more[name] for name in more.keys() - before.keys()]
    assert new
    assert {need.household[:2] for need in new} == {"h-"}


def test_standing_people_live_on_alone():
    standing = attrs.evolve(
        hamlet(), frame=Frame.STANDING, firms=None, people=None, growth=None, supply=None, rounds=()
    )
    past = simulate(hamlet(), seed=SEED, until=WINTER).community
    run = simulate(standing, seed=SEED, community=past)
    assert run.community.network.firms.keys() == past.network.firms.keys()
    assert len(run.community.network.needs) > len(past.network.needs)


def test_it_lives_in_a_community_whose_clock_it_is_given(tmp_path):
    clock, until = SimulatedClock(), instant("2025-10-10T00:00")
    with Community.open(f"sqlite:///{tmp_path}/hamlet.db", clock=clock) as community:
        run = simulate(hamlet(), seed=SEED, until=until, community=community, clock=clock)
        assert run.community is community
        assert run.digest() == simulate(hamlet(), seed=SEED, until=until).digest()
        assert max(one.recorded_at for one in community.events()) < until


def test_progress_hears_of_each_match_and_may_stop_it():
    heard = []

    def tell(day):
        heard.append(day)
        if len(heard) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(hamlet(), seed=SEED, progress=tell)
    assert tuple(heard) == year().days[:2]
    assert str(heard[0]).startswith("2025-09-30")


def test_columns_are_whole_numbers():
    columns = year().columns()
    assert set(columns) == {one.name for one in attrs.fields(MatchDay)}
    assert {len(column) for column in columns.values()} == {12}
    assert all(type(value) is int for column in columns.values() for value in column)
    assert columns["day"][0] == (dt.date(2025, 9, 30) - dt.date(1970, 1, 1)).days
    declared = len(needs(year()))
    assert sum(columns["declared"]) == declared
    assert columns["position"] == tuple(sorted(columns["position"]))


def test_what_is_promised_is_what_the_columns_say():
    run = year()
    pools = run.community.network.pools.values()
    formed = [one.fact for one in run.community.events(types=["pool-formed"])]
    assert sum(day.pools for day in run.days) == len(pools) == len(formed)
    assert sum(day.price_cents for day in run.days) == sum(fact.price_cents for fact in formed)
    assert sum(day.served for day in run.days) == sum(len(fact.members) for fact in formed)
    assert sum(day.minutes for day in run.days) == sum(one.minutes for fact in formed for one in fact.members)


def test_the_desk_may_match_every_week():
    weekly = attrs.evolve(hamlet(), matching=attrs.evolve(hamlet().matching, every_days=7))
    run = simulate(weekly, seed=SEED, until=instant("2025-11-01T00:00"))
    assert [(b.day - a.day).days for a, b in zip(run.days, run.days[1:], strict=False)] == [7] * (len(run.days) - 1)
    assert len(run.days) == 8


def test_the_pilot_has_the_frame_of_the_card():
    run = simulate(Scenario.pilot(), seed=1)
    figures = {one.id: one for one in run.community.indicators(run.scenario.period)}
    assert (figures["I1.1"].value, figures["I1.1"].target) == (22, 22)
    assert figures["I4.2e"].target == 80
    assert 40 <= figures["I4.2e"].value <= 160
    assert len(run.community.network.actions) == 5
    assert sum(action.budget_cents for action in run.community.network.actions.values()) == 6_980_000
    assert run.community.network.check() == ()


@pytest.mark.parametrize(
    ("error", "arguments"),
    [
        (Malformed, {"seed": -1}),
        (Malformed, {"seed": 1, "until": dt.datetime(2025, 10, 1)}),  # noqa: DTZ001 - a naive one is the point
        (StrategyError, {"seed": 1, "strategy": "by_moon"}),
        (Malformed, {"seed": 1, "clock": SimulatedClock()}),
    ],
)
def test_a_wrong_argument_is_told_before_anything_lives(error, arguments):
    with pytest.raises(error):
        simulate(hamlet(), **arguments)
