"""The measures of a hamlet's year, held against its log, its network and the views, which know nothing of them."""

import datetime as dt
import inspect
from collections import Counter
from functools import cache

import pytest
from hamlet import SEED, hamlet, instant, year
from pages import told

from wis_engine import measures as package
from wis_engine.community import Community
from wis_engine.errors import Malformed
from wis_engine.facts.base import redacted
from wis_engine.log.log import Batch
from wis_engine.measures import DEFINITIONS, Measures
from wis_engine.network.promises import SessionState
from wis_engine.simulation import simulate
from wis_engine.values import Period

TABLES = (
    *("needs", "pools", "pool_sizes", "months", "waiting", "suppliers", "weeks", "budget", "groups", "lorenz"),
    *("flows", "disruptions", "growth"),
)


@cache
def measured():
    return Measures(year().community)


@cache
def everything():
    """A small history in which every kind of fact happened."""
    return Measures(told())


EVERY = pytest.mark.parametrize("of", [measured, everything], ids=["hamlet", "everything"])


@EVERY
def test_the_numbers_are_the_definitions_and_whole(of):
    summary = of().summary()
    assert summary.names == tuple(DEFINITIONS)
    (row,) = summary.records()
    assert all(value is None or type(value) is int for value in row.values())
    assert {name for name, value in row.items() if value is None} <= {"gini_size_ppm", "saving_ppm"}
    assert row == {name: of()[name] for name in DEFINITIONS}
    for name, one in DEFINITIONS.items():
        assert one.unit not in ("ppm", "cents", "minutes", "milli") or name.endswith(f"_{one.unit}")
        if one.unit == "ppm" and name != "saving_ppm":
            assert row[name] is None or 0 <= row[name] <= 1_000_000


@EVERY
def test_minutes_money_and_needs_are_those_of_the_views(of):
    community = of()._community
    view = community.view("indicators")
    whole = of().period
    assert of()["delivered_minutes"] == sum(
        minutes for one in community.network.engagements.values() for minutes in one.delivered_minutes
    )
    assert of()["pools"] == len(community.network.pools)
    assert of()["promised"] == view.one("X6", whole).variant("all needs in pools").value
    assert of()["paid_cents"] == sum(row["paid_cents"] for row in community.records("budget"))
    assert of()["budget_cents"] == sum(row["lines_cents"] for row in community.records("budget"))
    households = {row["household"] for row in of().needs.records() if row["served_day"]}
    assert len(households) == view.one("I4.4", whole).value


def test_unmet_needs_are_those_of_the_view_that_had_nothing():
    view = measured()._community.view("indicators")
    assert measured()["unmet"] <= view.one("X7", measured().period).value + sum(
        one.state.value == "expired" for one in year().community.network.needs.values()
    )


@EVERY
def test_tables_agree_with_each_other(of):
    one = of()
    needs, last = one.needs, one.months.records()[-1]
    assert len(needs) == one["needs"] == sum(one.groups.where(by="action")["needs"])
    assert sum(one.pool_sizes["needs"]) == one["promised"]
    assert sum(one.pool_sizes["pools"]) == len(one.pools)
    assert sum(one.waiting["needs"]) == one["served"]
    assert one.waiting["served_ppm"][-1] == 1_000_000
    assert sum(one.suppliers["delivered_minutes"]) == sum(one.weeks["delivered_minutes"]) == one["delivered_minutes"]
    assert sum(one.suppliers["capacity_minutes"]) == sum(one.weeks["capacity_minutes"])
    for name in ("needs", "promised", "served", "together", "unmet", "asked_minutes", "delivered_minutes"):
        assert last[name] == one[name], name
    for name in ("price_cents", "alone_cents", "granted_cents", "coverage_ppm", "saving_ppm"):
        assert last[name] == one[name], name
    for by in ("household", "firm", "size", "zone", "municipio", "action"):
        for name in ("needs", "served", "asked_minutes", "delivered_minutes", "saved_cents"):
            assert sum(one.groups.where(by=by)[name]) == (one[name] or 0), (by, name)
    budget = one.budget.records()
    for row in budget:
        assert row["granted_cents"] == row["held_cents"] + row["paid_cents"] + row["left_cents"]
        assert min(row["held_cents"], row["left_cents"]) >= 0


