import datetime as dt

import attrs
import pytest
import stories
from lived import lived, summary
from pages import told

from wis_engine.community import Community
from wis_engine.errors import Malformed
from wis_engine.facts import NeedUnmet
from wis_engine.measures.growth import COLUMNS, MONTHS_MAX
from wis_engine.report import summarise
from wis_engine.report.reach import by_municipio, reach
from wis_engine.report.summary import UnmetRow
from wis_engine.values import Period


def test_the_summary_says_what_the_network_says():
    network = lived().community.network
    said = summary()
    assert said.digest == network.digest()
    assert sum(count for _, count in said.outcomes) == len(network.needs)
    assert len(said.pools) == len(network.pools)
    assert len(said.plans) == len(network.plans)
    assert sum(row.needs for row in said.alone) == sum(not pool.together for pool in said.pools)
    assert said.everyone.price_cents == sum(pool.price_cents for pool in said.pools)
    assert said.everyone.columns[2] == sum(pool.saved_cents for pool in said.pools)


def test_money_is_what_the_vouchers_and_the_accounts_say():
    network, money = lived().community.network, summary().money
    vouchers = network.vouchers.values()
    assert money.whole.paid_cents == sum(one.redeemed_cents for one in vouchers)
    assert money.whole.committed_cents == sum(one.left_cents for one in vouchers)
    assert money.whole.planned_cents == 6_980_000
    for row in money.actions:
        assert row.lines_cents == row.committed_cents + row.paid_cents + row.free_cents <= row.planned_cents
        assert row.margin_cents == row.planned_cents - row.lines_cents - row.costs_cents
    for fund in money.funds:
        spoken_for = fund.promised_cents + fund.held_cents + fund.paid_cents
        assert fund.granted_cents == spoken_for + fund.free_cents
        assert fund.face_cents == fund.paid_cents + fund.held_cents + fund.released_cents
    assert sum(fund.issued for fund in money.funds) == len(network.vouchers) == len(money.vouchers)
    assert sum(count for _, count, _ in money.states) == len(network.vouchers)


def test_staff_hours_stand_apart_from_money():
    assert [row.hours for row in summary().money.actions] == ["417", "377", "517", "517", "500"]
    assert summary().money.whole.hours == "2,328"
    assert attrs.evolve(summary().money.actions[0], staff_minutes=65).hours == "1:05"


def test_being_together_spares_something():
    assert any(pool.saved_cents > 0 for pool in summary().pools)
    assert any(pool.chained for pool in summary().pools)


def test_two_rules_hold_by_60_euro():
    said = summarise(told())
    margins = {check.rule.value: check.margin for check in said.money.rules}
    assert margins["contribution-rate"] == margins["cofinancing-rate"] == 60_00
    assert [row["partner"] for row in said.money.partners] == ["Partner"] * len(said.money.partners)
    assert said.reported


def test_a_board_is_looked_for_in_every_whole_quarter():
    assert summary().boards == (4, 4)
    community = lived().community
    assert summarise(community, Period.parse("2023-02-01/2023-07-01")).boards == (1, 1)
    assert summarise(community, Period.parse("2023-02-01/2023-06-30")).boards == (0, 0)


def of_project(*projects):
    with Community.open("memory:", clock=lambda: stories.START) as community:
        community.record(*projects)
        return summarise(community)


def test_the_log_says_whether_it_is_simulated():
    real = stories.project()
    made_up = stories.project("other", simulated=True)
    assert not of_project(real).simulated
    assert of_project(made_up).simulated
    assert of_project(real, made_up).simulated
    assert summarise(lived().community.branch()).simulated


def test_the_mark_of_a_project_is_yes_or_no():
    with pytest.raises(Malformed):
        stories.project(simulated=1)


def test_a_community_without_project_has_nothing_to_report():
    with pytest.raises(Malformed):
        summarise(Community.open("memory:"))


def test_a_project_without_needs_is_reported():
    said = of_project(stories.project())
    assert said.story is None
    assert said.pools == said.unmet == said.plans == ()
    assert isinstance(said.last_day, dt.date)
    assert {zone.services for zone in said.zones} == {0}


