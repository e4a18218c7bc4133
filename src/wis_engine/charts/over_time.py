"""What becomes of a community as time goes by: coverage, growth, money left."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from wis_engine.charts.columns import Columns, Rows, read
from wis_engine.charts.looks import INK, PERCENT, Look, dated, labels, legend, looks, numbered, prepared, wording
from wis_engine.errors import Malformed
from wis_engine.words import LANGUAGES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NEEDS_MIN: Final = 40
"""Before so many needs a share served is noise."""
_LOW, _MIDDLE, _HIGH = 0.1, 0.5, 0.9
_CENTS: Final = 100
_MARKED_MAX: Final = 60
"""Of more points in a line, none is marked."""

Course = Mapping[int, float]
"""A value by day."""


def coverage(
    columns: Columns, *, of: str = "served", axes: "Axes | None" = None, language: str = LANGUAGES[0]
) -> "Axes":
    """Draw which share of the needs so far was served: median and 10-90 % band over the seeds.

    Months before every seed has 40 needs are left out: there the band is noise.

    Parameters
    ----------
    columns
        `month_day`, `needs` and the column of `of`, each counted from the
        beginning, as the measure `months` has them; `strategy` and `seed` where
        there are several.
    of
        What share: «served» or «promised», «together», «unmet».

    Raises
    ------
    Malformed
        A column is missing or no numbers, or no strategy ever has 40 needs.
    """
    words = wording(language)
    rows = read(columns, ("needs", of), days=("month_day",), either=("strategy", "seed"))
    runs = {name: [_share(part, of) for _, part in mine.by("seed")] for name, mine in rows.by("strategy")}
    drawn = {name: mine for name, mine in runs.items() if set.intersection(*map(set, mine))}
    if not drawn:
        raise Malformed(f"coverage: fewer than {NEEDS_MIN} needs were declared, a share of them says nothing yet")
    said = words.code("of", of)
    axes = prepared(axes, words("coverage.title"), words("coverage.across"), words("coverage.up", of=said))
    for name, look in looks(list(drawn)).items():
        _band(axes, drawn[name], look, words.code("strategy", name))
    axes.set_ylim(0, PERCENT)
    numbered(axes.yaxis, words, "%")
    dated(axes.xaxis, rows["month_day"])
    legend(axes, loc="best")
    return axes


def _share(rows: Rows, of: str) -> Course:
    """Give per cent of the needs so far, from the month on in which there are enough."""
    told = zip(rows["month_day"], rows["needs"], rows[of], strict=True)
    return {day: PERCENT * part / needs for day, needs, part in told if needs >= NEEDS_MIN}


def growth(
    columns: Columns,
    *,
    kinds: Sequence[str] = ("firms", "suppliers"),
    axes: "Axes | None" = None,
    language: str = LANGUAGES[0],
) -> "Axes":
    """Draw how many there are of each kind: median and 10-90 % band over the seeds.

    Parameters
    ----------
    columns
        `month_day` and a column for each kind, as the measure `growth` has
        them; `seed` where there are several.

    Raises
    ------
    Malformed
        A column is missing or no numbers.
    """
    words = wording(language)
    if not kinds:
        raise Malformed("growth: no kind to draw")
    rows = read(columns, kinds, days=("month_day",), either=("seed",))
    axes = prepared(axes, *labels(words, "growth"))
    for name, look in looks(kinds).items():
        runs = [dict(zip(part["month_day"], part[name], strict=True)) for _, part in rows.by("seed")]
        _band(axes, runs, look, words.code("kind", name))
    axes.set_ylim(bottom=0)
    numbered(axes.yaxis, words)
    dated(axes.xaxis, rows["month_day"])
    legend(axes, loc="best")
    return axes


def burn_down(columns: Columns, *, axes: "Axes | None" = None, language: str = LANGUAGES[0]) -> "Axes":
    """Draw what is left of each fund, with the zero line; the legend says on which day one is empty.

    Parameters
    ----------
    columns
        `day` and `left_cents`, a row for each day on which something moved, as
        the measure `budget` has them; `action` and `seed` where there are several.

    Raises
    ------
    Malformed
        A column is missing or no numbers.
    """
    words = wording(language)
    rows = read(columns, ("left_cents",), days=("day",), either=("action", "seed"))
    first, last = min(rows["day"]), max(rows["day"])
    axes = prepared(axes, *labels(words, "burn_down"))
    funds = dict(sorted(rows.by("action")))
    for name, look in looks(list(funds)).items():
        moves = [dict(zip(part["day"], part["left_cents"], strict=True)) for _, part in funds[name].by("seed")]
        runs = [_standing(one, range(first, last + 1)) for one in moves]
        spent = next((day for day, (_, left, _) in _quantiles(runs).items() if left <= 0), None)
        said = words("burn_down.lasts") if spent is None else words("burn_down.empty", day=words.number(spent - first))
        _band(axes, runs, look, f"{name}: {said}" if name else said)
    axes.axhline(0, color=INK, linewidth=1)
    numbered(axes.yaxis, words)
    dated(axes.xaxis, rows["day"])
    legend(axes, loc="best")
    return axes


def _standing(moves: Course, days: Iterable[int]) -> Course:
    """Say what is left at the end of every day from the first move on, in euro."""
    found, left = {}, None
    for day in days:
        left = moves.get(day, left)
        if left is not None:
            found[day] = left / _CENTS
    return found


def _quantiles(runs: Sequence[Course]) -> dict[int, tuple[float, float, float]]:
    """Of the days that every run has: a low value, the median, a high one."""
    import numpy as np  # noqa: PLC0415 - not paid by who draws nothing

    days = sorted(set.intersection(*(set(run) for run in runs)))
    levels = (_LOW, _MIDDLE, _HIGH)
    low, middle, high = np.quantile([[run[day] for day in days] for run in runs], levels, axis=0).tolist()
    return {day: values for day, *values in zip(days, low, middle, high, strict=True)}  # type: ignore[misc]  # three each


def _band(axes: "Axes", runs: Sequence[Course], look: Look, name: str) -> None:
    """Draw the median of some runs, and where most of them lie."""
    found = _quantiles(runs)
    days = list(found)
    low, middle, high = ([values[place] for values in found.values()] for place in range(3))
    mark = look.marker if len(days) <= _MARKED_MAX else ""
    axes.plot(
        days, middle, color=look.colour, linestyle=look.line, marker=mark, markersize=4, linewidth=1.9, label=name
    )
    if len(runs) > 1:
        axes.fill_between(days, low, high, color=look.colour, alpha=0.16, linewidth=0)
        for edge in (low, high):
            axes.plot(days, edge, color=look.colour, linestyle=look.line, linewidth=0.6, alpha=0.8)
