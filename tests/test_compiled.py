import datetime as dt
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from enum import Enum, IntEnum, StrEnum
from typing import Any, NewType

import attrs
import pytest

from wis_engine.compiled import Forms, maker
from wis_engine.errors import Malformed
from wis_engine.plain import PERSONAL, forms, from_plain, to_plain
from wis_engine.values import Period, Redacted, WeekSlots

Name = NewType("Name", str)


class Colour(StrEnum):
    RED = "red"


class Size(IntEnum):
    LARGE = 3


class Kind(Enum):
    ONE = "one"


@attrs.frozen(kw_only=True)
class Leaf:
    colour: Colour | None = None
    days: frozenset[dt.date] = frozenset()


@attrs.frozen(kw_only=True)
class Tree:
    """One field of each type, and a type of its own."""

    name: Name
    height: int
    green: bool
    either: int | str | None
    size: Size
    kind: Kind
    slots: WeekSlots
    period: Period | None
    day: dt.date
    first: Leaf
    leaves: tuple[Leaf, ...]
    words: tuple[str, ...]
    pair: tuple[int, str]
    counts: dict[str, int]
    anything: Any
    child: "Tree | None" = None
    secret: Leaf = attrs.field(metadata={PERSONAL: "name"}, default=Leaf())
    whisper: str | None = attrs.field(metadata={PERSONAL: "name"}, default=None)


LEAF = Leaf(colour=Colour.RED, days=frozenset({dt.date(2026, 2, 1), dt.date(2026, 1, 1)}))
SEED = Tree(
    name=Name("seed"),
    height=1,
    green=True,
    either="x",
    size=Size.LARGE,
    kind=Kind.ONE,
    slots=WeekSlots.ALWAYS,
    period=Period.day(dt.date(2026, 1, 1)),
    day=dt.date(2026, 1, 1),
    first=LEAF,
    leaves=(LEAF, Leaf()),
    words=("b", "a"),
    pair=(1, "x"),
    counts={"b": 1},
    anything=[1],
)
GONE = Redacted("secret", "seed")
TREES = [
    SEED,
    attrs.evolve(SEED, child=attrs.evolve(SEED, child=SEED, period=None, either=None)),
    attrs.evolve(SEED, secret=LEAF, whisper="psst"),
    attrs.evolve(SEED, secret=GONE, whisper=Redacted("whisper", "seed")),
]


@pytest.mark.parametrize("tree", TREES, ids=range(len(TREES)))
def test_what_was_told_is_built_again(tree):
    told = to_plain(tree)
    assert from_plain(told, Tree, trusted=True) == tree
    assert to_plain(from_plain(told, Tree, trusted=True)) == told


def test_a_value_is_told_in_plain_data_and_in_order_of_its_fields():
    told = to_plain(TREES[3])
    assert list(told) == [a.name for a in attrs.fields(Tree)]
    assert told["first"] == {"colour": "red", "days": ["2026-01-01", "2026-02-01"]}
    assert told["secret"] == {"redacted": ["secret", "seed"]}
    assert (told["size"], told["kind"], told["slots"]) == (3, "one", "always")
    assert [type(told[name]) for name in ("size", "leaves", "words")] == [int, list, list]
    assert type(told["first"]["colour"]) is str


def without(name):
    return {key: value for key, value in to_plain(SEED).items() if key != name}


@pytest.mark.parametrize(
    "data",
    [
        *(None, 7, "x", [], {}),
        without("height"),
        to_plain(SEED) | {"more": 0},
        without("height") | {"more": 0},
        to_plain(SEED) | {"size": 4},
        to_plain(SEED) | {"size": []},
        to_plain(SEED) | {"slots": "mon"},
        to_plain(SEED) | {"slots": "mon 10:00-11:00, mon 11:00-12:00"},
        to_plain(SEED) | {"day": "20260101"},
        to_plain(SEED) | {"first": {}},
        to_plain(SEED) | {"leaves": [7]},
        to_plain(SEED) | {"secret": {"redacted": []}},
    ],
)
def test_damage_that_a_cheap_look_shows_is_malformed(data):
    with pytest.raises(Malformed):
        from_plain(data, Tree, trusted=True)


@attrs.frozen(kw_only=True)
class Doubled:
    half: int
    whole: int = attrs.field(init=False, default=attrs.Factory(lambda self: self.half * 2, takes_self=True))


@attrs.frozen(kw_only=True)
class Converted:
    words: tuple[str, ...] = attrs.field(converter=tuple)


@attrs.frozen(kw_only=True, slots=False)
class Roomy:
    word: str


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Doubled(half=2), {"half": 2}),
        (Converted(words=["a"]), {"words": ["a"]}),
        (Roomy(word="a"), {"word": "a"}),
    ],
)
def test_a_class_that_is_more_than_its_fields_is_built_by_itself(value, plain):
    assert to_plain(value) == plain
    built = from_plain(plain, type(value), trusted=True)
    assert built == value
    assert attrs.asdict(built) == attrs.asdict(value)


@attrs.frozen(kw_only=True)
class Lost:
    word: "Nowhere"  # noqa: F821 - a type that cannot be found is the point


def test_a_type_that_names_nothing_is_malformed():
    with pytest.raises(Malformed, match="Lost"):
        from_plain({"word": "a"}, Lost, trusted=True)


def test_what_is_made_has_all_its_fields_and_no_validator_is_asked():
    make = maker(Period)
    day = dt.date(2026, 1, 1)
    assert make(start=day, end=dt.date(2026, 1, 2)) == Period.day(day)
    assert make(start=day, end=day).days == 0
    with pytest.raises(TypeError):
        make(start=day)


def test_threads_that_meet_a_class_together_all_find_its_code():
    told = to_plain(TREES[1])

    fresh = Forms(read=_read_by_hand, tell=lambda _kind: to_plain)
    with ThreadPoolExecutor(8) as pool:
        built = pool.map(lambda _: fresh.reader(Tree)(told), range(64))
        assert all(one == TREES[1] for one in built)


def _read_by_hand(kind):
    if kind is Kind:
        return Kind
    return tuple if kind == tuple[int, str] else lambda data: dict(data) if isinstance(data, Mapping) else data


def test_the_code_of_a_class_is_made_once():
    assert forms().reader(Tree) is forms().reader(Tree)
    assert forms().teller(Leaf) is forms().teller(Leaf)
    assert forms().reader(int) is forms().reader(Name) is forms().teller(str) is None
