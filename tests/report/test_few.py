import re

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lived import summary

from wis_engine.report import page
from wis_engine.report.draw_figures import SMALL
from wis_engine.report.few import shown_from
from wis_engine.report.together import served_rows
from wis_engine.report.words import words

COUNTS = st.lists(st.integers(0, 30), max_size=12)


@pytest.mark.parametrize(
    ("counts", "least"),
    [
        ([], 1),
        ([0, 0], 1),
        ([5, 9], 5),
        ([3, 2, 7], 7),
        ([3, 7, 9], 9),
        ([3, 7, 7, 9], 9),
        ([1], 2),
        ([1, 7], 8),
        ([2, 3, 5, 5], 5),
    ],
)
def test_where_showing_begins(counts, least):
    assert shown_from(counts, 5) == least


@given(COUNTS)
def test_what_is_hidden_is_small_and_not_to_be_found_from_the_rest(counts):
    least = shown_from(counts, SMALL)
    hidden = [count for count in counts if 0 < count < least]
    shown = [count for count in counts if count >= least and count]
    assert all(count >= SMALL for count in shown)
    assert {count for count in counts if 0 < count < SMALL} <= set(hidden)
    assert not hidden or not shown or sum(hidden) >= SMALL
    assert not hidden or any(count < SMALL for count in hidden)


@given(COUNTS)
def test_no_more_is_hidden_than_has_to_be(counts):
    least = shown_from(counts, SMALL)
    more = {count for count in counts if SMALL <= count < least}
    assert len(more) <= 1
    assert not more or 0 < sum(count for count in counts if count < SMALL) < SMALL


def rows_of(drawn, caption):
    """First and last cell with a number of every row of a table."""
    table = next(one for one in drawn.split("<table")[1:] if f"<caption>{caption}</caption>" in one)
    for row in table.partition("<tbody>")[2].split("</tr>")[:-1]:
        cells = re.findall(r"<t[hd].*?>(.*?)</t[hd]>", row)
        yield [re.sub(r"<.*?>", " ", cell).strip() for cell in cells]


def counted(drawn, caption, place):
    return {cells[0]: cells[place] for cells in rows_of(drawn, words("en")(caption))}


def test_unmet_needs_of_few_are_put_together(pages):
    said = attrs.evolve(summary(), unmet=tuple(
        attrs.evolve(summary().unmet[0], reason=reason, needs=needs)
        for reason, needs in (("price", 9), ("time", 3), ("place", 1))
    ))  # fmt: skip
    drawn = page(said, language="en")
    tell = words("en")
    # 3 and 1 are fewer than 5: the 9 has to go with them.
    assert list(rows_of(drawn, tell("needs.unmet_caption"))) == [[tell("word.others"), "", "13"]]
    reasons = counted(drawn, "needs.reasons_caption", 1)
    assert set(reasons.values()) == {"not shown", "fewer than 5"}
    desk = page(said, language="en", detail=True)
    assert set(counted(desk, "needs.reasons_caption", 1).values()) == {"9", "3", "1"}
    assert [row[2] for row in rows_of(desk, tell("needs.unmet_caption"))] == ["9", "3", "1"]


def numbers(texts):
    return [int(text.replace(",", "")) for text in texts if text.replace(",", "").isdigit()]


def test_no_small_number_of_needs_stands_on_the_page_of_the_funder(pages):
    drawn = pages["en", False].html
    places = {"needs.unmet_caption": 2, "needs.reasons_caption": 1, "pools.single_caption": 1}
    places |= {"pools.caption": 3, "pools.chains_caption": 3}
    for caption, place in places.items():
        shown = counted(drawn, caption, place)
        assert shown, caption
        assert all(count >= SMALL for count in numbers(shown.values())), caption
    assert min(numbers(counted(pages["en", True].html, "needs.unmet_caption", 2).values())) < SMALL


def test_what_is_put_together_adds_up(pages):
    drawn = pages["en", False].html
    shared = [pool for pool in summary().pools if pool.together and not pool.chained]
    for place, value in ((2, len(shared)), (3, sum(len(pool.needs) for pool in shared))):
        *each, whole = numbers(counted(drawn, "pools.caption", place).values())
        assert sum(each) == whole == value
    assert sum(numbers(counted(drawn, "pools.single_caption", 1).values())) == sum(one.needs for one in summary().alone)


def test_pools_add_up_by_service():
    rows = served_rows(summary().pools)
    assert len({row.services for row in rows}) == len(rows)
    assert [row.needs for row in rows] == sorted((row.needs for row in rows), reverse=True)
    assert sum(row.pools for row in rows) == len(summary().pools)
    assert sum(row.columns[0] for row in rows) == summary().everyone.price_cents


def test_the_page_says_under_which_number_nothing_is_shown(pages):
    for language in ("it", "en"):
        assert words(language)("word.few_note", k=SMALL) in pages[language, False].text
        assert words(language)("word.few_note", k=SMALL) not in pages[language, True].text
