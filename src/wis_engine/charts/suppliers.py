"""How much of what suppliers could deliver is used: sorted bars, and week by week."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from wis_engine.charts.columns import Columns, read
from wis_engine.charts.looks import INK, PERCENT, dated, figure, labels, numbered, prepared, wording
from wis_engine.errors import Malformed
from wis_engine.words import LANGUAGES, Words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BARS_MAX: Final = 30
"""Of more suppliers, the least used share one bar."""
_WEEK: Final = 7
_HIGH_A_BAR: Final = 0.24
_HIGH: Final = 1.3

Used = tuple[str, int, int]
"""A supplier, what it delivered, what it could."""


def utilisation(columns: Columns, *, axes: "Axes | None" = None, language: str = LANGUAGES[0]) -> "Axes":
    """Draw which share of its capacity each supplier delivered, the most used first.

    Parameters
    ----------
    columns
        `supplier`, `delivered_minutes` and `capacity_minutes`, as the measure
        `suppliers` has them; rows of one supplier are added up.

    Raises
    ------
    Malformed
        A column is missing or no numbers, or no supplier has any capacity.
    """
    words = wording(language)
    found = _sorted(columns)
    shown, rest = (found, []) if len(found) <= BARS_MAX else (found[: BARS_MAX - 1], found[BARS_MAX - 1 :])
    if rest:
        others = words("utilisation.others", n=words.number(len(rest)))
        shown = [*shown, (others, sum(one[1] for one in rest), sum(one[2] for one in rest))]
    axes = prepared(axes, *labels(words, "utilisation"), high=_HIGH + _HIGH_A_BAR * len(shown))
    shares = [PERCENT * delivered / capacity for _, delivered, capacity in shown]
    bars = axes.barh(range(len(shown)), shares, color="#54958e", edgecolor=INK, linewidth=0.6, height=0.72)
    if rest:
        bars[-1].set(hatch="///", facecolor="#dcebe8")
    axes.bar_label(bars, [f" {figure(words, round(share))}\N{NO-BREAK SPACE}%" for share in shares], fontsize=8)
    axes.set_yticks(range(len(shown)), [name for name, *_ in shown], fontsize=8)
    axes.invert_yaxis()
    axes.margins(y=0.01)
    axes.set_xlim(0, max(PERCENT, *shares) * 1.08)
    axes.grid(visible=False, axis="y")
    numbered(axes.xaxis, words, "%")
    return axes


def weeks(columns: Columns, *, axes: "Axes | None" = None, language: str = LANGUAGES[0]) -> "Axes":
    """Draw which share of its capacity each supplier delivered in each week: darker is more, hatched where it had none.

    Parameters
    ----------
    columns
        `supplier`, `week_day` (the first of a week), `delivered_minutes` and
        `capacity_minutes`, as the measure `weeks` has them.

    Raises
    ------
    Malformed
        A column is missing or no numbers, no supplier has any capacity, or
        there are more than thirty: choose among them.
    """
    words = wording(language)
    rows = read(columns, ("delivered_minutes", "capacity_minutes"), days=("week_day",), names=("supplier",))
    names = [name for name, *_ in _sorted(columns)]
    if len(names) > BARS_MAX:
        raise Malformed(f"weeks: {len(names)} suppliers; at most {BARS_MAX} can be told apart, choose among them")
    first, last = min(rows["week_day"]), max(rows["week_day"])
    shares = [[float("nan")] * ((last - first) // _WEEK + 1) for _ in names]
    told = zip(rows["supplier"], rows["week_day"], rows["delivered_minutes"], rows["capacity_minutes"], strict=True)
    for name, day, delivered, capacity in told:
        if capacity:
            shares[names.index(name)][(day - first) // _WEEK] = PERCENT * delivered / capacity
    axes = prepared(axes, *labels(words, "weeks"), wide=8, high=_HIGH + _HIGH_A_BAR * len(names))
    _cells(axes, shares, first, words)
    axes.set_yticks(range(len(names)), names, fontsize=8)
    dated(axes.xaxis, (first, last))
    return axes


def _cells(axes: "Axes", shares: Sequence[Sequence[float]], first: int, words: Words) -> None:
    """Draw a cell for each supplier and week, and the scale beside them."""
    span = (first - _WEEK / 2, first + _WEEK * (len(shares[0]) - 0.5), len(shares) - 0.5, -0.5)
    drawn = axes.imshow(
        shares, aspect="auto", cmap="Greens", vmin=0, vmax=PERCENT, extent=span, interpolation="nearest"
    )
    axes.grid(visible=False)
    axes.patch.set(hatch="/////", facecolor="#ffffff", edgecolor="#a9b4bd")
    bar = axes.figure.colorbar(drawn, ax=axes, pad=0.01)
    bar.set_label(words("weeks.scale"))
    numbered(bar.ax.yaxis, words, "%")


def _sorted(columns: Columns) -> list[Used]:
    """Add up what each supplier with capacity delivered, the most used first, ties by name."""
    rows = read(columns, ("delivered_minutes", "capacity_minutes"), names=("supplier",))
    found = [
        (name, sum(mine["delivered_minutes"]), sum(mine["capacity_minutes"])) for name, mine in rows.by("supplier")
    ]
    able = [one for one in found if one[2] > 0]
    if not able:
        raise Malformed("no supplier has any capacity")
    return sorted(able, key=lambda one: (-one[1] / one[2], one[0]))
