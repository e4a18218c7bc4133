"""How membership spreads: by word of mouth, on a network of firms.

Who joins and who leaves in which month follows from the scenario and the seed
alone: nothing here looks at what the community does, so that every strategy
meets the same members.
"""

from typing import TYPE_CHECKING, Final

from attrs import frozen

from wis_engine.simulation.lots import Lots, keys_of
from wis_engine.simulation.membership import Firms, Growth
from wis_engine.simulation.shares import MILLION

if TYPE_CHECKING:
    from wis_engine.simulation.lots import Column, Numbers

NEVER: Final = 1 << 30
_YEAR: Final = 12


@frozen(kw_only=True)
class Membership:
    """For each firm the month in which it joins and the one in which it leaves, counted from 0; `NEVER` for neither.

    Who is a member at the start joined in month -1.
    """

    joined: "Numbers"
    left: "Numbers"


def firm_names(count: int) -> list[str]:
    """Name the firms of a drawn community."""
    return [f"sim-f{number:06d}" for number in range(1, count + 1)]


def spread(lots: Lots, firms: Firms, growth: Growth, months: int) -> Membership:
    """Let membership spread for some months.

    Notes
    -----
    Cost: firms x neighbours x months, in columns. A firm that has left does
    not come back, and its neighbours no longer hear of it.
    """
    import numpy as np  # noqa: PLC0415 - heavy

    keys = keys_of(firm_names(firms.count))
    one, other = _ties(lots, firms, growth, keys)
    degree = np.maximum(np.bincount(one, minlength=firms.count) + np.bincount(other, minlength=firms.count), 1)
    joined = np.full(firms.count, NEVER, dtype=np.int64)
    left = joined.copy()
    first = np.lexsort((keys, lots.words("first members", keys)))[: firms.members_at_start]
    joined[first] = -1
    inside = joined < 0
    for month in range(months):
        heard = np.bincount(one, weights=inside[other], minlength=firms.count)
        heard += np.bincount(other, weights=inside[one], minlength=firms.count)
        yearly_ppm = growth.alone_ppm + growth.heard_ppm * heard.astype(np.int64) // degree
        joins = (joined == NEVER) & (lots.below(MILLION * _YEAR, f"join {month}", keys) < yearly_ppm)
        leaves = inside & (lots.below(100 * _YEAR, f"leave {month}", keys) < growth.leaving_percent)
        joined[joins], left[leaves] = month, month
        inside = (inside | joins) & ~leaves
    return Membership(joined=joined, left=left)


def _ties(lots: Lots, firms: Firms, growth: Growth, keys: "Column") -> "tuple[Numbers, Numbers]":
    """Tie the firms: rings of one zone and sector, some of the ties rewired to anywhere.

    Source: Watts and Strogatz, Collective dynamics of small-world networks,
    1998.
    """
    import numpy as np  # noqa: PLC0415 - as above

    place = lots.below(len(firms.zones), "zone", keys)
    sector = lots.pick((one.weight for one in firms.sectors), "sector", keys)
    group = place * len(firms.sectors) + sector
    around = np.lexsort((keys, lots.words("ring", keys), group))
    starts = np.flatnonzero(np.r_[True, np.diff(group[around]) != 0])
    sizes = np.diff(np.r_[starts, firms.count])
    start, size = np.repeat(starts, sizes), np.repeat(sizes, sizes)
    rank = np.arange(firms.count) - start
    one, other = [], []
    for step in range(1, growth.neighbours // 2 + 1):
        near = around[start + (rank + step) % size]
        far = lots.below(firms.count, f"far {step}", keys[around])
        rewired = lots.below(100, f"rewired {step}", keys[around]) < growth.rewired_percent
        tied = np.where(rewired, far, near)
        real = tied != around
        one.append(around[real])
        other.append(tied[real])
    return np.concatenate(one), np.concatenate(other)
