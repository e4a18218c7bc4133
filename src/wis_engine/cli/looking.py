"""Opening the log that a command names, looking it through, and saying where its community stands."""

import datetime as dt
import importlib.util
import sys
from argparse import ArgumentTypeError, Namespace
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, Literal

from wis_engine.cli.own_facts import own_facts
from wis_engine.community import Community
from wis_engine.errors import IntegrityError
from wis_engine.network import Network, ledger
from wis_engine.network.grants import free_cents
from wis_engine.report.words import amount
from wis_engine.shapes import INTEGER_BITS

WHOLE: Final = 0
DAMAGED: Final = 1


def opened(asked: Namespace, mode: Literal["rw", "r"], *, zone: str | None = None) -> Community:
    """Open the log of a command: a url, or else the path of a file."""
    url = asked.log if "://" in asked.log else f"sqlite:///{asked.log}"
    events, upcasts = own_facts(asked)
    return Community.open(url, name=asked.name, zone=zone, mode=mode, events=events, upcasts=upcasts)


def moment_of(text: str) -> int | dt.date:
    """Read a position, or a day; what is wrong with it is said by argparse."""
    if text.isascii() and text.isdigit() and int(text).bit_length() <= INTEGER_BITS:
        return int(text)
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"neither a position nor a day such as 2026-06-30: {text!r}") from None


def as_known(community: Community, until: int | dt.date | None) -> Community:
    """Show a community as it was known at a position, or at the end of a day; None is now."""
    if until is None:
        return community
    if isinstance(until, int):
        return community.as_of(until)
    last = dt.datetime.combine(until, dt.time.max, tzinfo=community.network.zone_info)
    return community.as_of(last)


def verify_log(asked: Namespace) -> int:
    """Look a log through and say what is wrong; what cannot even be opened for its damage is damaged."""
    try:
        with opened(asked, "r") as community:
            found = community.verify(deep=asked.deep)
    except IntegrityError as error:
        print("wis-engine:", error, file=sys.stderr)
        return DAMAGED
    print(found)
    return WHOLE if found.ok else DAMAGED


def replay_log(asked: Namespace) -> int:
    """Say where a community stands, or stood: its position, its digest, what there is, and its money."""
    with opened(asked, "r") as community:
        last = community.position
        network = as_known(community, asked.until).network
        print(f"position  {network.position} of {last}")
        print(f"digest    {network.digest()}")
        for line in (*_counts(network), *_money(network)):
            print(line)
    return WHOLE


def _counts(network: Network) -> Iterator[str]:
    """Count what there is of each kind; of needs, also how many stand in each state."""
    kinds = {kind: len(table) for kind, table in network.tables.items() if table}
    if kinds:
        yield ""
    for kind, count in kinds.items():
        yield f"{kind:<12}{count:>8,}"
    states = Counter(need.state.value for need in network.needs.values())
    if states:
        told = ", ".join(f"{count:,} {state}" for state, count in sorted(states.items()))
        yield f"needs are   {told}"


def _money(network: Network) -> Iterator[str]:
    """Say of each fund what was granted, promised by pools, held by vouchers and spent, and what is free."""
    if not network.funds:
        return
    width = max(map(len, network.funds))
    yield ""
    yield f"{'EUR':<{width}}" + "".join(f"{name:>14}" for name in ("granted", "promised", "held", "spent", "free"))
    for name in sorted(network.funds):
        fund, account = network.funds[name], network.accounts[ledger.account_of(name)]
        held, spent = account.debits_pending_cents, account.debits_posted_cents
        amounts = (account.credits_posted_cents, fund.promised_cents, held, spent, free_cents(network, name))
        yield f"{name:<{width}}" + "".join(f"{amount(cents):>14}" for cents in amounts)


@contextmanager
def bar(what: str, total: int | None) -> Iterator[Callable[..., None]]:
    """Show how far something has come, where rich is installed and somebody looks; give what moves and renames it."""
    if not sys.stderr.isatty() or importlib.util.find_spec("rich") is None:
        yield lambda _done, _what=what: None
        return
    from rich.console import Console  # noqa: PLC0415 - an extra, and only for a terminal
    from rich.progress import Progress  # noqa: PLC0415 - same

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=total)
        yield lambda done, what=what: progress.update(task, completed=done, description=what)
