"""Public money that is held or promised: what a fund has free, what a household has of it.

A pool promises money of a fund to a member; a voucher keeps the promise.
Until then the fund counts it as promised, so that the next plan does not
promise it again.
"""

from wis_engine.network import ledger
from wis_engine.network.network import Network
from wis_engine.network.promises import Pool, PoolMember
from wis_engine.values import Cents, FundId, HouseholdId, PoolId, VoucherId


def free_cents(network: Network, fund: FundId) -> Cents:
    """Cents of a fund that no voucher holds, none has spent and no pool has promised."""
    return ledger.free_cents(network.accounts[ledger.account_of(fund)]) - network.funds[fund].promised_cents


def outstanding(network: Network, pool: Pool, member: PoolMember) -> dict[FundId, Cents]:
    """What a pool promised to a member and no voucher holds yet, by fund."""
    left = {grant.fund: grant.cents for grant in member.grants}
    for name in network.links.targets(pool.id, "grants"):
        voucher = network.vouchers[VoucherId(name)]
        if voucher.need == member.need:
            left[voucher.fund] -= voucher.face_cents
    return left


def household_cents(network: Network, household: HouseholdId, fund: FundId) -> Cents:
    """Cents of a fund that a household has: held and spent by vouchers, and promised by open pools."""
    vouchers = (network.vouchers[VoucherId(name)] for name in network.links.targets(household, "holds"))
    cents = sum(one.redeemed_cents + one.left_cents for one in vouchers if one.fund == fund)
    for need in network.links.targets(household, "declares"):
        for name in network.links.targets(need, "joins"):
            pool = network.pools[PoolId(name)]
            mine = (member for member in pool.members if member.need == need)
            cents += sum(outstanding(network, pool, member).get(fund, 0) for member in mine)
    return cents


def release(network: Network, pool: Pool, member: PoolMember) -> None:
    """Take back what was promised to a member and no voucher holds: its place in the pool is over."""
    for fund, cents in outstanding(network, pool, member).items():
        if cents:
            network.put(network.funds[fund].promised(-cents))
