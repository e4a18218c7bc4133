import datetime as dt
import re
from html.parser import HTMLParser

import attrs
import pytest
import stories
from lived import lived, summary

from wis_engine.community import Community
from wis_engine.errors import Malformed
from wis_engine.facts import EVENTS, NeedUnmet
from wis_engine.facts.needs import needs_consent
from wis_engine.report import page, sheet, summarise
from wis_engine.report.story import amount, service_name, story
from wis_engine.report.summary import UnmetRow
from wis_engine.values import Redacted


class Text(HTMLParser):
    """The words of a page, and the tags that it opens and closes."""

    def __init__(self, html):
        super().__init__()
        self.words, self.tags, self.open = [], set(), []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture(scope="module")
def html():
    return page(summary())


def section(text, title):
    """Lines of one section of the sheet."""
    found = re.search(rf"^{title}[^\n]*\n-+\n(.*?)(?:\n\n\w[^\n]*\n-+\n|\Z)", text, re.DOTALL | re.MULTILINE)
    return found[1]


def test_the_summary_says_what_the_network_says():
    network = lived().community.network
    said = summary()
    assert said.digest == network.digest()
    assert sum(count for _, count in said.outcomes) == len(network.needs)
    assert len(said.pools) == len(network.pools)
    assert sum(row.needs for row in said.alone) == sum(not pool.together for pool in said.pools)
    assert said.everyone.price_cents == sum(pool.price_cents for pool in said.pools)
    assert said.everyone.columns[2] == sum(pool.saved_cents for pool in said.pools)


def test_money_is_what_the_vouchers_say():
    vouchers = lived().community.network.vouchers.values()
    assert sum(row.spent_cents for row in summary().money) == sum(one.redeemed_cents for one in vouchers)
    assert sum(row.committed_cents for row in summary().money) == sum(one.left_cents for one in vouchers)
    assert sum(row.planned_cents for row in summary().money) == 6_980_000
    for row in summary().money:
        planned, lines, _, committed, spent, free = row.columns
        assert lines == committed + spent + free <= planned


def test_hours_stand_beside_the_money_and_are_summed_apart(html):
    hours = [row.hours for row in summary().money]
    assert hours == ["417", "377", "517", "517", "500"]
    assert summary().all_actions.hours == "2,328"
    lines = section(sheet(summary()), "Actions").splitlines()
    assert lines[0].split()[:2] == ["hours", "planned"]
    for line, row in zip(lines[1:7], (*summary().money, summary().all_actions), strict=True):
        assert f" {row.hours}  " in line
        assert amount(row.planned_cents) in line
    table = html[html.index("<h2>Actions") : html.index("<h2>Pools")]
    for shown in (*hours, "2,328", "69,800.00"):
        assert f'<td class="n">{shown}</td>' in table


def test_hours_that_are_not_whole_show_their_minutes():
    assert attrs.evolve(summary().money[0], staff_minutes=65).hours == "1:05"


def test_being_together_spares_something():
    assert any(pool.saved_cents > 0 for pool in summary().pools)
    assert any(pool.chained for pool in summary().pools)


def test_sheet_and_page_say_the_same_figures(html):
    text = re.sub(r"\s+", " ", sheet(summary()))
    words = re.sub(r"\s+", " ", " ".join(Text(html).words))
    said = [one.shown for one in summary().figures]
    said += [amount(cents) for row in summary().money for cents in row.columns]
    said += [amount(cents) for row in summary().households for cents in row.columns]
    said += [need for pool in summary().pools if pool.together for need in pool.needs]
    said += [str(row.service) for row in summary().unmet]
    said += [line.words for line in summary().story.lines]
    for what in said:
        assert what in text
        assert what in words


def test_everything_says_that_it_is_simulated(html):
    headings = re.findall(r"<h[12]>(.*?)</h[12]>", html)
    assert headings
    assert all("simulated" in heading for heading in headings)
    titles = re.findall(r"^([^\n]+)\n-+$", sheet(summary()), re.MULTILINE)
    assert len(titles) == 7
    assert all("(simulated)" in title for title in titles)


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


