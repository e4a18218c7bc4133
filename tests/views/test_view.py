"""What holds of every view."""

import attrs
import pytest
import stories
from telling import day, recorded, told

from wis_engine.errors import Malformed
from wis_engine.facts import EVENTS, ConsentGiven
from wis_engine.views import VIEWS, Indicators
from wis_engine.views.view import html_table

EVERY = pytest.mark.parametrize("view", VIEWS.values(), ids=list(VIEWS))


@EVERY
def test_it_handles_what_it_says_that_it_reads(view):
    assert set(view().handlers()) == set(view.READS)
    assert set(view.READS) <= set(EVENTS)


@EVERY
def test_a_fact_is_taken_once_and_in_order(view):
    first, second = recorded(stories.project(), stories.action())
    one = view().read([first, second])
    for told_again in (second, first):
        with pytest.raises(Malformed, match="at 2 takes no fact of position"):
            one.take(told_again)
    assert one.position == 2
    with pytest.raises(Malformed):
        view().read([], position=9).take(second)


@EVERY
def test_an_old_fact_that_became_several_is_taken_whole(view):
    first, second = recorded(stories.project(), stories.action())
    parts = [first, attrs.evolve(second, position=1, index=1), attrs.evolve(second, position=2, fact=None)]
    one = view().read(parts)
    assert one.position == 2
    assert one.records() == view().read([first, second]).records()


@EVERY
def test_what_it_does_not_read_moves_its_position_alone(view):
    story = recorded(stories.project(), stories.action(), ConsentGiven(household="h1"))
    assert ConsentGiven not in view.READS
    assert view().read(story).position == 3
    assert view().read(story[:2], position=3).position == 3
    assert view().read(story, position=2).position == 3


@EVERY
def test_it_draws_itself_in_a_notebook(view):
    drawn = told(view, *stories.pilot())._repr_html_()
    assert drawn.startswith(f"<table><caption>{view.__name__} at {len(stories.pilot())}</caption>")
    rows = told(view, *stories.pilot()).records()
    assert drawn.count("<tr>") == len(rows) + 1
    assert view()._repr_html_().count("<tr>") == 1


def test_a_cell_is_escaped_and_what_is_missing_stays_empty():
    drawn = html_table("a<b", [{"text": "<script>", "number": 3, "none": None}])
    assert "<script>" not in drawn
    assert "a&lt;b" in drawn
    assert "<td></td>" in drawn
    assert '<td style="text-align: right">3</td>' in drawn


def test_a_date_is_local():
    late = attrs.evolve(recorded(day("03-31"), stories.meeting())[0])
    night = attrs.evolve(late, occurred_at=late.occurred_at.replace(hour=22, minute=30))
    for zone, month in (("UTC", "03"), ("Europe/Rome", "04")):
        view = Indicators(zone=zone).read([*recorded(stories.project()), attrs.evolve(night, position=2)])
        counted = {one: view.one("I2.1", stories.Period.parse(f"2026-{one}-01/2026-{one}-30")) for one in ("03", "04")}
        assert counted["04"].value == (month == "04")
