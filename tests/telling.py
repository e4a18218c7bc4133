"""Facts told to a view as the log would tell them, without a community: a date in the story moves the clock."""

import datetime as dt

import stories

from wis_engine.facts import Event, Recorded
from wis_engine.values import Period
from wis_engine.views.indicators import Indicators

YEAR = Period.parse("2026-01-01/2027-01-01")
MARCH = Period.parse("2026-03-01/2026-04-01")
APRIL = Period.parse("2026-04-01/2026-05-01")


def day(text):
    """Read a date of 2026, such as «03-02»."""
    return dt.date.fromisoformat(f"2026-{text}")


def recorded(*story, start=1):
    """Put facts in envelopes, one position each, at noon of the last date in the story; March 2 before any."""
    now, found = day("03-02"), []
    for step in story:
        if not isinstance(step, Event):
            now = step
            continue
        position = start + len(found)
        at = dt.datetime.combine(now, dt.time(12), tzinfo=dt.UTC)
        found.append(
            Recorded(
                position=position,
                batch=position,
                fact=step,
                occurred_at=at,
                recorded_at=at,
                actor="wm-1",
                cause=None,
                key=None,
            )
        )
    return found


def told(view, *story):
    """Tell a story to a new view of a class."""
    return view(zone="Europe/Rome").read(recorded(*story))


def figure(name, *story, period=MARCH):
    """Count one figure after the pilot of January and a story that begins in March."""
    view = told(Indicators, day("01-10"), *stories.pilot(), day("03-02"), *story)
    return view.one(name, period)


def parts(indicator, split):
    """List the parts of a figure under a heading, by name."""
    return {one.name: one.value for one in indicator.variants if one.split == split}
