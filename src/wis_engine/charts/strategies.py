"""How strategies differ: one measure seed by seed, along a quantity, two measures against each other."""

from collections.abc import Mapping
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from wis_engine.charts.columns import Columns, read
from wis_engine.charts.looks import FAINT, INK, Look, figure, legend, looks, numbered, prepared, wording
from wis_engine.charts.units import title_of, unit_of
from wis_engine.errors import Malformed
from wis_engine.words import LANGUAGES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

_BOX_WIDTH: Final = 0.36
_BESIDE: Final = 1.03
"""From one series to the middle between it and the next, as a ratio."""


def paired(
    columns: Columns, measure: str = "saving_ppm", *, axes: "Axes | None" = None, language: str = LANGUAGES[0]
) -> "Axes":
    """Draw one measure of several strategies: a box for each, and a line for each seed, which met the same needs.

    The lines are the message: where all of them go up, a strategy is better
    whatever the luck, however much the boxes overlap.

    Parameters
    ----------
    columns
        `strategy`, `seed` and the measure, a row for each run, as an ensemble gives them.
    measure
        The name of its column.

    Raises
    ------
    Malformed
        A column is missing or no numbers; a seed was run twice with a
        strategy; or there are no seeds that ran with every strategy.
    """
    words = wording(language)
    rows = read(columns, (measure,), names=("strategy", "seed"))
    runs: dict[str, dict[str, float]] = {}
    for strategy, seed, value in zip(rows["strategy"], rows["seed"], rows[measure], strict=True):
        if seed in runs.setdefault(strategy, {}):
            raise Malformed(f"paired: seed {seed} stands twice with strategy {strategy!r}")
        runs[strategy][seed] = value
    seeds = sorted(set.intersection(*(set(mine) for mine in runs.values())))
    if not seeds:
        raise Malformed("paired: no seed ran with every strategy")
    title = words("paired.title", measure=title_of(measure, language))
    axes = prepared(axes, title, words("paired.across", n=words.number(len(seeds))))
    unit = unit_of(measure)
    places = range(1, len(runs) + 1)
    for seed in seeds:
        values = [unit.shown(mine[seed]) for mine in runs.values()]
        axes.plot(places, values, color="#5d6b76", linewidth=0.8, alpha=0.75, marker="o", markersize=3, zorder=2)
    _boxes(axes, [[unit.shown(mine[seed]) for seed in seeds] for mine in runs.values()])
    axes.set_xticks(places, [words.code("strategy", name) for name in looks(list(runs))])
    axes.set_xlim(0.5, len(runs) + 0.5)
    axes.grid(visible=False, axis="x")
    _measured(axes.yaxis, measure, language)
    return axes


def _boxes(axes: "Axes", found: list[list[float]]) -> None:
    how: dict[str, Any] = {"color": INK, "linewidth": 1.3}
    axes.boxplot(
        found,
        widths=_BOX_WIDTH,
        whis=(10, 90),
        showfliers=False,
        patch_artist=True,
        boxprops={"facecolor": FAINT, "alpha": 0.55, "edgecolor": INK},
        medianprops=how | {"linewidth": 2.4},
        whiskerprops=how,
        capprops=how,
        zorder=1,
    )


def along(
    columns: Columns,
    across: str,
    measure: str = "saving_ppm",
    *,
    axes: "Axes | None" = None,
    language: str = LANGUAGES[0],
) -> "Axes":
    """Draw one measure of several strategies along what was varied: the median of the runs, and 10-90 % as bars.

    The quantity is drawn in equal ratios: from 3 to 30 is as far as from 30 to
    300. Strategies stand a little beside each other, so that no bar hides another.

    Parameters
    ----------
    columns
        The quantity, above zero, `strategy` and the measure, a row for each run.

    Raises
    ------
    Malformed
        A column is missing or no numbers, or the quantity is not above zero.
    """
    words = wording(language)
    rows = read(columns, (across, measure), names=("strategy",))
    if min(rows[across]) <= 0:
        raise Malformed(f"along: {across} is not above zero")
    axes = prepared(axes, words("along.title", measure=title_of(measure, language), across=words.code("kind", across)))
    strategies = dict(rows.by("strategy"))
    for number, (name, look) in enumerate(looks(list(strategies)).items()):
        beside = _BESIDE ** (2 * number - len(strategies) + 1)
        found: dict[float, list[float]] = {}
        for place, value in zip(strategies[name][across], strategies[name][measure], strict=True):
            found.setdefault(place, []).append(unit_of(measure).shown(value))
        _bars(axes, {place * beside: found[place] for place in sorted(found)}, look, words.code("strategy", name))
    axes.set_xscale("log")
    places = sorted(set(rows[across]))
    axes.set_xticks(places, [figure(words, place) for place in places])
    axes.minorticks_off()
    axes.set_xlabel(words.code("kind", across))
    _measured(axes.yaxis, measure, language)
    legend(axes, loc="best")
    return axes


def _bars(axes: "Axes", found: Mapping[float, list[float]], look: Look, name: str) -> None:
    """Draw the median at each place, and where most of the runs lie."""
    import numpy as np  # noqa: PLC0415 - not paid by who draws nothing

    low, middle, high = np.array([np.quantile(values, (0.1, 0.5, 0.9)) for values in found.values()]).T
    bars = [middle - low, high - middle]
    axes.errorbar(list(found), middle, bars, color=look.colour, capsize=3, elinewidth=1, linestyle="")
    line = axes.plot(list(found), middle, color=look.colour, linestyle=look.line, linewidth=1.9, label=name)[0]
    line.set(marker=look.marker, markersize=6)


def frontier(
    columns: Columns,
    across: str = "wait_days_median",
    up: str = "saving_ppm",
    *,
    axes: "Axes | None" = None,
    language: str = LANGUAGES[0],
) -> "Axes":
    """Draw two measures of several strategies against each other: a cloud of seeds, and its middle.

    Parameters
    ----------
    columns
        `strategy`, and the two measures, a row for each run, as an ensemble gives them.
    across, up
        The names of their columns.

    Raises
    ------
    Malformed
        A column is missing or no numbers.
    """
    words = wording(language)
    rows = read(columns, (across, up), names=("strategy",))
    axes = prepared(axes, words("frontier.title"))
    strategies = dict(rows.by("strategy"))
    for name, look in looks(list(strategies)).items():
        xs = [unit_of(across).shown(value) for value in strategies[name][across]]
        ys = [unit_of(up).shown(value) for value in strategies[name][up]]
        axes.scatter(
            xs, ys, s=22, marker=look.marker, facecolors="none", edgecolors=look.colour, linewidths=1, alpha=0.7
        )
        middle = median(xs), median(ys)
        axes.scatter(
            [middle[0]],
            [middle[1]],
            s=110,
            marker=look.marker,
            color=look.colour,
            edgecolors="white",
            zorder=3,
            label=words.code("strategy", name),
        )
    _measured(axes.xaxis, across, language)
    _measured(axes.yaxis, up, language)
    legend(axes, loc="best", title=words("frontier.legend"), title_fontsize=9)
    return axes


def _measured(axis: "Axis", measure: str, language: str) -> None:
    """Name an axis after a measure, and write its numbers in its unit."""
    unit = unit_of(measure)
    word = unit.word(language)
    axis.set_label_text(title_of(measure, language) + (f" ({word})" if word else ""))
    numbered(axis, wording(language), unit.sign)
