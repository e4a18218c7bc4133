from typing import Any, ClassVar

import attrs
import pytest

from wis_engine.errors import FormatError, Malformed
from wis_engine.facts.base import Event, personal
from wis_engine.jsontext import dump
from wis_engine.log.codec import Registry
from wis_engine.log.upcast import Upcast
from wis_engine.values import Redacted


@attrs.frozen(kw_only=True)
class Opened(Event):
    """A shop opened; version 1 had no `floor`, version 2 called the title a name."""

    name: ClassVar[str] = "opened"
    version: ClassVar[int] = 3

    shop: str
    title: str
    floor: int


@attrs.frozen(kw_only=True)
class Sold(Event):
    """One thing was sold to a household; version 1 listed several things."""

    name: ClassVar[str] = "sold"
    version: ClassVar[int] = 2

    shop: str
    household: str
    thing: str = personal(subject="household")


@attrs.frozen(kw_only=True)
class Closed(Event):
    """A shop closed."""

    name: ClassVar[str] = "closed"

    shop: str


def storeyed(data):
    return [data | {"floor": 0}]


def titled(data):
    return [{"title" if key == "label" else key: value for key, value in data.items()}]


def one_by_one(data):
    things = data.pop("things")
    return [data | {"thing": thing} for thing in ([things] if isinstance(things, dict) else things)]


def split(data):
    shop = data["shop"]
    return [
        {"name": "opened", "version": 2, "shop": shop, "label": "Moved", "floor": 1},
        {"name": "closed", "version": 1, "shop": shop},
    ]


def nothing(_data):
    return []


FIRST = Upcast(name="opened", version=1, step=storeyed)
SECOND = Upcast(name="opened", version=2, step=titled)
THINGS = Upcast(name="sold", version=1, step=one_by_one, personal=("things",), subject="household")
MOVED = Upcast(name="moved", version=1, step=split, into=(("opened", 2), ("closed", 1)))
CLEANED = Upcast(name="cleaned", version=1, step=nothing, into=())
STEPS = (FIRST, SECOND, THINGS, MOVED, CLEANED)
TYPES = (Opened, Sold, Closed)

REGISTRIES = [Registry(TYPES, STEPS, accelerated=True), Registry(TYPES, STEPS, accelerated=False)]


@pytest.fixture(params=REGISTRIES, ids=["fast", "slow"])
def registry(request) -> Registry:
    """Three types of today and two of old, with msgspec and without."""
    return request.param


OLD: list[tuple[str, int, dict[str, Any], dict[str, Any] | None, tuple[Event | None, ...]]] = [
    ("opened", 1, {"shop": "s", "label": "Il Forno"}, None, (Opened(shop="s", title="Il Forno", floor=0),)),
    ("opened", 2, {"floor": 2, "shop": "s", "label": "è"}, None, (Opened(shop="s", title="è", floor=2),)),
    ("opened", 3, {"floor": 2, "shop": "s", "title": "T"}, None, (Opened(shop="s", title="T", floor=2),)),
    ("moved", 1, {"shop": "s"}, None, (Opened(shop="s", title="Moved", floor=1), Closed(shop="s"))),
    ("cleaned", 1, {"shop": "s"}, None, (None,)),
    (
        "sold",
        1,
        {"shop": "s", "household": "h"},
        {"things": ["bread", "salt"]},
        (Sold(shop="s", household="h", thing="bread"), Sold(shop="s", household="h", thing="salt")),
    ),
    ("sold", 1, {"shop": "s", "household": "h"}, {"things": []}, (None,)),
    (
        "sold",
        1,
        {"shop": "s", "household": "h"},
        None,
        (Sold(shop="s", household="h", thing=Redacted("things", "h")),),
    ),
]


@pytest.mark.parametrize("case", OLD, ids=range(len(OLD)))
@pytest.mark.parametrize("trusted", [True, False])
def test_what_was_stored_reads_as_it_is_meant_today(registry, case, trusted):
    name, version, body, held, facts = case
    private = None if held is None else dump(held)
    for _ in range(2):
        assert registry.facts(name, version, dump(body), private, trusted=trusted) == facts


def test_one_fact_is_decoded_and_several_or_none_are_not(registry):
    body = dump({"shop": "s", "label": "T"})
    assert registry.decode("opened", 1, body, None) == Opened(shop="s", title="T", floor=0)
    for name in ("moved", "cleaned"):
        with pytest.raises(FormatError):
            registry.decode(name, 1, dump({"shop": "s"}), None)


def test_old_events_of_strangers_are_canonical_json_too(registry):
    for body in ('{"shop":"s", "label":"T"}', '{"shop":"s","label":"T"}', '{"label":"T","shop":"s" }'):
        with pytest.raises(Malformed, match="canonical"):
            registry.facts("opened", 1, body, None, trusted=False)
        assert registry.facts("opened", 1, body, None) == (Opened(shop="s", title="T", floor=0),)


def test_what_old_types_had_in_public_stays_when_it_is_personal_today(registry):
    registry = Registry(TYPES, (FIRST, SECOND, attrs.evolve(THINGS, step=lambda data: [data], personal=None)))
    open_then = dump({"shop": "s", "household": "h", "thing": "bread"})
    assert registry.facts("sold", 1, open_then, None) == (Sold(shop="s", household="h", thing="bread"),)
    sealed_then = dump({"shop": "s", "household": "h"})
    assert registry.facts("sold", 1, sealed_then, None) == (
        Sold(shop="s", household="h", thing=Redacted("thing", "h")),
    )