def test_a_page_is_known_as_the_demo_s_by_its_head(html):
    mark = '<meta name="generator" content="wis_engine demo">'
    assert mark in html[: html.index("</head>")]
    assert mark not in page(of_project(stories.project()))


def test_a_real_community_is_not_called_simulated():
    real = attrs.evolve(summary(), simulated=False)
    assert "simulated" not in page(real).lower()
    assert "simulated" not in sheet(real).lower()


def test_unmet_needs_name_no_household(html):
    network = lived().community.network
    unmet = [network.needs[one.fact.need] for one in lived().community.events(types=[NeedUnmet])]
    assert any(needs_consent(need.service) for need in unmet)
    lines = section(sheet(summary()), "Needs unmet, and why")
    rows = html[html.index("<h2>Needs unmet") : html.index("<h2>One need")]
    for household in network.households:
        assert household not in re.findall(r"[\w-]+", lines)
        assert household not in re.findall(r"[\w-]+", " ".join(Text(rows).words))
    for need in unmet:
        assert need.id not in lines
        assert need.id not in rows


def test_the_page_stands_alone_and_is_well_formed(html):
    read = Text(html)
    assert read.open == []
    assert not read.tags & {"script", "link", "img", "iframe", "object"}
    assert "http" not in html
    assert html.startswith("<!DOCTYPE html>")


def test_what_comes_from_data_is_escaped():
    said = attrs.evolve(summary(), title="<b>WIS</b> & «co»")
    assert "<b>WIS</b>" not in page(said)
    assert "&lt;b&gt;WIS&lt;/b&gt; &amp; «co»" in page(said)
    row = attrs.evolve(summary().unmet[0], reason="<i>")
    assert "<i>" not in page(attrs.evolve(summary(), unmet=(row,)))


def test_the_story_runs_from_declaration_to_confirmed_delivery_and_payment():
    lines = [line.words for line in summary().story.lines]
    assert "declared" in lines[0]
    for what in ("A match placed it together", "was issued", "booked as", "took place", "confirmed", "paid", "judged"):
        assert any(what in line for line in lines)
    whens = [line.when for line in summary().story.lines]
    assert whens == sorted(whens)
    need = lived().community.network.needs[summary().story.need]
    assert not needs_consent(need.service)


def test_every_need_has_a_story_in_words():
    community = lived().community
    generic = {f"{event.name.replace('-', ' ').capitalize()}." for event in EVENTS}
    for need in sorted(community.network.needs):
        lines = [line.words for line in story(community, need).lines]
        assert lines[0].startswith("Household")
        assert not generic & set(lines)


def test_a_community_without_project_has_nothing_to_report():
    with pytest.raises(Malformed):
        summarise(Community.open("memory:"))


def test_a_project_without_needs_is_reported():
    community = lived().community.as_of(7)
    said = summarise(community)
    assert said.story is None
    assert said.pools == said.unmet == ()
    assert "No need was met yet." in sheet(said)
    assert "No need was met yet." in page(said)
    assert isinstance(said.last_day, dt.date)


def test_a_redacted_service_is_withheld():
    assert str(service_name(Redacted("service", "h01"))) == "Servizio riservato (withheld)"


@pytest.mark.parametrize(("cents", "text"), [(0, "0.00"), (5, "0.05"), (123456, "1,234.56"), (-1050, "-10.50")])
def test_amounts(cents, text):
    assert amount(cents) == text


def test_unmet_rows_come_most_first():
    needs = [row.needs for row in summary().unmet]
    assert needs == sorted(needs, reverse=True)
    assert all(isinstance(row, UnmetRow) for row in summary().unmet)


def test_a_figure_is_shown_in_euro_in_hours_or_as_counted():
    figure = attrs.evolve(summary().figures[0], value=123_456)
    assert figure.shown == "123456"
    assert attrs.evolve(figure, unit="cents").shown == "1,234.56 EUR"
    assert attrs.evolve(figure, unit="minutes").shown == "2,057:36 h"
