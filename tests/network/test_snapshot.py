"""A network as bytes and back: what comes back is equal, what is damaged is told, and nothing else is raised."""

import json
import random
import subprocess
import sys
from importlib.metadata import PackageNotFoundError

import attrs
import pytest
from stories import APRIL, life, network_of

from wis_engine.errors import IntegrityError
from wis_engine.jsontext import json_of
from wis_engine.network import Network, snapshot
from wis_engine.network import network as module
from wis_engine.network.network import ENTITIES
from wis_engine.network.parties import Firm, FirmStatus, Gender, Household, Person, Role
from wis_engine.network.snapshot import FORMAT, freeze, thaw
from wis_engine.values import Redacted, WeekSlots

ZONE = "Europe/Rome"


@pytest.fixture(scope="module")
def network():
    return network_of(*life(), APRIL)


@pytest.fixture(scope="module")
def parts(network):
    return list(freeze(network))


@pytest.fixture(params=[True, False], ids=["msgspec", "json"])
def accelerated(request, monkeypatch):
    """Read and write JSON with and without the accelerator."""
    monkeypatch.setattr(snapshot, "json_of", lambda: json_of(accelerated=request.param))


@pytest.fixture(params=[1, 3, 1 << 13])
def small(request, monkeypatch):
    """Make parts of few rows, ids and integers, as a large community has many of each."""
    monkeypatch.setattr(snapshot, "ROWS", request.param)
    monkeypatch.setattr(snapshot, "IDS", request.param)
    monkeypatch.setattr(snapshot, "PART_BYTES", 4 * request.param)


def assert_equal(one, other):
    assert one.digest() == other.digest()
    assert one.tables == other.tables
    assert [list(table) for table in one.tables.values()] == [list(table) for table in other.tables.values()]
    assert list(one.links.nodes()) == list(other.links.nodes())
    assert list(one.links.rows()) == list(other.links.rows())
    assert {cls.kind: one.opened(cls.kind) for cls in ENTITIES} == {
        cls.kind: other.opened(cls.kind) for cls in ENTITIES
    }
    moves = [(each.zone, each.position, each.now, each.latest) for each in (one, other)]
    assert moves[0] == moves[1]


def test_a_life_comes_back(network, accelerated, small):
    parts = list(freeze(network))
    assert_equal(thaw(iter(parts), zone=ZONE), network)
    assert list(freeze(thaw(parts, zone=ZONE))) == parts


def test_nothing_comes_back_too():
    assert_equal(
        thaw(freeze(Network(zone="America/New_York")), zone="America/New_York"), Network(zone="America/New_York")
    )


def test_the_bytes_are_the_same_with_and_without_the_accelerator(network, parts, monkeypatch):
    monkeypatch.setattr(snapshot, "json_of", lambda: json_of(accelerated=False))
    assert list(freeze(network)) == parts


def test_what_a_refused_batch_left_behind_is_not_told(network, parts):
    copy = network.copy()
    copy.begin()
    copy.put(Person(id="x-person", role=Role.EMPLOYEE, gender=None))
    copy.put(copy.firms["f1"].left())
    copy.link("f1", "employs", "x-person")
    copy.rollback()
    copy.commit()
    assert list(freeze(copy)) == parts


def test_no_snapshot_is_taken_in_an_open_batch(network):
    copy = network.copy()
    copy.begin()
    with pytest.raises(AssertionError, match="a batch is open"):
        list(freeze(copy))


def test_what_repeats_itself_is_one_object_when_it_is_back(monkeypatch):
    monkeypatch.setattr(snapshot, "ROWS", 4)
    network = network_of()
    offer = next(iter(network.offers.values()))
    for number in range(12):
        slots = WeekSlots(offer.slots.bits)
        assert slots is not offer.slots
        network.put(offer.replace(id=f"x{number}", slots=slots, tiers=tuple(map(attrs.evolve, offer.tiers))))
    back = thaw(freeze(network), zone=ZONE)
    assert back.offers == network.offers
    last_parts = [back.offers[f"x{number}"] for number in range(4, 12)]
    assert len({id(one.slots) for one in last_parts}) == len({id(one.tiers) for one in last_parts}) == 1
    names = {id(name) for name in back.suppliers}
    assert {id(one.supplier) for one in back.offers.values()} <= names


