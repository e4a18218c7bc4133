import pytest
from hypothesis import given
from hypothesis import strategies as st

from wis_engine.errors import Malformed
from wis_engine.simulation.kernel import Calendar

INSTANTS = st.lists(st.integers(0, 50), max_size=30)


def test_things_are_done_soonest_first_and_see_the_time():
    calendar, seen = Calendar(), []
    for when in (5, 1, 3):
        calendar.at(when, lambda name: seen.append((calendar.now, name)), f"at {when}")
    calendar.run()
    assert seen == [(1, "at 1"), (3, "at 3"), (5, "at 5")]
    assert len(calendar) == 0


def test_at_one_instant_rank_comes_before_order():
    calendar, seen = Calendar(), []
    for name, rank in (("a", 2), ("b", 1), ("c", 1), ("d", 0)):
        calendar.at(7, seen.append, name, rank)
    calendar.run()
    assert seen == ["d", "b", "c", "a"]


def test_what_is_due_at_the_end_waits():
    calendar, seen = Calendar(), []
    for when in (3, 4):
        calendar.at(when, seen.append, when)
    calendar.run(4)
    assert seen == [3]
    calendar.run(5)
    assert seen == [3, 4]


def test_nothing_is_due_in_the_past():
    calendar = Calendar(10)
    calendar.at(10, print, None)
    with pytest.raises(Malformed, match="due at 9"):
        calendar.at(9, print, None)


def test_of_a_feed_only_the_next_thing_waits():
    calendar, asked, most = Calendar(), [], []

    def arrivals():
        for when in range(100):
            asked.append(when)
            yield when, lambda _: most.append((len(calendar), len(asked))), None

    calendar.feed(arrivals())
    assert asked == [0]
    calendar.run()
    assert len(most) == 100
    assert most[:3] == [(1, 2), (1, 3), (1, 4)]


@given(first=INSTANTS, second=INSTANTS, stops=INSTANTS)
def test_feeds_and_things_come_in_order_wherever_it_stops(first, second, stops):
    seen, calendar = [], Calendar()
    calendar.feed((when, seen.append, (when, 1)) for when in sorted(first))
    for when in second:
        calendar.at(when, seen.append, (when, 2), rank=1)
    for stop in sorted(stops):
        calendar.run(stop)
        assert all(when < stop for when, _ in seen)
    calendar.run()
    assert seen == sorted([(when, 1) for when in first] + [(when, 2) for when in second])
