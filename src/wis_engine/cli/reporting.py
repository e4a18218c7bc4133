"""Reporting on a log: figures beside their targets, as text or as a page, and why a figure is what it is."""

import re
from argparse import ArgumentTypeError, Namespace
from pathlib import Path
from typing import Final

from wis_engine.cli.files import require_free, whole_file
from wis_engine.cli.looking import as_known, opened
from wis_engine.community import Community
from wis_engine.errors import Malformed
from wis_engine.report import LANGUAGES, page, sheet, summarise
from wis_engine.report.html import PAGE_BEGINS, PAGE_HOLDS
from wis_engine.values import Period
from wis_engine.views.why import why

_MONTH: Final = re.compile(r"([0-9]{4})(?:-(0[1-9]|1[0-2]))?")
_DECEMBER: Final = 12


def report_log(asked: Namespace) -> int:
    """Write the report of a community, or trace one of its figures to the facts that made it.

    Raises
    ------
    Malformed
        A language was asked for and no page; or the log has nothing to report on.
    """
    out: Path | None = asked.out
    if asked.lang is not None and out is None:
        raise Malformed("--lang is of a page: give --out")
    with opened(asked, "r") as now:
        community = as_known(now, asked.until)
        if asked.why is not None:
            print(_why(community, asked.why, asked.period), end="")
            return 0
        summary = summarise(community, asked.period)
    if out is None:
        print(sheet(summary, detail=asked.detail), end="")
        return 0
    require_free(out, begins=PAGE_BEGINS.encode(), holds=PAGE_HOLDS.encode(), what="report")
    with whole_file(out) as held:
        held.write(page(summary, language=asked.lang or LANGUAGES[0], detail=asked.detail).encode())
    print(f"In {out}: the report at position {summary.position}.")
    return 0


def _why(community: Community, name: str, period: Period | None) -> str:
    network = community.network
    if period is None:
        if not network.projects:
            raise Malformed("no project was planned, and so no period: give --period")
        period = network.projects[min(network.projects)].period
    found = why(name, period, read=community.events, position=network.position, zone=network.zone)
    return "".join(f"{line}\n" for line in found.lines())


def period_of(text: str) -> Period:
    """Read a year, a month, or a first day and the one after the last; what is wrong with it is said by argparse."""
    read = _MONTH.fullmatch(text)
    try:
        if read is None:
            return Period.parse(text)
        year, month = int(read[1]), read[2]
        if month is None:
            return Period.parse(f"{year:04}-01-01/{year + 1:04}-01-01")
        after = (year + 1, 1) if int(month) == _DECEMBER else (year, int(month) + 1)
        return Period.parse(f"{year:04}-{month}-01/{after[0]:04}-{after[1]:02}-01")
    except Malformed:
        raise ArgumentTypeError(f"not 2026, 2026-03 or 2026-03-01/2026-04-01: {text!r}") from None
