"""The indicators on a page: the targets first, then every figure with what it counts and its other readings."""

from html import escape
from typing import Final

from wis_engine.report import few
from wis_engine.report.markup import Cell, Html, Page, heading, lines, paragraph, table
from wis_engine.values import Period
from wis_engine.views.figures import DEFINITIONS, Indicator, Variant
from wis_engine.views.view import Row
from wis_engine.words import Words

SMALL: Final = 5
"""A smaller count of needs or households beside a service, a reason or a part of the city could name one."""
_NAMING: Final = frozenset(("municipio", "reason"))
_WHOLE_PERCENT: Final = 100
_REPORTS_MAX: Final = 6
"""Of more monitoring reports, the last ones are told."""


def targets(page: Page) -> str:
    """Draw a box for each figure that has a target."""
    words = page.words
    boxes = []
    for one in page.summary.figures:
        if one.target is None:
            continue
        reached = "head.reached" if one.value >= one.target else "head.missed"
        share = min(_WHOLE_PERCENT, one.value * _WHOLE_PERCENT // one.target) if one.target else _WHOLE_PERCENT
        said = words(reached, value=words.number(one.value), target=words.number(one.target))
        boxes.append(
            f'<div class="figure"><span class="id">{one.id}</span> {escape(title(page, one))}'
            f"<b>{words.number(one.value)}</b><i aria-hidden=true><u style=width:{share}%></u></i>{escape(said)}</div>"
        )
    return f'<div class="figures">{"".join(boxes)}</div>'


def title(page: Page, one: Indicator) -> str:
    """Name an indicator: in Italian as the card does."""
    return DEFINITIONS[one.id].title_it if page.words.language == "it" else one.title


def figures(page: Page) -> str:
    """Draw every indicator, by phase of the card, the derived ones last."""
    summary, words = page.summary, page.words
    body = [paragraph(words("figures.note", position=words.number(summary.position)), "quiet")]
    phases = dict.fromkeys(one.phase for one in summary.figures)
    for phase in phases:
        name = words(f"phase.{phase or 0}")
        body += [heading(name), _phase(page, [one for one in summary.figures if one.phase == phase])]
    body.append(paragraph(words("figures.why", id="I4.2e"), "quiet"))
    if summary.reported:
        body.append(heading(words("figures.reported")))
        body += [paragraph(words("figures.reported_note"), "quiet"), _reported(page)]
    return page.section("indicators", "figures.title", *body)


def _phase(page: Page, found: list[Indicator]) -> str:
    words = page.words
    head = ("indicator", "value", "target", "counts", "readings")
    rows = [
        (
            Html(f'{escape(title(page, one))} <span class="id">{one.id}</span>'),
            words.measure(one.value, one.unit),
            words("word.no_target") if one.target is None else words.number(one.target),
            Html(_counts(page, one)),
            Html(_readings(page, one)),
        )
        for one in found
    ]
    caption = words("figures.caption", during=words.during(page.summary.period))
    return table(caption, [words(f"figures.{key}") for key in head], rows, numbers=[1, 2], longer=[3, 4], kind="told")


def _counts(page: Page, one: Indicator) -> str:
    words = page.words
    said = [words(f"counts.{one.id}"), words("figures.scope", scope=words.code("scope", one.scope))]
    held, whole = page.summary.boards
    if one.id == "I2.1" and whole:
        said.append(words("figures.boards", held=held, whole=whole))
    return escape(" ".join(said))


def _readings(page: Page, one: Indicator) -> str:
    """List other readings of a figure, then its parts by what they are parts by."""
    words = page.words
    told = [
        f"{words.code('reading', part.name)}: {words.measure(part.value, part.unit)}"
        for part in one.variants
        if not part.split
    ]
    told += _mean(page, one)
    for split in dict.fromkeys(part.split for part in one.variants if part.split):
        parts = [part for part in one.variants if part.split == split]
        said = [f"{_named(page, part)} {_value(page, part, parts)}" for part in parts]
        told.append(f"{words.code('split', split)}: {', '.join(said)}")
    return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in told)}</ul>" if told else "–"


def _named(page: Page, part: Variant) -> str:
    return page.words.code("part", part.name)


def _value(page: Page, part: Variant, parts: list[Variant]) -> str:
    """Write the value of a part; where few needs are counted at one place, only that they are few."""
    if part.split in _NAMING:
        said = few.told(page, part.value, [one.value for one in parts], SMALL)
        return said if said == page.words.number(part.value) else f"({said})"
    if part.unit in ("cents", "minutes"):
        return page.words.measure(part.value, part.unit)
    return page.words.number(part.value)


def _mean(page: Page, one: Indicator) -> list[str]:
    """Say what a sum of points is for one answer."""
    answers = one.variant("answers").value
    if one.unit != "points" or not answers:
        return []
    hundredths = abs(one.value) * _WHOLE_PERCENT // answers * (-1 if one.value < 0 else 1)
    return [page.words("figures.mean", mean=page.words.decimal(hundredths))]


def _reported(page: Page) -> str:
    """Put what every monitoring report said of an indicator into a row, and what is known by now where that differs."""
    words = page.words
    periods = {str(row["report"]): Period.parse(str(row["period"])) for row in page.summary.reported}
    reports = list(periods)[-_REPORTS_MAX:]
    told = {(row["report"], row["indicator"]): row for row in page.summary.reported}
    said = {str(name) for report, name in told if report in reports}
    named = [*(name for name in DEFINITIONS if name in said), *sorted(said.difference(DEFINITIONS))]
    rows = [[name, *(_said(words, told.get((report, name))) for report in reports)] for name in named]
    head = [
        words("figures.indicator"),
        *(words("figures.report", report=report, during=words.during(periods[report])) for report in reports),
    ]
    return table(words("figures.reported_caption"), head, rows, numbers=range(1, len(head)), cards=True)


def _said(words: Words, row: Row | None) -> Cell:
    if row is None:
        return "–"
    definition = DEFINITIONS.get(str(row["indicator"]))
    values = [value for value in (row["reported"], row["known"]) if isinstance(value, int)]
    shown = [words.measure(value, definition.unit) if definition else words.number(value) for value in values]
    return shown[0] if len(set(shown)) == 1 else lines([shown[0], words("figures.known", known=shown[-1])])
