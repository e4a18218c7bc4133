"""How pictures look: axes, lines that differ in grey as well, numbers as a language writes them."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from wis_engine.errors import Malformed
from wis_engine.words import LANGUAGES, Words, words_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

INK: Final = "#1b2430"
FAINT: Final = "#cdd5db"
PERCENT: Final = 100
_MONTHS_DAYS: Final = 70
"""Over a longer time the axis counts months, over a shorter one days."""


class Look(NamedTuple):
    """How one series is drawn: no two share their line, nor their marker, whatever becomes of the colour."""

    colour: str
    line: Any
    marker: str


LOOKS: Final = (
    Look("#14544f", "-", "o"),
    Look("#b4541a", (0, (5, 2)), "s"),
    Look("#3b5b92", (0, (6, 1.5, 1, 1.5)), "^"),
    Look("#7a6a1f", (0, (1, 1.2)), "D"),
    Look("#8c4b86", (0, (9, 2)), "v"),
    Look("#5d6b76", (0, (3, 1, 1, 1, 1, 1)), "P"),
    Look("#2f8f83", (0, (2, 4)), "X"),
    Look("#1b2430", (0, (12, 3, 2, 3)), "*"),
)


def looks(names: Sequence[str]) -> dict[str, Look]:
    """Give every series its look.

    Raises
    ------
    Malformed
        There are more than can be told apart.
    """
    if len(names) > len(LOOKS):
        raise Malformed(f"{len(names)} series: at most {len(LOOKS)} can be told apart; choose among them")
    return dict(zip(names, LOOKS, strict=False))


def wording(language: str = LANGUAGES[0]) -> Words:
    """Bring the words of the pictures in a language.

    Raises
    ------
    Malformed
        There are none in this language.
    """
    return words_of("charts.toml", language)


def labels(words: Words, name: str) -> tuple[str, str, str]:
    """Bring the title of a picture and the labels of both its sides."""
    return words(f"{name}.title"), words(f"{name}.across"), words(f"{name}.up")


def prepared(
    axes: "Axes | None", title: str, across: str = "", up: str = "", *, wide: float = 7.0, high: float = 4.2
) -> "Axes":
    """Take the axes that are given, or make some; with a title and the labels of both sides.

    Axes that are made belong to a figure of their own, which no window shows:
    `axes.figure.savefig(...)` writes it.

    Raises
    ------
    Malformed
        matplotlib is not installed, or what is given are no axes.
    """
    try:
        from matplotlib.axes import Axes  # noqa: PLC0415 - an extra, and only for who draws
        from matplotlib.figure import Figure  # noqa: PLC0415 - same
    except ImportError:
        raise Malformed("matplotlib is not installed: it comes with the extra «viz»") from None
    if axes is None:
        axes = Figure(figsize=(wide, high), dpi=120, layout="constrained").subplots()
    if not isinstance(axes, Axes):
        raise Malformed("axes: none of matplotlib's")
    axes.set_title(title, loc="left", fontsize=11, fontweight="bold", color=INK)
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color=FAINT, linewidth=0.6)
    axes.set_axisbelow(True)
    return axes


def numbered(axis: "Axis", words: Words, sign: str = "") -> None:
    """Let a language write the numbers of an axis, with a sign after each («%»)."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator  # noqa: PLC0415 - an extra, and only for who draws

    after = f"\N{NO-BREAK SPACE}{sign}" if sign else ""
    axis.set_major_locator(MaxNLocator(nbins=8, steps=[1, 2, 5, 10]))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{figure(words, value)}{after}"))


def figure(words: Words, value: float) -> str:
    """Write a number with as many decimals as it needs, two at most: «1.234», «0,5»."""
    hundredths = round(value * PERCENT)
    if hundredths % PERCENT == 0:
        return words.number(hundredths // PERCENT)
    told = words.decimal(hundredths)
    return told[:-1] if hundredths % 10 == 0 else told


def dated(axis: "Axis", days: Iterable[int]) -> None:
    """Write days, counted from 1 January 1970, as months of years, or as days of months over a short time."""
    from matplotlib.dates import AutoDateLocator, DateFormatter  # noqa: PLC0415 - an extra, and only for who draws

    found = sorted(days)
    axis.set_major_locator(AutoDateLocator(minticks=3, maxticks=9))  # type: ignore[no-untyped-call]  # matplotlib does not say
    form = "%m/%y" if found[-1] - found[0] > _MONTHS_DAYS else "%d/%m"
    axis.set_major_formatter(DateFormatter(form))  # type: ignore[no-untyped-call]  # same


def legend(axes: "Axes", **where: Any) -> None:  # noqa: ANN401 - what matplotlib takes
    """Draw a legend, if there is anything to tell apart."""
    if any(axes.get_legend_handles_labels()[1]):
        axes.legend(frameon=True, framealpha=0.9, edgecolor="none", fontsize=9, handlelength=3.2, **where)
