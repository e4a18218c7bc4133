"""Counts that are too small to show: beside a service, a reason or a place they could name somebody.

A number that is left out must not come back as what the shown ones lack of
their sum. So where the small ones are fewer than `least` in all, the next
larger one is left out with them.
"""

from collections.abc import Iterable

from wis_engine.report.markup import Page


def shown_from(counts: Iterable[int], least: int) -> int:
    """Say from which count on the counts of one sum may be shown; 0 always is."""
    hidden = last = 0
    for count in sorted(count for count in counts if count):
        # Two of one size are told apart by nothing: both are shown, or none.
        if count >= least and count != last and not 0 < hidden < least:
            return count
        hidden, last = hidden + count, count
    return last + 1


def told(page: Page, count: int, counts: Iterable[int], least: int) -> str:
    """Write one of the counts of a sum; a small one only as small, but for the desk."""
    if page.detail or not count or count >= shown_from(counts, least):
        return page.words.number(count)
    return page.words("word.few", k=least) if count < least else page.words("word.unshown")