def test_unmet_rows_come_most_first_and_leave_out_what_was_partly_met():
    rows = summary().unmet
    assert [row.needs for row in rows] == sorted((row.needs for row in rows), reverse=True)
    assert all(isinstance(row, UnmetRow) for row in rows)
    community = lived().community
    unmet = [community.network.needs[one.fact.need] for one in community.events(types=[NeedUnmet])]
    assert sum(row.needs for row in rows) == sum(not need.delivered for need in unmet)


# Growth


def test_the_last_month_is_the_network_as_it_stands():
    network, last = lived().community.network, summary().months[-1]
    said = dict(zip(COLUMNS, last.counts, strict=True))
    assert said["firms"] == sum(firm.member for firm in network.firms.values() if firm.status)
    assert said["households"] == len(network.households)
    assert said["suppliers"] == len(network.suppliers)
    assert said["needs"] == len(network.needs)
    assert said["pools"] == len(network.pools)
    # Bills are settled, and the last report is issued, when the period is over.
    until = dt.datetime(2024, 1, 1, tzinfo=network.zone_info)
    position = max(one.position for one in lived().community.events() if one.occurred_at < until)
    assert said["relations"] == network.graph_at(position).number_of_edges()
    assert said["accesses"] == next(one.value for one in summary().figures if one.id == "I4.2e")


def test_a_month_is_the_network_as_it_stood():
    june = next(row for row in summary().months if row.first_day == dt.date(2023, 6, 1))
    community = lived().community
    until = dt.datetime(2023, 7, 1, tzinfo=community.network.zone_info)
    position = max(one.position for one in community.events() if one.occurred_at < until)
    said = dict(zip(COLUMNS, june.counts, strict=True))
    assert said["relations"] == community.network.graph_at(position).number_of_edges()
    assert said["needs"] == len(community.as_of(position).network.needs)


def test_months_are_those_of_the_period_that_have_begun_the_last_ones_of_many():
    community = lived().community
    assert [row.first_day.month for row in summary().months] == [*range(1, 13)]
    short = summarise(community, Period.parse("2023-05-15/2023-07-01")).months
    assert [row.first_day for row in short] == [dt.date(2023, 5, 1), dt.date(2023, 6, 1)]
    whole = dict(zip(COLUMNS, short[-1].counts, strict=True))
    assert whole["households"] == len(community.as_of(community.position).network.households)
    assert summarise(community, Period.parse("2090-01-01/2091-01-01")).months == ()
    long = summarise(community, Period.parse("2001-01-01/2024-01-01")).months
    assert len(long) == MONTHS_MAX
    assert long[-1].counts[:-1] == summary().months[-1].counts[:-1]


# Reach


def zone_counts(*facts, period=stories.YEAR):
    network = stories.network_of(*facts, given=[stories.project(), stories.supplier("s1")])
    return [zone.services for zone in reach(network, period)]


def test_an_offer_reaches_the_zones_around_it():
    assert set(zone_counts()) == {0}
    everywhere = zone_counts(stories.offer(radius_m=None))
    assert set(everywhere) == {1}
    near = zone_counts(stories.offer(radius_m=1_500))
    assert near[stories.NIL - 1] == 1
    assert near[stories.FAR_NIL - 1] == 0
    assert zone_counts(stories.offer(radius_m=None, municipi=frozenset({1}))).count(1) == 6


def test_services_are_counted_once_and_only_while_offers_stand():
    twice = zone_counts(stories.offer(radius_m=None), stories.offer("o10", radius_m=None))
    assert set(twice) == {1}
    assert set(zone_counts(stories.offer(radius_m=None), period=Period.parse("2031-01-01/2032-01-01"))) == {0}


def test_every_zone_is_of_one_municipio():
    found = by_municipio(summary().zones)
    assert list(found) == [*range(1, 10)]
    assert sum(map(len, found.values())) == len(summary().zones) == 88
