import pytest

from wis_engine.measures.shares import group_order, mean_milli, ppm, ranked


def test_a_share_of_nothing_is_none():
    assert (ppm(1, 3), ppm(0, 3), ppm(3, 3), ppm(0, 0)) == (333_333, 0, 1_000_000, None)


@pytest.mark.parametrize("count", range(1, 12))
@pytest.mark.parametrize("percent", [1, 50, 90, 100])
def test_the_ranked_value_is_the_least_that_covers_so_many(count, percent):
    values = [7 * place % 11 for place in range(count)]
    found = ranked(values, percent)
    assert sum(value <= found for value in values) * 100 >= percent * count
    assert not [one for one in values if one < found and sum(v <= one for v in values) * 100 >= percent * count]


def test_means_and_order():
    assert (mean_milli([1, 2]), mean_milli([1, 1, 2]), mean_milli([])) == (1_500, 1_333, None)
    assert sorted(["micro", "10", "", "9", "large"], key=group_order) == ["", "9", "10", "large", "micro"]
