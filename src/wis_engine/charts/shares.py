"""How something is spread: pool sizes over needs, waiting over needs, benefit over households."""

from collections.abc import Mapping
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from wis_engine.charts.columns import Columns, Rows, read
from wis_engine.charts.looks import INK, PERCENT, figure, labels, legend, looks, numbered, prepared, wording
from wis_engine.errors import Malformed
from wis_engine.words import LANGUAGES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_PPM_A_PERCENT: Final = 10_000
_MILLION: Final = 1_000_000
_HALF_PPM: Final = 500_000


def pool_sizes(columns: Columns, *, axes: "Axes | None" = None, language: str = LANGUAGES[0]) -> "Axes":
    """Draw in a pool of which size a need is served: a step histogram, counted by need and not by pool.

    Parameters
    ----------
    columns
        `pool_size` and `needs`, as the measure of that name has them;
        `strategy` where there are several, rows of several seeds are added up.

    Raises
    ------
    Malformed
        A column is missing or no numbers, a size is below 1, or no strategy served anybody.
    """
    words = wording(language)
    rows = read(columns, ("pool_size", "needs"), either=("strategy",))
    if min(rows["pool_size"]) < 1 or min(rows["needs"]) < 0:
        raise Malformed("pool_sizes: a size below 1, or fewer needs than none")
    most = max(rows["pool_size"])
    counts = {name: _counted(mine, most) for name, mine in rows.by("strategy")}
    drawn = {name: needs for name, needs in counts.items() if sum(needs)}
    if not drawn:
        raise Malformed("pool_sizes: no need is in a pool")
    axes = prepared(axes, *labels(words, "pool_sizes"))
    edges = [size + 0.5 for size in range(most + 1)]
    for name, look in looks(list(drawn)).items():
        needs = drawn[name]
        heights = [PERCENT * count / sum(needs) for count in needs]
        told = words.code("strategy", name)
        axes.stairs(heights, edges, color=look.colour, linestyle=look.line, linewidth=1.9, label=told)
        axes.plot(range(1, most + 1), heights, color=look.colour, linestyle="", marker=look.marker, markersize=5)
    axes.set_ylim(bottom=0)
    numbered(axes.xaxis, words)
    numbered(axes.yaxis, words, "%")
    legend(axes, loc="upper right")
    return axes


def _counted(rows: Rows, most: int) -> list[int]:
    """Count the needs of each size from 1 on."""
    needs = [0] * most
    for size, count in zip(rows["pool_size"], rows["needs"], strict=True):
        needs[size - 1] += count
    return needs


def waiting(columns: Columns, *, axes: "Axes | None" = None, language: str = LANGUAGES[0]) -> "Axes":
    """Draw within how many days of being declared needs were served: the share that waited so long or shorter.

    Parameters
    ----------
    columns
        `wait_days` and `served_ppm`, rising, as the measure of that name has
        them; `strategy` and `seed` where there are several. The legend says
        the median; of several seeds a thin line is drawn for each.

    Raises
    ------
    Malformed
        A column is missing or no numbers.
    """
    words = wording(language)
    rows = read(columns, ("wait_days", "served_ppm"), either=("strategy", "seed"))
    axes = prepared(axes, *labels(words, "waiting"))
    strategies = dict(rows.by("strategy"))
    for name, look in looks(list(strategies)).items():
        runs = [_rising(part) for _, part in strategies[name].by("seed")]
        middle = median(next(day for day, share in run.items() if share >= _HALF_PPM) for run in runs)
        said = words("waiting.median", days=figure(words, middle))
        label = words.code("strategy", name)
        for place, run in enumerate(runs):
            heights = [share / _PPM_A_PERCENT for share in run.values()]
            told = (f"{label}: {said}" if label else said) if place == 0 else None
            thin: dict[str, Any] = (
                {"linewidth": 1.9} if place == 0 and len(runs) == 1 else {"linewidth": 0.9, "alpha": 0.8}
            )
            axes.step(list(run), heights, where="post", color=look.colour, linestyle=look.line, label=told, **thin)
    axes.set_ylim(0, PERCENT + 1)
    axes.set_xlim(left=0)
    numbered(axes.xaxis, words)
    numbered(axes.yaxis, words, "%")
    legend(axes, loc="lower right")
    return axes


def _rising(rows: Rows) -> Mapping[int, int]:
    """Give the share served by day, from nobody to all of them."""
    run = dict(sorted(zip(rows["wait_days"], rows["served_ppm"], strict=True)))
    shares = list(run.values())
    if shares != sorted(shares) or shares[0] < 0 or shares[-1] != _MILLION:
        raise Malformed("waiting: shares do not rise to a million, or more than one run has no seed of its own")
    return run


def lorenz(columns: Columns, *, series: str = "by", axes: "Axes | None" = None, language: str = LANGUAGES[0]) -> "Axes":
    """Draw how unequally something is spread: the curve of Lorenz, with its Gini coefficient in the legend.

    Parameters
    ----------
    columns
        `groups_ppm` and `amount_ppm`, from 0 and 0 to a million each, as the
        measure of that name has them.
    series
        The column by which curves are told apart: «by», «of», «strategy».

    Raises
    ------
    Malformed
        A column is missing or no numbers, or the rows of a series are no such curve.
    """
    words = wording(language)
    rows = read(columns, ("groups_ppm", "amount_ppm"), names=(series,))
    curves = {name: _curve(part) for name, part in rows.by(series)}
    axes = prepared(axes, *labels(words, "lorenz"), wide=5.2, high=5.0)
    axes.plot([0, PERCENT], [0, PERCENT], color=INK, linewidth=0.8, label=words("lorenz.even"))
    for name, look in looks(list(curves)).items():
        groups, amounts = ([part / _PPM_A_PERCENT for part in side] for side in zip(*curves[name], strict=True))
        hundredths = round(PERCENT * _gini(curves[name]))
        said = words("lorenz.gini", name=words.code(series, name), gini=words.decimal(hundredths))
        axes.plot(groups, amounts, color=look.colour, linestyle=look.line, linewidth=1.9, label=said)
    axes.set_xlim(0, PERCENT)
    axes.set_ylim(0, PERCENT)
    axes.set_aspect("equal")
    numbered(axes.xaxis, words, "%")
    numbered(axes.yaxis, words, "%")
    legend(axes, loc="upper left")
    return axes


def _curve(rows: Rows) -> list[tuple[int, int]]:
    curve = sorted(zip(rows["groups_ppm"], rows["amount_ppm"], strict=True))
    amounts = [amount for _, amount in curve]
    if curve[0] != (0, 0) or curve[-1] != (_MILLION, _MILLION) or amounts != sorted(amounts):
        raise Malformed("lorenz: a curve that does not rise from 0, 0 to a million each")
    return curve


def _gini(curve: list[tuple[int, int]]) -> float:
    """Twice the area between a curve and the straight line."""
    twice = sum((right[0] - left[0]) * (right[1] + left[1]) for left, right in pairwise(curve))
    return 1 - twice / _MILLION**2
