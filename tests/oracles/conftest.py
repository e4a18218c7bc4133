"""A problem that takes some search."""

import pytest

from wis_engine.matching import Need, Offer, Problem
from wis_engine.values import PriceTier


@pytest.fixture
def rich():
    needs = [Need(id=f"n{k}", minutes=60) for k in range(6)]
    tiers = [PriceTier(price_cents=100), PriceTier(people_from=3, price_cents=50)]
    return Problem(needs=needs, offers=[Offer(id="o", capacity_minutes=360, tiers=tiers, group_max=3)])