def test_a_version_that_nothing_reads(registry):
    for version in (0, 4):
        with pytest.raises(FormatError):
            registry.facts("opened", version, b"{}", None)
    for name, version in (("moved", 2), ("unheard-of", 1)):
        with pytest.raises(FormatError):
            registry.facts(name, version, b"{}", None)
        with pytest.raises(Malformed):
            registry.facts(name, version, b"{}", None, trusted=False)


def fails(_data):
    raise RuntimeError("the secret name")


WRONG_STEPS = [
    fails,
    lambda data: data["nothing of the kind"],
    lambda _data: None,
    lambda _data: 7,
    lambda data: data,
    lambda _data: [None],
    lambda _data: [7],
    lambda data: [data | {"version": 2}],
    lambda data: [data | {"name": "opened"}],
    lambda data: [data | {"name": "opened", "version": 3}],
    lambda data: [data | {"name": "closed", "version": 1}],
    lambda data: [data | {"name": [], "version": {}}],
    lambda data: [data | {"floor": "the secret name", "label": "T"}],
    lambda data: [{"shop": data["shop"]}],
    lambda data: [data | {"floor": 0, "more": 1}],
]


@pytest.mark.parametrize("step", WRONG_STEPS, ids=range(len(WRONG_STEPS)))
def test_a_step_that_does_not_do_what_it_says_is_a_format_error(step):
    registry = Registry(TYPES, (attrs.evolve(FIRST, step=step), SECOND, THINGS))
    for trusted in (True, False):
        with pytest.raises(FormatError) as caught:
            registry.facts("opened", 1, dump({"label": "T", "shop": "s"}), None, trusted=trusted)
        assert "secret" not in str(caught.value)
        assert "'opened' in version 1" in str(caught.value)
        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None or caught.value.__suppress_context__


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b"\xff", None])
def test_damage_in_an_old_event_is_malformed(registry, body):
    for held in (None, b"{}", b"[]", b"{"):
        with pytest.raises(Malformed):
            registry.facts("opened", 1, body, held)


def test_a_field_in_both_pieces_of_an_old_event_is_malformed(registry):
    both = dump({"shop": "s", "things": []})
    for trusted in (True, False):
        with pytest.raises(Malformed):
            registry.facts("sold", 1, both, dump({"things": []}), trusted=trusted)


def test_names_under_which_facts_may_be_stored(registry):
    assert registry.stored_names({"closed"}) == {"closed", "moved"}
    assert registry.stored_names(["opened"]) == {"opened", "moved"}
    assert registry.stored_names({"sold"}) == {"sold"}
    assert registry.stored_names(()) == frozenset()
    assert Registry(TYPES[2:]).stored_names({"closed"}) == {"closed"}


def test_a_registry_lists_the_types_of_today(registry):
    assert list(registry) == ["closed", "opened", "sold"]
    with pytest.raises(Malformed):
        registry.shape("moved")


SAME = lambda data: [data]  # noqa: E731 - a step as short as that

WRONG_TABLES = {
    "a gap in the middle": ((FIRST, THINGS), "'opened' in version 2"),
    "a gap at the beginning": ((SECOND, THINGS), "'opened' in version 1"),
    "no step at all": ((), "'opened' in version 1"),
    "a gap in a name of old": (
        (*STEPS, Upcast(name="cleaned", version=3, step=nothing, into=())),
        "'cleaned' in version 2",
    ),
    "two from one": ((*STEPS, FIRST), "'opened' in version 1"),
    "from today": ((*STEPS, Upcast(name="closed", version=1, step=SAME)), "'closed' in version 1"),
    "from tomorrow": ((*STEPS, Upcast(name="closed", version=2, step=SAME)), "'closed' in version 2"),
    "to nowhere": ((*STEPS, Upcast(name="old", version=1, step=SAME)), "'old' in version 2"),
    "to a version to come": ((*STEPS, Upcast(name="old", version=1, step=SAME, into=(("closed", 2),))), "'closed' in"),
    "to itself": ((*STEPS, Upcast(name="old", version=1, step=SAME, into=(("old", 1),))), "circle through 'old'"),
    "round and round": (
        (
            *STEPS,
            Upcast(name="old", version=1, step=SAME, into=(("older", 1), ("closed", 1))),
            Upcast(name="older", version=1, step=SAME, into=(("oldest", 1),)),
            Upcast(name="oldest", version=1, step=SAME, into=(("old", 1),)),
        ),
        "circle through 'old'",
    ),
    "no upcast": ((*STEPS, SAME), "no upcast"),
}


@pytest.mark.parametrize(("steps", "said"), WRONG_TABLES.values(), ids=WRONG_TABLES.keys())
def test_a_table_that_could_not_read_everything_is_not_built(steps, said):
    with pytest.raises(Malformed, match=said):
        Registry(TYPES, steps)


def test_the_order_of_the_steps_is_nothing():
    registry = Registry(TYPES, reversed(STEPS))
    assert registry.facts("opened", 1, b'{"label":"T","shop":"s"}', None) == (Opened(shop="s", title="T", floor=0),)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": 7},
        {"version": 0},
        {"version": "1"},
        {"step": None},
        {"into": [("closed", 1)]},
        {"into": ("closed", 1)},
        {"into": (("closed",),)},
        {"into": ((1, "closed"),)},
        {"into": (("closed", 0),)},
        {"personal": ["thing"]},
        {"subject": 7},
    ],
    ids=repr,
)
def test_an_upcast_of_the_wrong_shape_is_malformed(wrong):
    with pytest.raises(Malformed):
        Upcast(**({"name": "old", "version": 1, "step": SAME} | wrong))
