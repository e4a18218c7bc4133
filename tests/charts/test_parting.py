from xml.etree import ElementTree as ET

import pytest

from wis_engine.charts import divergence
from wis_engine.errors import Malformed

TOLD = {"position": [1, 2, 3, 4], "first": ["a", "b", "<x>", None], "second": ["a", "b", "y", "z"]}


def said(svg):
    return [text.text for text in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_what_differs_is_marked_and_an_end_is_said():
    words = said(divergence(TOLD, language="en"))
    assert words[1] == "2 facts the same up to here"
    assert words[-6:] == ["3 ≠", "<x>", "y", "4 ≠", "ended", "z"]


def test_long_histories_are_told_from_shortly_before_they_part():
    count = 100
    told = {"position": range(count), "first": ["a"] * count, "second": ["a"] * 50 + ["b"] * 50}
    words = said(divergence(told))
    assert (words[5], len(words)) == ("48", 5 + 3 * 40)


def test_the_same_history_twice_does_not_part():
    assert said(divergence(TOLD | {"second": TOLD["first"]}))[-1] == "Le due storie sono uguali."


def test_positions_have_to_rise():
    with pytest.raises(Malformed, match="do not rise"):
        divergence(TOLD | {"position": [1, 2, 2, 3]})
