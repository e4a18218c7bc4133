import datetime as dt
import tomllib
from importlib import resources
from string import Formatter

import attrs
import pytest
import stories
from lived import lived, summary
from pages import told

from wis_engine.community import Community
from wis_engine.errors import Malformed
from wis_engine.facts.engagements import CancelReason
from wis_engine.facts.matches import LeavingReason
from wis_engine.facts.needs import UnmetReason
from wis_engine.network.guidance import AccessMode, CampaignFocus, ConsultationMode, ConsultationTopic, ProductKind
from wis_engine.network.parties import CostClass, FundSource, Gender, Role
from wis_engine.network.partners import NetworkAgreementKind, StaffRole
from wis_engine.network.promises import NeedState, VoucherState
from wis_engine.network.rules import Rule
from wis_engine.report import html, summarise
from wis_engine.report.story import story
from wis_engine.report.words import amount, words
from wis_engine.values import Channel, Period, WeekSlots
from wis_engine.views.figures import DEFINITIONS
from wis_engine.words import LANGUAGES, Words

PHRASES = tomllib.loads(resources.files("wis_engine").joinpath("data/report.toml").read_text(encoding="utf-8"))
EACH = [(group, key, said) for group, keys in PHRASES.items() for key, said in keys.items()]
NBSP = "\N{NO-BREAK SPACE}"


def test_every_phrase_is_there_in_every_language_with_the_same_room():
    for _, _, said in EACH:
        assert set(said) == set(LANGUAGES)
        rooms = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in said.values()]
        assert rooms[0] == rooms[1]
        assert all(said.values())


class Asked(dict):
    """Phrases that remember which were asked for."""

    def __init__(self, phrases):
        super().__init__(phrases)
        self.keys_asked = set()

    def __getitem__(self, key):
        self.keys_asked.add(key)
        return super().__getitem__(key)


def test_every_phrase_is_asked_for_by_some_page(monkeypatch):
    asked = Asked(words("it").phrases)
    monkeypatch.setattr(html, "words", lambda _language: Words(language="it", phrases=asked))
    small = [attrs.evolve(one, value=one.value + 1, target=one.value) for one in summary().figures]
    for said in (summary(), attrs.evolve(summary(), figures=tuple(small)), summarise(told()), empty()):
        for detail in (False, True):
            html.page(said, detail=detail)
    for need in told().network.needs:
        for line in story(told(), need).lines:
            line.said(Words(language="it", phrases=asked))
    fixed = {key for key in asked if key.partition(".")[0] not in CODES and not key.startswith(("count.", "story."))}
    assert fixed - asked.keys_asked - BY_CODE == set()


BY_CODE = {f"{group}.{key}" for group in ("split", "reading", "level", "fact") for key in PHRASES[group]}
BY_CODE |= {"figures.mean", "word.withheld", "word.unshown", "word.and"}
"""Phrases that are asked for by a code, which only some histories have, and others that tests of their own ask for."""


def empty():
    with Community.open("memory:", clock=lambda: stories.START) as community:
        community.record(stories.project())
        return summarise(community)


CODES = {
    "reason": UnmetReason,
    "meaning": UnmetReason,
    "outcome": NeedState,
    "voucher": VoucherState,
    "funding": FundSource,
    "class": CostClass,
    "staff": StaffRole,
    "bond": NetworkAgreementKind,
    "focus": CampaignFocus,
    "product": ProductKind,
    "rule": Rule,
    "leaving": [*LeavingReason, *CancelReason],
    "part": [*Role, *Gender, *Channel, *AccessMode, *ConsultationMode, *ConsultationTopic, *UnmetReason, *FundSource],
    "counts": DEFINITIONS,
    "unit": {one.unit for one in DEFINITIONS.values()} - {"cents", "minutes"},
    "one": {one.unit for one in DEFINITIONS.values()} - {"cents", "minutes"},
    "scope": {one.scope for one in DEFINITIONS.values()},
    "phase": {str(one.phase or 0) for one in DEFINITIONS.values()},
}


@pytest.mark.parametrize("group", CODES)
def test_every_code_of_ours_has_words(group):
    assert {str(code) for code in CODES[group]} <= set(PHRASES[group])


def test_units_of_one_and_of_more_are_the_same():
    assert set(PHRASES["one"]) == set(PHRASES["unit"])


def figures():
    """What the pilot year says, and what a history with a fact of each kind says."""
    period = Period(dt.date(2000, 1, 1), dt.date(2100, 1, 1))
    yield from lived().community.indicators(period)
    yield from told().indicators(period)


def test_every_reading_and_every_part_has_words():
    free = {"firm", "action", "municipio", "area"}
    for one in figures():
        for part in one.variants:
            assert part.unit in PHRASES["unit"] or part.unit in ("cents", "minutes")
            if not part.split:
                assert part.name in PHRASES["reading"], part
                continue
            assert part.split in PHRASES["split"]
            assert part.split in free or part.name in PHRASES["part"], part


def test_there_is_no_third_language():
    with pytest.raises(Malformed):
        words("fr")


def test_numbers_and_money():
    it, en = words("it"), words("en")
    assert (it.number(1_234_567), en.number(1_234_567)) == ("1.234.567", "1,234,567")
    assert (it.decimal(-1050), en.decimal(123_456)) == ("−10,50", "1,234.56")
    assert (it.money(5), en.money(5)) == (f"0,05{NBSP}€", f"0.05{NBSP}€")
    assert (it.hours(120), en.hours(61)) == ("2", "1:01")
    assert (it.measure(1, "needs"), it.measure(2, "needs")) == ("1 bisogno", "2 bisogni")
    assert (it.measure(90, "minutes"), en.measure(90, "cents")) == ("1:30 h", f"0.90{NBSP}€")
    assert en.measure(3, "a-unit-of-mine") == "3 a-unit-of-mine"


@pytest.mark.parametrize(("cents", "text"), [(0, "0.00"), (5, "0.05"), (123456, "1,234.56"), (-1050, "-10.50")])
def test_amounts_of_a_sheet(cents, text):
    assert amount(cents) == text


def test_days_and_weeks():
    it, en = words("it"), words("en")
    day = dt.date(2023, 3, 7)
    assert (it.day(day), en.day(day)) == ("07/03/2023", "7 March 2023")
    assert (it.month(day), en.month(day)) == (f"marzo{NBSP}2023", f"March{NBSP}2023")
    period = Period.parse("2023-03-07/2023-03-10")
    assert (it.during(period), en.during(period)) == ("dal 07/03/2023 al 09/03/2023", "7 March 2023 to 9 March 2023")
    starts = WeekSlots.parse("mon 16:00-16:30, wed 09:00-09:30")
    assert (it.starts(starts), en.starts(starts)) == ("lun 16:00, mer 09:00", "Mon 16:00, Wed 09:00")
    moment = dt.datetime(2023, 3, 7, 9, 5, tzinfo=dt.UTC)
    assert it.moment(moment) == "07/03/2023, 09:05"


def test_names_in_a_row():
    it = words("it")
    assert [it.both(names) for names in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a e b", "a, b e c"]
    assert it.then(["a", "b"]) == "a, poi b"
    assert (it.count("session", 1), it.count("session", 2)) == ("1 incontro", "2 incontri")