def test_a_pool_counts_as_it_was_formed():
    formed = {one.fact.pool: one.fact for one in year().community.events(types=["pool-formed"])}
    for row in measured().pools.records():
        fact = formed[row["pool"]]
        assert (row["members"], row["price_cents"]) == (len(fact.members), fact.price_cents)
        assert row["saved_cents"] == sum(one.alone_cents - one.share_cents for one in fact.members)
    sizes = Counter(len(one.members) for one in formed.values())
    assert dict(zip(measured().pool_sizes["pool_size"], measured().pool_sizes["pools"], strict=True)) == sizes


def test_a_need_waits_from_its_declaration_to_its_first_session():
    network = year().community.network
    declared = {one.fact.need: one.occurred_at.date() for one in year().community.events(types=["need-declared"])}
    for row in measured().needs.records():
        days = [
            occurrence.day
            for one in network.engagements.values()
            if one.need == row["need"]
            for occurrence, state in zip(one.occurrences, one.states, strict=True)
            if state.took_place
        ]
        assert row["declared_day"] == declared[row["need"]]
        assert row["served_day"] == min(days, default=None)
        assert row["wait_days"] == (None if not days else (min(days) - declared[row["need"]]).days)


def test_who_leaves_keeps_its_firm_in_the_measures():
    left = {one.fact.firm for one in year().community.events(types=["firm-left"])}
    assert left & set(measured().needs["firm"])
    assert None not in measured().needs["size"]


def test_capacity_ends_when_an_offer_is_withdrawn():
    day = {one.fact.offer: one.occurred_at.date() for one in year().community.events(types=["offer-withdrawn"])}
    assert day
    network = year().community.network
    for name, ended in day.items():
        supplier = network.offers[name].supplier
        if network.links.targets(supplier, "offers") == [name]:
            rows = measured().weeks.where(supplier=supplier).records()
            assert max(row["week_day"] for row in rows if row["capacity_minutes"]) <= ended


def test_disruptions_are_what_the_log_tells():
    community = year().community
    told = {(row["what"], row["by"]): row for row in measured().disruptions.records()}
    cancelled = Counter()
    for one in community.events(types=["service-cancelled"]):
        states = community.network.engagements[one.fact.engagement].states
        cancelled[one.fact.reason.value] += states.count(SessionState.CANCELLED)
    assert {by: row["sessions"] for (what, by), row in told.items() if what == "cancelled"} == cancelled
    missed = Counter(one.fact.by.value for one in community.events(types=["no-show-recorded"]))
    assert {by: row["sessions"] for (what, by), row in told.items() if what == "missed"} == missed
    assert "period-over" not in {by for _, by in told}


def test_promises_are_broken_in_every_way():
    assert {row["what"] for row in everything().disruptions.records()} == {"left", "missed", "cancelled", "moved"}
    assert everything()["given_up"] > 0
    assert everything()["disrupted"] > 0


def test_lorenz_curves_rise_from_nothing_to_all_and_hold_gini():
    for by in ("household", "zone"):
        curve = measured().lorenz.where(by=by, of="minutes")
        xs, ys = curve["groups_ppm"], curve["amount_ppm"]
        assert (xs[0], ys[0], xs[-1], ys[-1]) == (0, 0, 1_000_000, 1_000_000)
        assert all(y <= x for x, y in zip(xs, ys, strict=True))
        assert list(ys) == sorted(ys)
    curve = measured().lorenz.where(by="household", of="minutes")
    area = sum((a + b) / 2 for a, b in zip(curve["amount_ppm"], curve["amount_ppm"][1:], strict=False))
    assert 1 - 2 * area / (len(curve) - 1) / 1e6 == pytest.approx(measured()["gini_household_ppm"] / 1e6, abs=1e-4)


