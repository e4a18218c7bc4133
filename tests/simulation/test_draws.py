from collections import Counter

import pytest

from wis_engine.errors import Malformed
from wis_engine.simulation.draws import MILLION, Draws


def test_a_draw_depends_on_its_seed_and_its_names_only():
    draws = Draws(7)
    first = draws.word("show", "need-1", 3)
    draws.word("show", "need-2", 3)
    assert draws.word("show", "need-1", 3) == Draws(7).word("show", "need-1", 3) == first


def test_another_seed_stream_or_name_is_another_draw():
    words = [
        Draws(7).word("show", "need-1", 3),
        Draws(8).word("show", "need-1", 3),
        Draws(7).word("confirm", "need-1", 3),
        Draws(7).word("show", "need-1", 4),
        Draws(7).word("show", "need-13"),
    ]
    assert len(set(words)) == len(words)


def test_the_words_of_a_seed_stay_what_they_are():
    # A change here changes every simulated year: it is meant, or it is a fault.
    assert Draws(0).word("show", "need-1", 3) == 5292242695810830148
    assert [Draws(0).below(100, "show", k) for k in range(5)] == [3, 84, 7, 89, 36]


def test_below_reaches_every_number_about_as_often():
    counts = Counter(Draws(1).below(6, "dice", k) for k in range(6_000))
    assert set(counts) == set(range(6))
    assert all(880 <= count <= 1_120 for count in counts.values())  # four standard deviations


def test_between_includes_both_ends():
    assert {Draws(1).between(3, 5, "dice", k) for k in range(100)} == {3, 4, 5}
    assert Draws(1).between(3, 3, "dice") == 3


def test_chance_from_never_to_always():
    draws = Draws(2)
    assert not any(draws.chance(0, "coin", k) for k in range(1_000))
    assert all(draws.chance(MILLION, "coin", k) for k in range(1_000))
    assert 190 <= sum(draws.chance(MILLION // 4, "coin", k) for k in range(1_000)) <= 310


def test_pick_follows_its_weights():
    counts = Counter(Draws(3).pick([1, 0, 3], "table", k) for k in range(4_000))
    assert set(counts) == {0, 2}
    assert 890 <= counts[0] <= 1_110


@pytest.mark.parametrize("weights", [[], [0, 0]])
def test_nothing_to_draw_from(weights):
    with pytest.raises(Malformed):
        Draws(1).pick(weights, "table")


@pytest.mark.parametrize("seed", [-1, "7", 1 << 63])
def test_a_seed_is_a_whole_number_of_63_bits(seed):
    with pytest.raises(Malformed):
        Draws(seed)
