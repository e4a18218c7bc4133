"""What must hold at every position: quantity, money, capacity, places, shares.

Guards keep these true one fact at a time; here they are read off the whole
network, from what was booked and paid and not from the counters that guards
use, so that the two can be held against each other. What a redacted field
would have said is left out.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator

import attrs

from wis_engine.network import grants, ledger
from wis_engine.network.network import Network
from wis_engine.network.parties import CostClass, FundSource
from wis_engine.network.partners import Cost
from wis_engine.network.promises import Engagement, Need, NeedState, Pool, PoolState, VoucherState
from wis_engine.network.timetable import most_at_once, promised_minutes, taken
from wis_engine.values import (
    ActionCode,
    Cents,
    EngagementId,
    FundId,
    HouseholdId,
    Occurrence,
    OfferId,
    PoolId,
    ProjectId,
    SupplierId,
    is_redacted,
)


@attrs.frozen(kw_only=True)
class Breach:
    """An invariant that does not hold, the things that break it, and how."""

    invariant: str
    ids: tuple[str, ...]
    what: str


def check(network: Network) -> tuple[Breach, ...]:
    """List every breach, in order; an empty tuple is a sound network."""
    found = [
        *_quantity(network),
        *_money(network),
        *_capacity(network),
        *_at_once(network),
        *_two_places(network),
        *_pools(network),
    ]
    return tuple(sorted(found, key=lambda breach: (breach.invariant, breach.ids, breach.what)))


def _breach(invariant: str, what: str, *ids: str) -> Breach:
    return Breach(invariant=invariant, ids=ids, what=what)


def _quantity(network: Network) -> Iterator[Breach]:
    """Declared is met, promised or left; booked is delivered, cancelled or waiting."""
    delivered: dict[str, int] = defaultdict(int)
    for engagement in network.engagements.values():
        lengths = {len(engagement.occurrences), len(engagement.states), len(engagement.delivered_minutes)}
        if len(lengths) != 1:
            yield _breach("quantity", "sessions without a state", engagement.id)
        for occurrence, state, minutes in zip(
            engagement.occurrences, engagement.states, engagement.delivered_minutes, strict=False
        ):
            was_delivered = state.took_place
            last_step = engagement.step + 1 == network.needs[engagement.need].step_count
            delivered[engagement.need] += was_delivered and last_step
            if not 0 <= minutes <= occurrence.minutes or bool(minutes) != was_delivered:
                yield _breach("quantity", f"{minutes} min delivered of {occurrence}", engagement.id)
    for need in network.needs.values():
        if delivered[need.id] != need.delivered:
            yield _breach("quantity", f"{need.delivered} sessions counted, {delivered[need.id]} delivered", need.id)
        if (need.delivered >= need.sessions) != (need.state is NeedState.MET):
            yield _breach("quantity", f"{need.delivered} sessions delivered, need {need.state}", need.id)


def _money(network: Network) -> Iterator[Breach]:
    """Debits are credits; no fund is overspent; accounts say what vouchers and engagements say."""
    accounts = network.accounts
    for name in ("pending", "posted"):
        debits = sum(getattr(account, f"debits_{name}_cents") for account in accounts.values())
        credits_ = sum(getattr(account, f"credits_{name}_cents") for account in accounts.values())
        if debits != credits_:
            yield _breach("money", f"{name}: debits {debits}, credits {credits_}")
    yield from _funds(network)
    yield from _suppliers(network)
    yield from _uses(network)
    yield from _costs(network)
    yield from _granted(network)


def _funds(network: Network) -> Iterator[Breach]:
    held: dict[str, Cents] = defaultdict(int)
    spent: dict[str, Cents] = defaultdict(int)
    for voucher in network.vouchers.values():
        held[voucher.fund] += voucher.left_cents
        spent[voucher.fund] += voucher.redeemed_cents
        spent_out = voucher.redeemed_cents == voucher.face_cents
        if not 0 <= voucher.redeemed_cents <= voucher.face_cents or (voucher.state is VoucherState.SPENT) != spent_out:
            yield _breach("money", f"redeemed {voucher.redeemed_cents} of {voucher.face_cents}", voucher.id)
    promised = _promised(network)
    for fund in network.funds:
        account = network.accounts[ledger.account_of(fund)]
        if (account.debits_pending_cents, account.debits_posted_cents) != (held[fund], spent[fund]):
            yield _breach("money", "account and vouchers differ", fund)
        if network.funds[fund].promised_cents != promised[fund]:
            yield _breach("money", f"{network.funds[fund].promised_cents} promised, pools {promised[fund]}", fund)
        if grants.free_cents(network, fund) < 0:
            yield _breach("money", f"overspent by {-grants.free_cents(network, fund)}", fund)


def _promised(network: Network) -> dict[FundId, Cents]:
    """What open pools promised of each fund and no voucher holds."""
    promised: dict[FundId, Cents] = defaultdict(int)
    for pool in network.pools.values():
        for member in pool.members if pool.state is PoolState.FORMED else ():
            for fund, cents in grants.outstanding(network, pool, member).items():
                promised[fund] += cents
    return promised


def _suppliers(network: Network) -> Iterator[Breach]:
    paid: dict[SupplierId, Cents] = defaultdict(int)
    for engagement in network.engagements.values():
        paid[network.offers[engagement.offer].supplier] += engagement.redeemed_cents
        if not 0 <= engagement.redeemed_cents <= engagement.delivered_cents:
            yield _breach("money", f"paid {engagement.redeemed_cents} of {engagement.delivered_cents}", engagement.id)
    for supplier in network.suppliers:
        account = network.accounts.get(ledger.account_of(supplier))
        credited = 0 if account is None else account.credits_posted_cents
        if paid[supplier] != credited:
            yield _breach("money", f"engagements paid {paid[supplier]}, account {credited}", supplier)


def _uses(network: Network) -> Iterator[Breach]:
    """What a voucher paid is what its uses say; what was settled was redeemed, and has left the supplier's account."""
    settled: dict[SupplierId, Cents] = defaultdict(int)
    paid: dict[EngagementId, Cents] = defaultdict(int)
    for voucher in network.vouchers.values():
        if sum(use.redeemed_cents for use in voucher.uses) != voucher.redeemed_cents:
            yield _breach("money", f"redeemed {voucher.redeemed_cents}, its uses say otherwise", voucher.id)
        for use in voucher.uses:
            paid[use.engagement] += use.redeemed_cents
            settled[network.offers[network.engagements[use.engagement].offer].supplier] += use.settled_cents
            if not 0 <= use.settled_cents <= use.redeemed_cents:
                yield _breach("money", f"settled {use.settled_cents} of {use.redeemed_cents}", voucher.id)
    for engagement in network.engagements.values():
        if paid[engagement.id] != engagement.redeemed_cents:
            yield _breach("money", f"paid {engagement.redeemed_cents}, vouchers {paid[engagement.id]}", engagement.id)
    for supplier in network.suppliers:
        account = network.accounts.get(ledger.account_of(supplier))
        if account is not None and account.debits_posted_cents != settled[supplier]:
            yield _breach("money", f"settled {settled[supplier]}, account {account.debits_posted_cents}", supplier)


