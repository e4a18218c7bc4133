"""What only the desk sees on a page: single households, pools need by need, every voucher, one need's story."""

from html import escape

from wis_engine.report.markup import Page, heading, paragraph, table
from wis_engine.report.together import HouseholdRow


def desk(page: Page) -> str:
    """Draw the tables that name households and needs beside money."""
    words = page.words
    body = [_households(page), heading(words("desk.members")), _members(page)]
    body += [heading(words("vouchers.each")), _vouchers(page), heading(words("desk.story")), _story(page)]
    return page.section("desk", "desk.title", *body)


def _households(page: Page) -> str:
    words, summary = page.words, page.summary

    def cells(name: str, row: HouseholdRow) -> list[str]:
        return [name, words.number(row.needs), *map(words.decimal, row.columns)]

    keys = ("desk.household", "desk.served", "pools.alone", "pools.price", "pools.less", "pools.public", "desk.pays")
    return table(
        words("desk.caption"),
        [words(key) for key in keys],
        [cells(row.household, row) for row in summary.households],
        numbers=range(1, len(keys)),
        total=cells(words("word.all"), summary.everyone),
    )


def _members(page: Page) -> str:
    words = page.words
    rows = [
        (
            pool.pool,
            member.need,
            words.then([service.said(words) for service in pool.services]),
            *map(words.decimal, (member.share_cents, member.alone_cents, member.granted_cents)),
        )
        for pool in page.summary.pools
        for member in pool.members
    ]
    keys = ("desk.pool", "desk.need", "pools.service", "pools.price", "pools.alone", "pools.public")
    head = [words(key) for key in keys]
    return table(words("desk.members_caption"), head, rows, numbers=[3, 4, 5], longer=[2])


def _vouchers(page: Page) -> str:
    words = page.words
    cents = ("face_cents", "redeemed_cents", "settled_cents", "left_cents", "released_cents")
    rows = [
        (
            str(row["voucher"]),
            str(row["household"]),
            str(row["fund"]),
            words.code("voucher", str(row["state"])),
            *(words.decimal(int(row[name] or 0)) for name in cents),
        )
        for row in page.summary.money.vouchers
    ]
    keys = [
        *("vouchers.voucher", "vouchers.household", "money.fund", "vouchers.state"),
        *("vouchers.face", "vouchers.paid", "vouchers.settled", "vouchers.left", "vouchers.released"),
    ]
    return table(words("vouchers.each_caption"), [words(key) for key in keys], rows, numbers=range(4, len(keys)))


def _story(page: Page) -> str:
    words, told = page.words, page.summary.story
    if told is None:
        return paragraph(words("desk.no_story"))
    lines = "".join(
        f"<li><time>{escape(words.moment(line.when))}</time><span>{escape(line.said(words))}</span></li>"
        for line in told.lines
    )
    return f'<ol class="story">{lines}</ol>'
