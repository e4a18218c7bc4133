"""How many there are of each pair: what stands in place of a network that is no longer small."""

from collections import Counter
from typing import TYPE_CHECKING, Final

from wis_engine.charts.columns import Columns, read
from wis_engine.charts.looks import FAINT, INK, prepared, wording
from wis_engine.errors import Malformed
from wis_engine.words import LANGUAGES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAMES_MAX: Final = 100
"""So many names stand along one side."""


def adjacency(
    columns: Columns, of: str = "nil", to: str = "supplier", *, axes: "Axes | None" = None, language: str = LANGUAGES[0]
) -> "Axes":
    """Draw how many rows have each pair of two things, darker for more: what stands in place of a large network.

    Parameters
    ----------
    columns
        Two columns of names, a row for each link, need, or whatever is counted.
    of, to
        The columns: down and across. Rows without one of the names are left out.

    Raises
    ------
    Malformed
        A column is missing, no row has both names, or there are more than a hundred names.
    """
    words = wording(language)
    rows = read(columns, names=(of, to))
    counts = Counter(pair for pair in zip(rows[of], rows[to], strict=True) if all(pair))
    down, across = (sorted({pair[side] for pair in counts}, key=_numbered) for side in (0, 1))
    if not counts or max(len(down), len(across)) > NAMES_MAX:
        raise Malformed(f"adjacency: {len(down)} and {len(across)} names; from 1 to {NAMES_MAX} can be drawn")
    title = words("adjacency.title", of=words.code("by", of), to=words.code("by", to))
    axes = prepared(axes, title, words.code("by", to), words.code("by", of), high=1.6 + 0.2 * len(down))
    most = max(counts.values())
    axes.imshow(
        [[counts[row, column] for column in across] for row in down], aspect="auto", cmap="Greens", vmin=0, vmax=most
    )
    axes.set_xticks(range(len(across)), across, rotation=90, fontsize=8)
    axes.set_yticks(range(len(down)), down, fontsize=8)
    axes.grid(visible=False)
    for (row, column), count in sorted(counts.items()):
        colour = "white" if 2 * count > most else INK
        place = across.index(column), down.index(row)
        axes.text(*place, words.number(count), ha="center", va="center", fontsize=7, color=colour)
    for edge in range(1, len(down)):
        axes.axhline(edge - 0.5, color=FAINT, linewidth=0.4)
    return axes


def _numbered(name: str) -> tuple[int, str]:
    """Sort numbers as numbers, before names."""
    return (int(name), "") if name.isdecimal() else (2**63, name)
