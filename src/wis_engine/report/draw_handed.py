"""What the project set up and handed over, on a page."""

from wis_engine.report.markup import Page, heading, lines, paragraph, table


def handed(page: Page) -> str:
    """Draw agreements among firms, campaigns, products, and the suppliers that were chosen by survey."""
    found, words = page.summary.handed, page.words
    parts = [(name, draw(page)) for name, draw in _PARTS.items() if getattr(found, name)]
    body = [paragraph(words("handed.nothing"))] if not parts else []
    for name, drawn in parts:
        body += [heading(words(f"handed.{name}")), drawn]
    if found.chosen:
        body.append(paragraph(words("handed.chosen_note"), "quiet"))
    return page.section("handed", "handed.title", *body)


def _bound(page: Page) -> str:
    words = page.words
    rows = [
        (words.code("bond", row.kind), words.day(row.day), words.number(row.signed), words.number(row.bound))
        for row in page.summary.handed.bound
    ]
    head = [words(f"handed.{key}") for key in ("agreement", "signed_on", "signed", "bound_now")]
    return table(words("handed.bound_caption"), head, rows, numbers=[2, 3])


def _campaigns(page: Page) -> str:
    words = page.words
    rows = [
        (
            row.title,
            words.code("focus", row.focus),
            words.day(row.day),
            words.number(row.people),
            words.number(row.fathers),
        )
        for row in page.summary.handed.campaigns
    ]
    head = [words(f"handed.{key}") for key in ("campaign", "focus", "since", "people", "fathers")]
    return table(words("handed.campaigns_caption"), head, rows, numbers=[3, 4])


def _products(page: Page) -> str:
    words = page.words
    rows = [
        (words.code("product", row.kind), row.release, words.day(row.day), lines(row.items))
        for row in page.summary.handed.products
    ]
    head = [words(f"handed.{key}") for key in ("product", "release", "released_on", "items")]
    return table(words("handed.products_caption"), head, rows, longer=[3], cards=True)


def _chosen(page: Page) -> str:
    words = page.words
    rows = [
        (
            row.service.said(words),
            row.supplier,
            words.number(row.quality_percent),
            words.decimal(row.price_cents),
            words("handed.place_of", place=words.number(row.place), n=words.number(row.compared)),
            row.reason or "–",
        )
        for row in page.summary.handed.chosen
    ]
    head = [words(f"handed.{key}") for key in ("service", "supplier", "quality", "price", "place", "reason")]
    return table(words("handed.chosen_caption"), head, rows, numbers=[2, 3, 4], longer=[1, 5])


_PARTS = {"bound": _bound, "campaigns": _campaigns, "products": _products, "chosen": _chosen}
"""How each part is drawn, by its name, in order."""
