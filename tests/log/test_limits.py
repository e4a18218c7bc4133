import datetime as dt
from typing import ClassVar

import attrs
import pytest

import wis_engine as wis
from wis_engine.errors import Malformed
from wis_engine.facts import EVENTS
from wis_engine.facts.base import Event
from wis_engine.log.codec import Registry, Stored, known_events
from wis_engine.log.limits import (
    BATCH_BYTES_MAX,
    BATCH_EVENTS_MAX,
    EVENT_BYTES_MAX,
    check_batch,
    check_limits,
)
from wis_engine.shapes import checked_id, short_text
from wis_engine.values import NeedId


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


def test_what_is_not_measured_is_small(example):
    """The shortcut holds: a fact without long texts and collections is under a thousandth of a batch."""
    assert known_events().encode(example).size * BATCH_EVENTS_MAX <= BATCH_BYTES_MAX
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


@pytest.mark.parametrize("fact", [Heap(), Heap(words=("x" * 200,) * 8, numbers=frozenset(range(8)), when=dt.date.max)])
def test_what_is_small_is_not_encoded_to_be_measured(fact):
    class Measured(Registry):
        def encode(self, fact):
            raise AssertionError(fact)

    check_batch((fact,), Measured([Heap]))


@pytest.mark.parametrize(
    "fact",
    [
        Heap(words=("x",) * 9),
        Heap(words=("x" * 201,)),
        Heap(numbers=frozenset(range(9))),
        Heap(anything="x" * 201),
        Heap(anything=[]),
        Heap(anything=1.5),
        Heap(anything=((("x" * 201,),),)),
    ],
)
def test_what_may_be_large_is_encoded_to_be_measured(fact):
    measured = []

    class Measured(Registry):
        def encode(self, fact):
            measured.append(fact)
            return Stored(name="heap", version=1, body=b"", personal=None, subject=None)

    check_batch((fact,), Measured([Heap]))
    assert measured == [fact]
