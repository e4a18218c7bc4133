from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from wis_engine.matching.occupancy import Occupancy

TAKEN = st.tuples(st.integers(1, 3), st.integers(1, 255).map(lambda mask: mask << 42))


def half_hours(taken):
    return [day * 48 + bit for day, mask in taken for bit in range(mask.bit_length()) if mask >> bit & 1]


@given(
    st.lists(st.lists(TAKEN, min_size=1, max_size=2), max_size=6),
    st.lists(TAKEN, max_size=2),
    st.integers(1, 3),
    st.data(),
)
def test_counts_as_a_plain_counter_does(sessions, asked, at_once, data):
    occupancy, counter = Occupancy(), Counter()
    for session in sessions:
        occupancy.add("x", session)
        counter.update(half_hours(session))
    for gone in data.draw(st.lists(st.sampled_from(sessions), unique_by=id) if sessions else st.just([])):
        occupancy.remove("x", gone)
        counter.subtract(half_hours(gone))
    room = all(counter[half_hour] < at_once for half_hour in half_hours(asked))
    assert occupancy.has_room("x", asked, at_once) is room
    assert occupancy.has_room("y", asked, at_once)


def test_a_session_past_midnight_meets_the_next_morning():
    occupancy = Occupancy()
    occupancy.add("x", [(1, 0b11 << 47)])
    assert not occupancy.has_room("x", [(2, 1)])
    assert occupancy.has_room("x", [(2, 2)])
