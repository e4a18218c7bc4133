import datetime as dt
from enum import StrEnum
from typing import ClassVar

import attrs
import pytest

import wis_engine as wis
from wis_engine.errors import Malformed
from wis_engine.facts import EVENTS
from wis_engine.facts.base import Event, id_field, personal, redacted
from wis_engine.log import limits
from wis_engine.log.codec import Registry, Stored, known_events
from wis_engine.log.limits import (
    BATCH_BYTES_MAX,
    BATCH_EVENTS_MAX,
    EVENT_BYTES_MAX,
    check_batch,
    check_limits,
)
from wis_engine.shapes import checked_id, short_text
from wis_engine.values import NeedId, Period, WeekSlots


def test_limits_are_reached_and_not_passed():
    def stored(size):
        return Stored(name="loose", version=1, body=b"x" * (size - 1), personal=b"y", subject=None)

    check_limits([stored(EVENT_BYTES_MAX)])
    check_limits([stored(1)] * BATCH_EVENTS_MAX)
    check_limits([stored(EVENT_BYTES_MAX)] * (BATCH_BYTES_MAX // EVENT_BYTES_MAX))
    for over in (
        [stored(EVENT_BYTES_MAX + 1)],
        [stored(1)] * (BATCH_EVENTS_MAX + 1),
        [*[stored(EVENT_BYTES_MAX)] * (BATCH_BYTES_MAX // EVENT_BYTES_MAX), stored(1)],
    ):
        with pytest.raises(Malformed):
            check_limits(over)


def test_limits_are_known_before_the_rest_is_encoded():
    def endless():
        while True:
            yield Stored(name="loose", version=1, body=b"{}", personal=None, subject=None)

    with pytest.raises(Malformed):
        check_limits(endless())


def test_a_batch_of_the_most_facts_is_admitted_and_one_more_is_not():
    community = wis.Community.open("memory:", clock=lambda: dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    firms = [
        wis.FirmJoined(firm=f"f-{n}", title="A firm", persons=1, ateco="01", nil=1) for n in range(BATCH_EVENTS_MAX + 1)
    ]
    with pytest.raises(Malformed):
        community.record(*firms)
    assert community.record(*firms[:-1]).last == BATCH_EVENTS_MAX


def test_a_large_fact_is_measured():
    offers = tuple(f"offer-{n:058d}" for n in range(1_000))
    signed = wis.AgreementSigned(
        agreement="a", supplier="s", offers=offers, period=wis.Period.parse("2026-01-01/2027-01-01")
    )
    with pytest.raises(Malformed, match="bytes"):
        check_batch((signed,), known_events())


def test_the_bound_is_no_less_than_what_a_fact_takes(example):
    """The shortcut holds, and it is taken: a fact of each type is far below the limits."""
    assert known_events().encode(example).size <= limits._bound(example) <= EVENT_BYTES_MAX // 16
    assert type(example) in EVENTS


@attrs.frozen(kw_only=True)
class Page:
    text: str
    next: "Page | None" = None


@attrs.frozen(kw_only=True)
class Diary(Event):
    """A fact of somebody else, whose parts are as long as they like."""

    name: ClassVar[str] = "diary"
    page: Page | None = None
    pages: tuple[Page, ...] = ()
    writer: NeedId = NeedId("w")


LONG = "x" * 10_000_000


@pytest.mark.parametrize(
    "fact",
    [
        Diary(page=Page(text=LONG)),
        Diary(page=Page(text="", next=Page(text=LONG))),
        Diary(pages=(Page(text=""), Page(text=LONG))),
        Diary(writer=LONG),
    ],
)
def test_a_long_text_is_measured_wherever_it_lies(fact):
    registry = Registry((*EVENTS, Diary))
    check_batch((Diary(page=Page(text="short", next=Page(text="short"))),), registry)
    with pytest.raises(Malformed, match=f"more than {EVENT_BYTES_MAX} bytes"):
        check_batch((fact,), registry)


@attrs.frozen(kw_only=True)
class Heap(Event):
    """A fact of somebody else, of every kind that the shortcut tells apart."""

    name: ClassVar[str] = "heap"
    label: str = attrs.field(default="x", validator=short_text)
    kept: str | None = attrs.field(default=None, validator=attrs.validators.optional(checked_id))
    words: tuple[str, ...] = ()
    numbers: frozenset[int] = frozenset()
    when: dt.date | None = None
    anything: object = None


class Mood(StrEnum):
    CALM = "calm"
    LONG = "l" * 100


@attrs.frozen(kw_only=True)
class Sheet(Event):
    """A fact of somebody else, with many lines."""

    name: ClassVar[str] = "sheet"
    lines: tuple[str, ...] = ()
    weeks: tuple[WeekSlots, ...] = ()
    days: tuple[Period, ...] = ()
    mood: Mood = Mood.CALM
    label: str = attrs.field(default="x", validator=short_text)
    numbers: frozenset[int] = frozenset()
    when: dt.date | None = None
    said: str = personal(subject="writer", default="")
    writer: NeedId = id_field(default="w")


HALVES = WeekSlots(sum(1 << half for half in range(0, 336, 2)))
ACROSS = WeekSlots(sum(0b11 << half for half in range(47, 335, 48)))


@pytest.mark.parametrize(
    "fact",
    [
        Sheet(lines=("\x01" * 200,) * 7),
        Sheet(lines=('«🎈»\\"',), mood=Mood.LONG),
        Sheet(weeks=(HALVES, ACROSS, WeekSlots.ALWAYS, WeekSlots.NEVER)),
        Sheet(days=(Period.parse("2026-01-01/2026-02-01"),) * 3),
        redacted(Sheet(said="\x02")),
        Sheet(numbers=frozenset({(1 << 63) - 1, 1 - (1 << 63)}), when=dt.date.max),
        Sheet(label="€" * 200, writer="x" * 64),
    ],
)
def test_the_bound_holds_for_every_kind_of_field(fact):
    assert Registry([Sheet]).encode(fact).size <= limits._bound(fact)


def test_bytes_are_counted_and_not_characters():
    """A character may take six bytes: neither a fact nor a batch of them passes for less than it is."""
    registry = Registry([Sheet])
    line = "\x01" * 200
    check_batch((Sheet(lines=(line,) * 54),), registry)
    with pytest.raises(Malformed, match=f"more than {EVENT_BYTES_MAX} bytes"):
        check_batch((Sheet(lines=(line,) * 55),), registry)
    with pytest.raises(Malformed, match=f"more than {BATCH_BYTES_MAX} bytes"):
        check_batch((Sheet(lines=(line,) * 5),) * 1_000, registry)


class Unmeasured(Registry):
    """Event types whose facts are encoded by nobody."""

    def encode(self, fact):
        raise AssertionError(fact)


@pytest.mark.parametrize("fact", [Heap(), Heap(words=("x" * 200,) * 8, numbers=frozenset(range(8)), when=dt.date.max)])
def test_what_is_small_is_not_encoded_to_be_measured(fact):
    check_batch((fact,), Unmeasured([Heap]))


@pytest.mark.parametrize(
    "fact",
    [
        Heap(words=("x" * (EVENT_BYTES_MAX // 6),)),
        Heap(words=("",) * EVENT_BYTES_MAX),
        Heap(numbers=frozenset({1 << 63})),
        Heap(anything=1.5),
        Heap(anything=[]),
        Heap(anything=((("x" * EVENT_BYTES_MAX,),),)),
    ],
)
def test_what_may_be_large_is_encoded_to_be_measured(fact):
    with pytest.raises(AssertionError):
        check_batch((fact,), Unmeasured([Heap, Diary]))


def test_what_is_nested_deep_is_encoded_to_be_measured():
    page = None
    for _ in range(5_000):
        page = Page(text="", next=page)
    with pytest.raises(AssertionError):
        check_batch((Diary(page=page),), Unmeasured([Diary]))
