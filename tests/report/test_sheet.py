import re

import attrs
from lived import lived, summary
from pages import told

from wis_engine.facts import NeedUnmet
from wis_engine.facts.needs import needs_consent
from wis_engine.report import page, sheet, summarise
from wis_engine.report.words import amount, words

HOUSEHOLDS = "What each household saved"


def section(text, title):
    """Lines of one section of the sheet."""
    found = re.search(rf"^{title}[^\n]*\n-+\n(.*?)(?:\n\n\w[^\n]*\n-+\n|\Z)", text, re.DOTALL | re.MULTILINE)
    return found[1]


def test_hours_stand_beside_the_money():
    lines = section(sheet(summary()), "Actions").splitlines()
    assert lines[0].split()[:2] == ["hours", "planned"]
    for line, row in zip(lines[1:7], (*summary().money.actions, summary().money.whole), strict=True):
        assert f" {row.hours}  " in line
        assert amount(row.planned_cents) in line


def test_sheet_and_page_say_the_same(pages):
    text = re.sub(r"\s+", " ", sheet(summary(), detail=True))
    read = pages["en", True].text.replace("\N{NO-BREAK SPACE}", " ")
    tell = words("en")
    said = [tell.measure(one.value, one.unit) for one in summary().figures]
    said += [amount(cents) for row in summary().money.actions for cents in (row.planned_cents, row.paid_cents)]
    said += [amount(cents) for row in summary().households for cents in row.columns]
    said += [need for pool in summary().pools if pool.together for need in pool.needs]
    said += [row.service.en for row in summary().unmet]
    said += [line.said(tell) for line in summary().story.lines]
    for what in said:
        plain = what.replace("\N{NO-BREAK SPACE}", " ")
        assert plain in text.replace("\N{NO-BREAK SPACE}", " ")
        assert plain in read


def test_every_section_says_that_it_is_simulated():
    titles = re.findall(r"^([^\n]+)\n-+$", sheet(summary(), detail=True), re.MULTILINE)
    assert len(titles) == 7
    assert all("(simulated)" in title for title in titles)
    real = attrs.evolve(summary(), simulated=False)
    assert "simulated" not in sheet(real, detail=True).lower()


def test_households_are_told_of_only_in_detail():
    network = lived().community.network
    short, whole = sheet(summary()), sheet(summary(), detail=True)
    assert whole.startswith(short)
    assert HOUSEHOLDS not in short
    assert not set(network.households) & set(re.findall(r"[\w-]+", short))
    assert set(re.findall(r"[\w-]+", section(whole, HOUSEHOLDS))) & set(network.households)


def test_unmet_needs_name_no_household():
    network = lived().community.network
    unmet = [network.needs[one.fact.need] for one in lived().community.events(types=[NeedUnmet])]
    assert any(needs_consent(need.service) for need in unmet)
    said = re.findall(r"[\w-]+", section(sheet(summary()), "Needs unmet, and why"))
    assert not {*network.households, *(need.id for need in unmet)} & set(said)


def test_every_fact_there_is_can_be_told():
    said = sheet(summarise(told()), detail=True)
    assert "None" not in said
    assert page(summarise(told())) != said


def test_without_a_story_it_says_so():
    assert "No need was met yet." in sheet(attrs.evolve(summary(), story=None), detail=True)
