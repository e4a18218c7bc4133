from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from wis_engine.simulation.lots import Lots, key_of, keys_of

NAMES = [f"person-{number}" for number in range(12_000)]


def test_the_words_of_a_seed_stay_what_they_are():
    # A change here changes every simulated year: it is meant, or it is a fault.
    assert Lots(0).words("need", keys_of(["a", "b"])).tolist() == [4709559745368815850, 1853910105096823637]


def test_numbers_are_drawn_about_evenly():
    counts = Counter(Lots(1).below(6, "dice", keys_of(NAMES)).tolist())
    assert set(counts) == set(range(6))
    assert all(1_840 <= count <= 2_160 for count in counts.values())  # four standard deviations


def test_places_are_drawn_as_often_as_they_weigh():
    counts = Counter(Lots(1).pick([1, 0, 3], "table", keys_of(NAMES)).tolist())
    assert set(counts) == {0, 2}
    assert 8_800 <= counts[2] <= 9_200


@given(st.lists(st.text(max_size=5), min_size=1, max_size=20), st.integers(0, 9))
def test_a_draw_is_its_keys_own(names, seed):
    lots = Lots(seed)
    together = lots.below(1_000, "stream", keys_of(names)).tolist()
    assert together == [lots.below(1_000, "stream", keys_of([name])).tolist()[0] for name in names]


def test_streams_do_not_follow_one_another():
    keys = keys_of(NAMES)
    one, other = (Lots(1).below(2, stream, keys) for stream in ("one", "other"))
    assert 5_780 <= int((one == other).sum()) <= 6_220  # half, four standard deviations


def test_keys_of_two_streams_that_differ_as_their_salts_do_draw_apart():
    # One mixing alone would make these two draws one.
    salts = [key_of(f"1\x1f{stream}") for stream in ("one", "other")]
    key = key_of("somebody")
    first = Lots(1).words("one", keys_of(["somebody"])).tolist()
    moved = np.array([key ^ salts[0] ^ salts[1]], dtype=np.uint64)
    assert Lots(1).words("other", moved).tolist() != first
