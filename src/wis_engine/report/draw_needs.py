"""Pools and chains, what became of the needs, and the plans with their proof, on a page."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TypeVar

from wis_engine.facts.matches import PlanLevel
from wis_engine.report import few
from wis_engine.report.draw_figures import SMALL
from wis_engine.report.few import shown_from
from wis_engine.report.markup import Cell, Html, Page, heading, lines, paragraph, table
from wis_engine.report.together import AloneRow, PoolRow, ServedRow, served_rows
from wis_engine.words import Words

T = TypeVar("T")

_PERCENT = 100


def pools(page: Page) -> str:
    """Draw what was served together, by pool or by chain, with what that saved; then what was served alone."""
    summary, words = page.summary, page.words
    told = words(
        "pools.told",
        plans=words.number(len(summary.plans)),
        pools=words.number(len(summary.pools)),
        shared=words.number(sum(len(pool.needs) > 1 for pool in summary.pools)),
        chained=words.number(sum(pool.chained for pool in summary.pools)),
    )
    body = [paragraph(told), *_saved(page), paragraph(words("pools.note"), "quiet")]
    body += [] if page.detail else [paragraph(words("word.few_note", k=SMALL), "quiet")]
    draw = _by_pool if page.detail else _by_service
    shared = [pool for pool in summary.pools if pool.together and not pool.chained]
    body.append(draw(page, "pools.caption", shared) if shared else paragraph(words("pools.no_pools")))
    chained = [pool for pool in summary.pools if pool.chained]
    body.append(heading(words("pools.chains")))
    body.append(draw(page, "pools.chains_caption", chained) if chained else paragraph(words("pools.no_chains")))
    if summary.alone:
        body += [heading(words("pools.single")), _alone(page)]
    return page.section("pools", "pools.title", *body)


def _saved(page: Page) -> list[str]:
    words = page.words
    together = [pool for pool in page.summary.pools if pool.together]
    alone_cents = sum(pool.alone_cents for pool in together)
    if not alone_cents:
        return []
    price_cents = sum(pool.price_cents for pool in together)
    return [
        paragraph(
            words(
                "pools.saved",
                price=words.money(price_cents),
                alone=words.money(alone_cents),
                saved=words.money(alone_cents - price_cents),
                percent=(alone_cents - price_cents) * _PERCENT // alone_cents,
            )
        )
    ]


def _cents(page: Page, rows: Iterable[PoolRow | ServedRow]) -> list[str]:
    return [page.words.decimal(sum(column)) for column in zip(*(row.columns for row in rows), strict=True)]


def _by_pool(page: Page, caption: str, found: Sequence[PoolRow]) -> str:
    words = page.words
    head = ("service", "offer", "when", "needs", "price", "alone", "less", "public")
    rows: list[list[Cell]] = [
        [
            lines(_steps([service.said(words) for service in pool.services])),
            lines(_steps(pool.offers)),
            lines([words.starts(pool.starts), words.during(pool.period)]),
            words.number(len(pool.needs)),
            *_cents(page, [pool]),
        ]
        for pool in found
    ]
    total = (words("word.all"), "", "", words.number(sum(len(pool.needs) for pool in found)), *_cents(page, found))
    return table(
        words(caption),
        [words(f"pools.{key}") for key in head],
        rows,
        numbers=range(3, len(head)),
        longer=[1, 2],
        total=total,
    )


def _by_service(page: Page, caption: str, found: Sequence[PoolRow]) -> str:
    """Draw a row for each service, or chain of services, of which there is enough; the others in one."""
    words = page.words
    head = ("service", "offer", "formed", "needs", "price", "alone", "less", "public")

    def cells(name: Cell, offers: Cell, rows: Sequence[ServedRow]) -> list[Cell]:
        needs = _enough(page, sum(row.needs for row in rows))
        return [name, offers, words.number(sum(row.pools for row in rows)), needs, *_cents(page, rows)]

    every = served_rows(found)
    shown, others = _parted(page, every, [row.needs for row in every])
    rows = [cells(lines(_steps([one.said(words) for one in row.services])), lines(row.offers), [row]) for row in shown]
    rows += [cells(words("word.others"), "", others)] if others else []
    return table(
        words(caption),
        [words(f"pools.{key}") for key in head],
        rows,
        numbers=range(2, len(head)),
        longer=[1],
        total=cells(words("word.all"), "", every),
    )


def _parted(page: Page, rows: Sequence[T], counts: Sequence[int]) -> tuple[list[T], list[T]]:
    """Part rows by their counts of needs: those to show each, and those to put together."""
    least = 0 if page.detail else shown_from(counts, SMALL)
    shown = [row for row, count in zip(rows, counts, strict=True) if count >= least]
    return shown, [row for row, count in zip(rows, counts, strict=True) if count < least]


def _enough(page: Page, count: int) -> str:
    """Write a count that stands for itself."""
    return few.told(page, count, (), SMALL) if count < SMALL else page.words.number(count)


def _steps(names: Sequence[str]) -> list[str]:
    """Number the steps of a chain; one name stands as it is."""
    if len(names) == 1:
        return list(names)
    return [f"{number}. {name}" for number, name in enumerate(names, start=1)]


def _alone(page: Page) -> str:
    words = page.words

    def cells(name: str, rows: Sequence[AloneRow]) -> list[Cell]:
        price, granted = sum(row.price_cents for row in rows), sum(row.granted_cents for row in rows)
        return [name, _enough(page, sum(row.needs for row in rows)), words.decimal(price), words.decimal(granted)]

    shown, others = _parted(page, page.summary.alone, [row.needs for row in page.summary.alone])
    rows = [cells(row.service.said(words), [row]) for row in shown]
    rows += [cells(words("word.others"), others)] if others else []
    head = [words(f"pools.{key}") for key in ("service", "needs", "cost", "public")]
    return table(words("pools.single_caption"), head, rows, numbers=[1, 2, 3])


def needs(page: Page) -> str:
    """Draw what became of the needs, and why some went unmet: in words, then by service."""
    summary, words = page.summary, page.words
    outcomes = table(
        words("needs.caption"),
        [words("needs.outcome"), words("needs.number")],
        [(words.code("outcome", name), words.number(count)) for name, count in summary.outcomes],
        numbers=[1],
    )
    body = [outcomes, heading(words("needs.unmet"))]
    if not summary.unmet:
        return page.section("needs", "needs.title", *body, paragraph(words("needs.nobody")))
    counts: Counter[str] = Counter()
    for row in summary.unmet:
        counts[row.reason] += row.needs
    reasons = [
        (words.code("reason", reason), few.told(page, count, counts.values(), SMALL), words.code("meaning", reason))
        for reason, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]
    body.append(paragraph(words("needs.unmet_told", n=words.number(counts.total()))))
    body += [] if page.detail else [paragraph(words("word.few_note", k=SMALL), "quiet")]
    head = [words(f"needs.{key}") for key in ("reason", "number", "meaning")]
    body.append(table(words("needs.reasons_caption"), head, reasons, numbers=[1]))
    shown, others = _parted(page, summary.unmet, [row.needs for row in summary.unmet])
    rows = [(row.service.said(words), words.code("reason", row.reason), words.number(row.needs)) for row in shown]
    rows += [(words("word.others"), "", _enough(page, sum(row.needs for row in others)))] if others else []
    head = [words(f"needs.{key}") for key in ("service", "reason", "number")]
    body.append(table(words("needs.unmet_caption"), head, rows, numbers=[2]))
    return page.section("needs", "needs.title", *body)


def plans(page: Page) -> str:
    """Draw the certificate of every plan that was adopted, a column for each level of the objective."""
    summary, words = page.summary, page.words
    if not summary.plans:
        return page.section("plans", "plans.title", paragraph(words("plans.nothing")))
    levels = list(dict.fromkeys(level.level for plan in summary.plans for level in plan.levels))
    rows = []
    for plan in summary.plans:
        found = {level.level: level for level in plan.levels}
        strategy = words.code("strategy", plan.strategy)
        name = words("plans.strategy", day=words.day(plan.day), strategy=strategy)
        rows.append([name, *(_level(words, found[level]) if level in found else "–" for level in levels)])
    head = [words("plans.plan"), *(words.code("level", level) for level in levels)]
    drawn = table(words("plans.caption"), head, rows, numbers=range(1, len(head)), cards=True)
    return page.section("plans", "plans.title", paragraph(words("plans.note"), "quiet"), drawn)


def _level(words: Words, level: PlanLevel) -> Html:
    """Say what a plan reached, what bounds it, and how far the two are apart."""
    write = words.decimal if level.level.endswith("_cents") else words.number
    gap = abs(level.value - level.bound)
    told = [write(level.value), words("plans.bound", bound=write(level.bound))]
    return lines([*told, words("plans.gap", gap=write(gap))] if gap else [*told, words("plans.best")])
