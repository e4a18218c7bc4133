import pytest

import wis_engine as wis
from wis_engine.simulation import samples
from wis_engine.simulation.year import SimulatedClock


@pytest.fixture
def short(monkeypatch):
    """Let a year be short: whether it is lived well is asked elsewhere."""

    def brief(community, *, seed, clock):
        samples_live(community, seed=seed, intensity_percent=5, strategy="by_firm", clock=clock)

    samples_live = samples.live
    monkeypatch.setattr(samples, "live", brief)


def test_the_pilot_is_lived_as_the_demo_lives_it(monkeypatch):
    """With the calibrated demand and the strategy that nobody chose."""
    calls = []
    monkeypatch.setattr(samples, "live", lambda community, **how: calls.append((community, how)))
    community = wis.sample("pilot", seed=7)
    [(lived_in, how)] = calls
    assert lived_in is community
    assert how.pop("clock")() == SimulatedClock()()
    assert how == {"seed": 7}


def test_each_call_lives_a_community_of_its_own(short):
    one, other = wis.sample(), wis.sample()
    one.record(wis.SupplierRegistered(supplier="s-new", title="A new one", kind=wis.SupplierKind.FIRM))
    assert "s-new" in one.network.suppliers
    assert "s-new" not in other.network.suppliers


def test_it_can_go_on_from_where_it_stands(short):
    community = wis.sample(seed=3)
    receipt = community.record(wis.SupplierRegistered(supplier="s-new", title="A new one", kind=wis.SupplierKind.FIRM))
    last = next(community.events(after=receipt.first - 1))
    assert last.occurred_at == last.recorded_at == community.network.now


@pytest.mark.parametrize("name", ["", "Pilot", "district"])
def test_another_name_is_told_what_there_is(name):
    with pytest.raises(wis.Malformed, match="there is pilot"):
        wis.sample(name)


def test_a_seed_is_a_whole_number():
    with pytest.raises(wis.Malformed):
        wis.sample(seed=-1)