def test_a_period_counts_what_began_in_it():
    autumn = Period(dt.date(2025, 9, 1), dt.date(2025, 12, 1))
    rest = Period(dt.date(2025, 12, 1), measured().period.end)
    early, late = (Measures(year().community, one) for one in (autumn, rest))
    for name in ("needs", "promised", "served", "unmet", "pools", "paid_cents", "price_cents", "disrupted"):
        assert early[name] + late[name] == measured()[name], name
    assert set(early.months["month_day"]) == {dt.date(2025, month, 1) for month in (9, 10, 11)}
    assert set(early.budget["day"]) <= {day for day in measured().budget["day"] if day in autumn}


def test_the_community_as_it_stood_is_measured_alike():
    early = simulate(hamlet(), seed=SEED, until=instant("2025-12-05T00:00")).community
    past = year().community.as_of(early.position)
    assert Measures(past).summary() == Measures(early).summary()


def test_nothing_is_measured_of_nobody():
    empty = Measures(Community.open("memory:"))
    assert empty["needs"] == 0
    assert empty["coverage_ppm"] is None
    for name in TABLES:
        assert len(getattr(empty, name)) <= 1, name
        assert getattr(empty, name)._repr_html_()


def test_chains_walks_and_flows():
    needs = measured().needs
    network = year().community.network
    chains = {name for name, pool in network.pools.items() if pool.chain is not None}
    assert {row["pool"] for row in needs.records() if row["chained"]} <= chains
    assert set(measured().flows["how"]) == {"alone", "pool", "chain"}
    assert sum(measured().flows["minutes"]) == measured()["delivered_minutes"]
    assert all(walk is None or walk >= 0 for walk in needs["walk_m"])


def test_the_documented_columns_are_the_columns():
    doc = inspect.getdoc(package)
    for name in TABLES:
        told = doc.split(f"\n`{name}`\n")[1].split("\n`")[0].split("(")[0]
        assert tuple(word.strip() for word in told.replace("\n", " ").split(",")) == getattr(measured(), name).names, (
            name
        )


def test_it_is_drawn_for_a_notebook():
    drawn = measured()._repr_html_()
    assert all(one.counts.split(",")[0][:20] in drawn for one in DEFINITIONS.values())


def test_definitions_say_something_in_both_languages():
    for one in DEFINITIONS.values():
        assert one.title
        assert one.title_it
        assert one.counts
        assert one.better in (-1, 0, 1)
    assert len({one.title for one in DEFINITIONS.values()}) == len(DEFINITIONS)


def test_what_is_no_community_no_period_and_no_measure_is_told():
    for arguments in ((5,), (year().community, "2025")):
        with pytest.raises(Malformed):
            Measures(*arguments)
    with pytest.raises(Malformed, match="no measure 'beauty'"):
        measured()["beauty"]


def test_where_households_are_erased_only_their_zones_and_firms_are_gone():
    community = Community.open("memory:", clock=lambda: year().community.network.latest)
    batches = (
        Batch(facts=(redacted(one.fact),), occurred_at=one.occurred_at, actor=one.actor, cause=one.cause)
        for one in year().community.events()
    )
    for _ in community.load(batches, guarded=False):
        pass
    erased = Measures(community)
    lost = {"walk_m_median", "gini_size_ppm", "gini_zone_ppm"}
    for name in DEFINITIONS:
        assert erased[name] == measured()[name] or name in lost, name
    assert erased["walk_m_median"] is None
    assert set(erased.needs["nil"]) == set(erased.needs["firm"]) == {None}
    assert erased.groups.where(by="municipio") == measured().groups.where(by="municipio")
    assert erased.groups.where(by="zone")["group"] == ("",)
