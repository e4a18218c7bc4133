"""Reading pictures back: their legends, and the months of the columns that they are drawn from."""

import datetime as dt

MONTHS = [dt.date(2025, 9, 1), dt.date(2025, 10, 1), dt.date(2025, 11, 1)]


def legend(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]
