"""Communities to look at, or to try something on, without data of one's own."""

from typing import Final

from wis_engine.community import Community
from wis_engine.errors import Malformed
from wis_engine.simulation.card import ZONE
from wis_engine.simulation.year import SimulatedClock, live

SAMPLES: Final = ("pilot",)


def sample(name: str = "pilot", *, seed: int = 0) -> Community:
    """Live a simulated community in memory, for a first look or a notebook.

    `pilot` is the year of the project card: 3 firms, 22 people, every kind of
    fact. Needs, supply and luck are simulated, and the project says so. Each
    call lives a year of its own, which its caller may go on with: it is
    writable, and its clock stands at the end of the last month of settling.

    Parameters
    ----------
    seed
        All the luck of the year; the same seed gives the same facts.

    Raises
    ------
    Malformed
        There is no sample of that name, or the seed is no whole number from 0 up.

    Notes
    -----
    A year takes some seconds, most of which go into its matches. To try
    something several times, `branch()` what was lived once.
    """
    if name not in SAMPLES:
        raise Malformed(f"no sample {name!r}; there is {', '.join(SAMPLES)}")
    clock = SimulatedClock()
    community = Community.open("memory:", clock=clock, zone=ZONE)
    live(community, seed=seed, clock=clock)
    return community
