import datetime as dt
import re

import attrs
import stories
from lived import lived, summary
from pages import told

from wis_engine.community import Community
from wis_engine.facts import CampaignReached, NetworkAgreementJoined, NetworkAgreementLeft
from wis_engine.network.choice import choices
from wis_engine.report import page, summarise
from wis_engine.report.words import words


def section(read):
    return re.search(r'<section id="handed">.*?</section>', read.html, re.DOTALL)[0]


def test_firms_are_counted_as_they_are_bound_now():
    (row,) = summary().handed.bound
    joined, left = (
        len(list(lived().community.events(types=[fact]))) for fact in (NetworkAgreementJoined, NetworkAgreementLeft)
    )
    assert (row.signed, joined) == (3, 1)
    assert row.bound == row.signed + joined - left
    june = lived().community.as_of(dt.datetime(2023, 6, 30, tzinfo=dt.UTC))
    assert summarise(june).handed.bound[0].bound == row.signed + joined


def test_campaigns_say_whom_they_reached():
    (row,) = summary().handed.campaigns
    reached = [one.fact for one in lived().community.events(types=[CampaignReached])]
    assert (row.focus, row.people, row.fathers) == (
        "new-fathers", sum(one.people for one in reached), sum(one.fathers for one in reached),
    )  # fmt: skip


def test_products_come_as_they_were_released():
    rows = summary().handed.products
    assert [row.day for row in rows] == sorted(row.day for row in rows)
    assert {"kit", "profile", "material"} <= {row.kind for row in rows}


def test_suppliers_stand_at_the_place_that_the_survey_gave_them():
    network = lived().community.network
    chosen = [one for name in network.agreements for one in choices(network, name) if one.chosen]
    rows = summary().handed.chosen
    assert rows
    assert sorted((row.place, row.quality_percent, row.price_cents) for row in rows) == sorted(
        (one.place, one.quality_percent, one.price_cents) for one in chosen
    )
    assert all(row.reason for row in rows if row.place > 1)
    assert all(row.place <= row.compared for row in rows)


def test_the_page_says_all_of_it_in_both_languages(pages):
    handed = summary().handed
    for (language, _), read in pages.items():
        drawn, tell = section(read), words(language)
        for row in handed.products:
            assert tell.code("product", row.kind) in drawn
            assert all(item in drawn for item in row.items)
        assert all(f">{tell.number(row.fathers)}</td>" in drawn for row in handed.campaigns)
        assert all(row.supplier in drawn for row in handed.chosen)
        assert tell("handed.chosen_note") in read.text


def test_a_part_with_nothing_in_it_is_not_drawn():
    none = attrs.evolve(summary().handed, campaigns=(), chosen=())
    drawn = page(attrs.evolve(summary(), handed=none), language="en")
    tell = words("en")
    assert tell("handed.campaigns_caption") not in drawn
    assert tell("handed.chosen_note") not in drawn
    assert tell("handed.products_caption") in drawn


def test_where_nothing_was_handed_over_the_page_says_so():
    with Community.open("memory:", clock=lambda: stories.START) as community:
        community.record(stories.project())
        said = summarise(community)
    assert words("it")("handed.nothing") in page(said)
    assert words("it")("handed.nothing") not in page(summarise(told()))
