"""How large a firm is by the rules of the European Union."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wis_engine.network.sizes import FirmSize, LinkedFirm, Sheet, size_of, size_of_persons

MICRO, SMALL, MEDIUM, LARGE = FirmSize
MILLION = 100_000_000
PEOPLE = {MICRO: 900, SMALL: 4_900, MEDIUM: 24_900, LARGE: 25_000}


def sheet(awu_hundredths=100, turnover_cents=0, balance_cents=0, *linked, year=2025):
    return Sheet(
        year=year,
        awu_hundredths=awu_hundredths,
        turnover_cents=turnover_cents,
        balance_cents=balance_cents,
        linked=linked,
    )


def linked(share_percent, awu_hundredths=0, turnover_cents=0, balance_cents=0):
    return LinkedFirm(
        share_percent=share_percent,
        awu_hundredths=awu_hundredths,
        turnover_cents=turnover_cents,
        balance_cents=balance_cents,
    )


@pytest.mark.parametrize(
    ("told", "size"),
    [
        (sheet(999), MICRO),
        (sheet(1_000), SMALL),
        (sheet(4_999), SMALL),
        (sheet(5_000), MEDIUM),
        (sheet(24_999), MEDIUM),
        (sheet(25_000), LARGE),
        (sheet(100, 2 * MILLION, 9 * MILLION), MICRO),
        (sheet(100, 9 * MILLION, 2 * MILLION), MICRO),
        (sheet(100, 2 * MILLION + 1, 2 * MILLION + 1), SMALL),
        (sheet(100, 10 * MILLION + 1, 10 * MILLION + 1), MEDIUM),
        (sheet(100, 50 * MILLION + 1, 43 * MILLION), MEDIUM),
        (sheet(100, 50 * MILLION, 43 * MILLION + 1), MEDIUM),
        (sheet(100, 50 * MILLION + 1, 43 * MILLION + 1), LARGE),
    ],
)
def test_people_and_one_of_turnover_and_balance_make_a_class(told, size):
    assert told.size is size


@pytest.mark.parametrize(("share", "size"), [(24, MICRO), (25, SMALL), (50, SMALL), (51, MEDIUM), (100, MEDIUM)])
def test_others_are_added_by_their_share_whole_from_half_on(share, size):
    assert sheet(800, 0, 0, linked(share, 4_800)).size is size


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_every_linked_firm_is_added(count):
    sizes = [MICRO, SMALL, SMALL, SMALL]
    assert sheet(900, 0, 0, *[linked(100, 300, MILLION, MILLION)] * count).size is sizes[count]


def years(*sizes, first=2020, step=1):
    return [sheet(PEOPLE[size], year=first + step * number) for number, size in enumerate(sizes)]


@pytest.mark.parametrize(
    ("story", "size"),
    [
        ([MICRO], MICRO),
        ([MICRO, SMALL], MICRO),
        ([MICRO, SMALL, SMALL], SMALL),
        ([MICRO, SMALL, MICRO, SMALL], MICRO),
        ([MICRO, SMALL, MEDIUM], SMALL),
        ([MICRO, MEDIUM, SMALL], SMALL),
        ([MEDIUM, SMALL, MICRO], SMALL),
        ([MEDIUM, MICRO, SMALL], SMALL),
        ([MEDIUM, MICRO, MICRO], MICRO),
        ([SMALL, MICRO, MEDIUM], SMALL),
        ([SMALL, SMALL, MICRO], SMALL),
    ],
)
def test_a_class_changes_when_two_years_in_a_row_say_so(story, size):
    assert size_of(years(*story)) is size


def test_two_years_with_a_gap_between_are_not_in_a_row():
    assert size_of(years(MICRO, SMALL, SMALL, step=2)) is MICRO


@given(story=st.lists(st.sampled_from(FirmSize), min_size=1, max_size=8))
def test_two_equal_years_at_the_end_are_what_a_firm_is(story):
    assert size_of(years(*story, story[-1])) is story[-1]


@pytest.mark.parametrize(
    ("persons", "size"), [(None, None), (1, MICRO), (9, MICRO), (10, SMALL), (49, SMALL), (50, MEDIUM), (250, LARGE)]
)
def test_of_a_firm_without_sheets_only_its_people_tell(persons, size):
    assert size_of_persons(persons) is size