def _costs(network: Network) -> Iterator[Breach]:
    """Partners are credited what they spent, and no action costs more than its budget."""
    spent: dict[str, Cents] = defaultdict(int)
    lines: dict[ActionCode, Cents] = defaultdict(int)
    for cost in _standing(network):
        spent[cost.action] += cost.net_cents
        spent[cost.partner] += cost.net_cents
    for fund in network.funds.values():
        lines[fund.action] += network.accounts[ledger.account_of(fund.id)].credits_posted_cents
    for partner in network.partners:
        account = network.accounts.get(ledger.account_of(partner))
        credited = 0 if account is None else account.credits_posted_cents
        if spent[partner] != credited:
            yield _breach("money", f"costs {spent[partner]}, account {credited}", partner)
    for action in network.actions.values():
        if (action.costs_cents, action.lines_cents) != (spent[action.id], lines[action.id]):
            yield _breach("money", "costs and lines are counted otherwise", action.id)
        if action.left_cents < 0:
            yield _breach("money", f"over its budget by {-action.left_cents}", action.id)


def _granted(network: Network) -> Iterator[Breach]:
    """Of each source no more is used than was granted; goods stay within their cap."""
    used: dict[tuple[ProjectId, FundSource], Cents] = defaultdict(int)
    goods: dict[ProjectId, Cents] = defaultdict(int)
    for fund in network.funds.values():
        project = network.actions[fund.action].project
        used[project, fund.source] += network.accounts[ledger.account_of(fund.id)].credits_posted_cents
    for cost in _standing(network):
        project = network.actions[cost.action].project
        used[project, cost.source] += cost.net_cents
        goods[project] += cost.net_cents if cost.cost_class is CostClass.GOODS else 0
    for planned in network.projects.values():
        both = used[planned.id, FundSource.CONTRIBUTION], used[planned.id, FundSource.COFINANCING]
        counted = planned.contribution_used_cents, planned.cofinancing_used_cents
        if (*both, goods[planned.id]) != (*counted, planned.goods_cents):
            yield _breach("money", "sources and goods are counted otherwise", planned.id)
        for source in FundSource:
            if planned.left_cents(source) < 0:
                yield _breach("money", f"{source} over by {-planned.left_cents(source)}", planned.id)
        if planned.goods_cap_cents is not None and planned.goods_cents > planned.goods_cap_cents:
            yield _breach("money", f"goods {planned.goods_cents} of {planned.goods_cap_cents}", planned.id)


