"""The summary as one page: self-contained, without scripts, good on a phone, in print and in grey."""

from functools import cache
from html import escape
from importlib import resources
from typing import Final

from wis_engine.report.draw_desk import desk
from wis_engine.report.draw_figures import figures, targets
from wis_engine.report.draw_growth import growth
from wis_engine.report.draw_handed import handed
from wis_engine.report.draw_map import territory_map
from wis_engine.report.draw_money import money, vouchers
from wis_engine.report.draw_needs import needs, plans, pools
from wis_engine.report.markup import Page, paragraph
from wis_engine.report.summary import Summary
from wis_engine.report.words import words
from wis_engine.words import LANGUAGES

PAGE_BEGINS: Final = '<!DOCTYPE html>\n<html lang="'
PAGE_HOLDS: Final = '<meta name="generator" content="wis_engine '
"""How every page begins, and what its second line holds: who writes a page knows an earlier one by them."""

SIMULATED_PAGE: Final = '<meta name="generator" content="wis_engine demo">'
"""Stands in the head of a page on a simulated community: who finds such a page may replace it."""

_CONTENTS: Final = ("indicators", "budget", "vouchers", "pools", "needs", "map", "handed", "growth", "plans")
_TITLES: Final = {"indicators": "figures.title", "budget": "money.title"}


def page(summary: Summary, *, language: str = LANGUAGES[0], detail: bool = False) -> str:
    """Draw a summary as one HTML page; everything that comes from data is escaped.

    Parameters
    ----------
    language
        «it» or «en».
    detail
        Also tell of single households and needs, for the desk; without it
        there are totals only, for a funder.

    Raises
    ------
    Malformed
        There is no report in this language.
    """
    drawn = Page(summary=summary, words=words(language), detail=detail)
    body = [
        *_header(drawn),
        *(part(drawn) for part in (figures, money, vouchers, pools, needs, territory_map, handed, growth, plans)),
    ]
    body += [desk(drawn)] if detail else []
    title = summary.title + (f" ({drawn.words('word.simulated')})" if summary.simulated else "")
    return (
        f'{PAGE_BEGINS}{language}"><head><meta charset="utf-8">{PAGE_HOLDS}{_version()}">\n'
        + (f"{SIMULATED_PAGE}\n" if summary.simulated else "")
        + '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{_style()}</style>\n</head>\n<body>\n"
        + "\n".join([*body, _foot(drawn)])
        + "\n</body>\n</html>\n"
    )


def _header(drawn: Page) -> list[str]:
    summary, tell = drawn.summary, drawn.words
    listed = (*_CONTENTS, "desk") if drawn.detail else _CONTENTS
    links = "".join(
        f'<li><a href="#{name}">{escape(tell(_TITLES.get(name, f"{name}.title")))}</a></li>' for name in listed
    )
    read = tell("head.read", position=tell.number(summary.position))
    header = [
        f"<h1>{escape(summary.title)}{drawn.mark}</h1>",
        paragraph(f"{_capital(tell.during(summary.period))}. {read}", "quiet"),
        paragraph(tell("head.desk"), "desk") if drawn.detail else paragraph(tell("head.funder")),
    ]
    header += [paragraph(tell("head.notice"))] if summary.simulated else []
    header.append(f'<nav aria-label="{escape(tell("head.contents"))}"><ul>{links}</ul></nav>')
    if any(one.target is not None for one in summary.figures):
        header += [f"<h2>{escape(tell('head.figures'))}{drawn.mark}</h2>", targets(drawn)]
    return header


def _capital(said: str) -> str:
    return said[:1].upper() + said[1:]


def _foot(drawn: Page) -> str:
    said = drawn.words("foot.made", generator=f"wis_engine {_version()}", digest=drawn.summary.digest)
    return f'<footer class="quiet">{paragraph(said)}</footer>'


@cache
def _style() -> str:
    return resources.files("wis_engine").joinpath("data/report.css").read_text(encoding="utf-8")


@cache
def _version() -> str:
    from importlib import metadata  # noqa: PLC0415 - brings the whole of email, for those who draw a page only

    return metadata.version("wis_engine")
