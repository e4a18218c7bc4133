import json
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wis_engine.errors import Malformed
from wis_engine.jsontext import DEPTH_MAX, KEYS_MAX, dump, json_of, load

WRITERS = [json_of(accelerated=True), json_of(accelerated=False)]

texts = st.text(st.characters(exclude_categories=["Cs"]))
integers = st.integers(-(1 << 63) + 1, (1 << 63) - 1)
plain = st.recursive(
    st.none() | st.booleans() | integers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


@given(data=plain)
@example(data={"é": 1, "z": 2, "a": 3, "\U0001f600": 4, "\uffff": 5, "\x7f": 6, "\x00": 7})
def test_both_write_the_same_bytes_and_read_them_back(data):
    written = dump(data)
    for one in WRITERS:
        assert one.dump(data) == written
        assert one.parse(written.decode()) == data
    assert load(written) == data


def test_every_character_is_written_alike():
    fast, slow = WRITERS
    for block in range(0, 0x110000, 0x400):
        text = "".join(map(chr, range(block, block + 0x400)))
        if not 0xD800 <= block < 0xE000:
            assert fast.dump(text) == slow.dump(text) == dump(text)


@pytest.mark.parametrize("one", WRITERS, ids=["fast", "slow"])
@pytest.mark.parametrize("text", ["", "{", "{}{}", "{} x", "nul", "\ufeff{}", "[1,]", '"a'])
def test_what_is_no_json_is_a_value_error_to_both(one, text):
    with pytest.raises(ValueError):  # noqa: PT011 - each of the two has words of its own
        one.parse(text)


@pytest.mark.parametrize("one", WRITERS, ids=["fast", "slow"])
@pytest.mark.parametrize("data", ["\ud800", {1, "x"}.__iter__(), object()])
def test_what_json_cannot_hold_is_a_value_or_type_error_to_both(one, data):
    with pytest.raises((ValueError, TypeError)):
        one.dump(data)


def test_data_that_holds_itself_is_a_value_error():
    endless = []
    endless.append(endless)
    with pytest.raises(ValueError, match="endless"):
        dump(endless)


def test_the_accelerator_is_used_when_it_is_there(monkeypatch):
    assert json_of().accelerated
    assert [one.accelerated for one in WRITERS] == [True, False]
    json_of.cache_clear()
    monkeypatch.setitem(sys.modules, "msgspec", None)
    try:
        assert not json_of().accelerated
        with pytest.raises(Malformed, match="fast"):
            json_of(accelerated=True)
    finally:
        json_of.cache_clear()


def nested(depth, *, opening="[", closing="]"):
    return opening * depth + closing * depth


@pytest.mark.parametrize("around", ["{0}", '{{"a":{0}}}', "[1,{0},{0}]", '[{{}},"[[[[[",{0}]', r'["\"[[[","\\",{0}]'])
def test_depth_is_exact_whatever_stands_around(around):
    held = 0 if around == "{0}" else 1
    load(around.format(nested(DEPTH_MAX - held)))
    with pytest.raises(Malformed):
        load(around.format(nested(DEPTH_MAX - held + 1)))


def test_depth_counts_both_kinds_of_brackets():
    load('[{"a":' * 8 + "0" + "}]" * 8)
    with pytest.raises(Malformed):
        load('[{"a":' * 8 + "[]" + "}]" * 8)


@given(data=plain)
def test_depth_is_that_of_the_data(data):
    def depth(data):
        match data:
            case list():
                return 1 + max(map(depth, data), default=0)
            case dict():
                return 1 + max(map(depth, data.values()), default=0)
        return 0

    here = DEPTH_MAX - depth(data)
    for levels, fits in ((here, True), (here + 1, False)):
        text = "[" * levels + json.dumps(data) + "]" * levels
        if fits:
            load(text)
        else:
            with pytest.raises(Malformed):
                load(text)


@pytest.mark.parametrize("unit", ["[", '{"a":', '"', '\\"', '"\\', "[]", '[{"', "]"])
def test_the_size_of_what_is_hostile_costs_no_more_than_its_size(unit):
    """A scan that went back to every quote would take minutes here, not milliseconds."""
    with pytest.raises(Malformed):
        load(unit * 500_000)


def test_keys_of_an_object_are_counted():
    def keys(count):
        return dump({str(n): 0 for n in range(count)})

    load(keys(KEYS_MAX))
    with pytest.raises(Malformed, match="keys"):
        load(keys(KEYS_MAX + 1))


@pytest.mark.parametrize("text", ['"' + "a" * 98 + '"', '"' + "é" * 49 + '"'])
def test_bytes_are_counted_before_anything_is_read(text):
    for given_as in (text, text.encode()):
        load(given_as, longest=100)
        with pytest.raises(Malformed, match="bytes"):
            load(given_as, longest=99)
    with pytest.raises(Malformed, match="bytes"):
        load("[" * 101, longest=100)


@pytest.mark.parametrize("number", [(1 << 63) - 1, -(1 << 63) + 1, 0])
def test_integers_to_63_bits_are_read(number):
    assert load(str(number)) == number


@pytest.mark.parametrize("text", [str(1 << 63), str(-(1 << 63)), "9" * 30, "1.0", "1e3", "NaN", "-Infinity", "1e999"])
def test_other_numbers_are_not(text):
    with pytest.raises(Malformed):
        load(text)


@pytest.mark.parametrize("text", [r'"\ud800"', r'{"\udfff":0}', '"\ud800"', '{"a":0,"a":0}', b"\xff", b"\xef\xbb\xbf1"])
def test_what_parsers_let_through_is_refused(text):
    with pytest.raises(Malformed):
        load(text)


def test_a_character_in_two_escapes_is_a_text():
    assert load(r'"\ud83d\ude00"') == "\U0001f600"


@pytest.mark.parametrize("text", [None, 7, [], bytearray(b"{}"), object()])
def test_what_is_no_text_is_malformed(text):
    with pytest.raises(Malformed):
        load(text)