def _standing(network: Network) -> Iterator[Cost]:
    return (cost for cost in network.costs.values() if not cost.reversed)


def _capacity(network: Network) -> Iterator[Breach]:
    """No offer beyond its minutes, and what open pools were promised is committed."""
    promised: dict[OfferId, int] = defaultdict(int)
    for pool in network.pools.values():
        if pool.open:
            for step in pool.steps:
                promised[step.offer] += sum(promised_minutes(pool, step, member) for member in pool.members)
    for offer in network.offers.values():
        if not promised[offer.id] <= offer.committed_minutes <= offer.capacity_minutes:
            what = f"{promised[offer.id]} promised, {offer.committed_minutes} of {offer.capacity_minutes} committed"
            yield _breach("capacity", what, offer.id)


def _at_once(network: Network) -> Iterator[Breach]:
    """No offer with more sessions at once than it can, by date; pools that are over were held to their own time."""
    busy: dict[tuple[OfferId, dt.date], dict[tuple[PoolId, Occurrence], int]] = defaultdict(dict)
    for engagement in network.engagements.values():
        if not network.pools[engagement.pool].open:
            continue
        for occurrence in engagement.unbroken():
            for day, mask in taken([occurrence]):
                # Members of one pool share a session.
                busy[engagement.offer, day][engagement.pool, occurrence] = mask
    for (name, day), sessions in busy.items():
        most = most_at_once(sessions.values(), -1)
        if most > network.offers[name].capacity_per_slot:
            yield _breach("capacity", f"{most} sessions at once on {day}", name)


def _two_places(network: Network) -> Iterator[Breach]:
    """Nobody is in two places, by dated session."""
    busy: dict[tuple[HouseholdId, str, dt.date], list[tuple[Engagement, int]]] = defaultdict(list)
    for engagement in network.engagements.values():
        need = network.needs[engagement.need]
        if is_redacted(need.beneficiary):
            continue
        for day, mask in taken(engagement.unbroken()):
            busy[need.household, need.beneficiary, day].append((engagement, mask))
    for (_household, _member, day), sessions in busy.items():
        if most_at_once([mask for _, mask in sessions], -1) > 1:
            yield _breach("two-places", f"on {day}", *sorted({engagement.id for engagement, _ in sessions}))


def _pools(network: Network) -> Iterator[Breach]:
    """A need is in at most one open pool, and shares make the price to the cent."""
    joined: dict[str, list[Pool]] = defaultdict(list)
    for pool in network.pools.values():
        shares_cents = sum(member.share_cents for member in pool.members)
        if shares_cents != pool.price_cents:
            yield _breach("pools", f"shares {shares_cents}, price {pool.price_cents}", pool.id)
        if pool.state is PoolState.FORMED:
            for member in pool.members:
                joined[member.need].append(pool)
    for name, pools in joined.items():
        if len(pools) > 1:
            yield _breach("pools", "in several open pools", name, *sorted(pool.id for pool in pools))
    for need in network.needs.values():
        yield from _joined(need, [pool.id for pool in joined.get(need.id, ())])


def _joined(need: Need, pools: list[str]) -> Iterator[Breach]:
    if need.state is NeedState.POOLED and not pools:
        yield _breach("pools", "pooled, in no open pool", need.id)
    if need.state not in (NeedState.POOLED, NeedState.MET) and pools:
        yield _breach("pools", f"{need.state}, in an open pool", need.id, *pools)