@pytest.mark.parametrize("count", [1, 2, 3, 255, 256, 257, 700])
def test_columns_of_few_and_of_many_values_come_back(count):
    network = Network()
    for number in range(3 * count):
        gender = [Gender.WOMAN, None][number % 2]
        network.put(Person(id=f"p{number}", role=Role.EMPLOYEE, gender=gender))
        title = f"Titolo «{number % count}»"
        network.put(Firm(id=f"f{number}", title=title, status=FirmStatus.MEMBER, persons=number, ateco="62", nil=1))
    network.commit()
    assert_equal(thaw(freeze(network), zone=ZONE), network)


def test_what_redaction_left_comes_back():
    network = network_of()
    for number in range(5):
        marks = {name: Redacted(name, f"x{number}") for name in ("holders", "members", "nil")}
        network.put(Household(id=f"x{number}", municipio=1, **marks))
    network.put(network.needs["n1"].replace(service=Redacted("service", "h1")))
    network.commit()
    assert_equal(thaw(freeze(network), zone=ZONE), network)


def test_a_reference_to_nobody_comes_back_as_it_is():
    network = network_of()
    network.put(network.needs["n1"].replace(household="of-no-node"))
    network.commit()
    assert thaw(freeze(network), zone=ZONE).needs == network.needs


def not_installed(name):
    raise PackageNotFoundError(name)


def test_the_form_says_which_release_and_which_shapes(monkeypatch):
    assert snapshot._format() == FORMAT
    assert FORMAT.isprintable()
    assert len(FORMAT) <= 64
    forms = {FORMAT}
    for what, changed in (
        ("LAYOUT", 0),
        ("ENTITIES", (*module.ENTITIES[:-1],)),
        ("RELATIONS", snapshot.RELATIONS[1:]),
        ("version", lambda _: "0.0.1"),
        ("version", not_installed),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(snapshot, what, changed)
            forms.add(snapshot._format())
    assert len(forms) == 6


def test_the_form_does_not_depend_on_the_hash_seed():
    code = "from wis_engine.network.snapshot import FORMAT; print(FORMAT)"
    run = [
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, check=True, capture_output=True, text=True
        ).stdout.strip()
        for seed in ("1", "2")
    ]
    assert run == [FORMAT, FORMAT]


def test_another_form_zone_or_community_is_refused(network, parts):
    with pytest.raises(IntegrityError, match="another"):
        thaw(parts, zone="America/New_York")
    header = json.loads(parts[0])
    with pytest.raises(IntegrityError, match="nodes and tables differ"):
        thaw([json.dumps(header | {"rows": header["rows"][::-1]}).encode(), *parts[1:]], zone=ZONE)
    with pytest.raises(IntegrityError, match="more parts"):
        thaw([*parts, b""], zone=ZONE)
    with pytest.raises(IntegrityError, match="another"):
        thaw([json.dumps(header | {"format": "0.0.1-f00"}).encode(), *parts[1:]], zone=ZONE)


def damaged(parts, rng):
    """Damage some parts in one of many ways."""
    parts = list(parts)
    place = rng.randrange(len(parts))
    part = parts[place]
    at = rng.randrange(len(part) + 1)
    match rng.randrange(9):
        case 0:
            del parts[place]
        case 1:
            parts[place] = part[:at]
        case 2:
            parts.insert(place, part)
        case 3:
            parts[place] = part[:at] + bytes([rng.randrange(256)]) + part[at + 1 :]
        case 4:
            parts[place] = part[:at] + rng.randbytes(3) + part[at:]
        case 5:
            other = rng.randrange(len(parts))
            parts[place], parts[other] = parts[other], part
        case 6:
            parts[place] = rng.choice(
                [b"", b"[]", b"{}", b"null", b"[" * 100_000, b"\xff", b"NaN", b"1e9", b"9" * 5000]
            )
        case 7:
            parts[place] = part.replace(*rng.choice([(b"[", b"[0,"), (b"null", b"{}"), (b'"each"', b'"nodes"')]))
        case 8:
            parts[place] = bytes(len(part))
    return parts


@pytest.mark.parametrize("seed", range(20))
def test_damage_raises_one_error_of_ours_or_does_no_harm_that_shows(parts, seed, accelerated):
    """What carries a digest is looked at before; here nothing but the one error may come out."""
    rng = random.Random(seed)
    refused = 0
    for _ in range(20):
        try:
            thaw(damaged(parts, rng), zone=ZONE)
        except IntegrityError:
            refused += 1
    assert refused >= 8


@pytest.mark.parametrize("hostile", [[], [b""], [b"{}"], [b"[]"], [b'{"format":1}'], [b"\x80\x04."], ["text"], [None]])
def test_what_is_no_snapshot_is_refused(hostile):
    with pytest.raises(IntegrityError):
        thaw(hostile, zone=ZONE)
