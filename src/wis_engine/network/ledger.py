"""Double entry in integer cents, as pure functions over accounts.

A fund is credited by the grantor. Issuing a voucher reserves (pending),
redeeming posts, expiry and cancellation release, reversing turns a payment
back, settling lets it leave the supplier's account. A cost credits the partner
that bore it. Every function returns the
accounts it changes, debits equal to credits, so that the sums over all
accounts stay zero whatever happens and no voucher can take what another one
holds.
"""

from collections.abc import Mapping
from typing import Final

from wis_engine.network.parties import Account
from wis_engine.values import AccountId, Cents, FundId, PartnerId, SupplierId

GRANTOR: Final = AccountId("ledger:grantor")
PROMISED: Final = AccountId("ledger:promised")
SETTLED: Final = AccountId("ledger:settled")
Accounts = Mapping[AccountId, Account]


def account_of(owner: FundId | SupplierId | PartnerId) -> AccountId:
    """Name the account of a fund, a supplier or a partner; the colon keeps it apart from every given id."""
    return AccountId(f"account:{owner}")


def free_cents(fund: Account) -> Cents:
    """Cents of a fund's account that no voucher holds or has spent."""
    return fund.credits_posted_cents - fund.debits_posted_cents - fund.debits_pending_cents


def granted(accounts: Accounts, fund: FundId, cents: Cents) -> tuple[Account, ...]:
    """Credit a fund from the grantor."""
    return _moved(accounts, GRANTOR, account_of(fund), cents)


def reserved(accounts: Accounts, fund: FundId, cents: Cents) -> tuple[Account, ...]:
    """Hold cents of a fund for a voucher; negative cents release them."""
    giver, taker = _pair(accounts, account_of(fund), PROMISED)
    return (
        giver.replace(debits_pending_cents=giver.debits_pending_cents + cents),
        taker.replace(credits_pending_cents=taker.credits_pending_cents + cents),
    )


def posted(accounts: Accounts, fund: FundId, supplier: SupplierId, cents: Cents) -> tuple[Account, ...]:
    """Turn held cents into a payment to a supplier."""
    giver, promised = reserved(accounts, fund, -cents)
    taker = accounts.get(account_of(supplier)) or Account(id=account_of(supplier))
    return (
        giver.replace(debits_posted_cents=giver.debits_posted_cents + cents),
        promised,
        taker.replace(credits_posted_cents=taker.credits_posted_cents + cents),
    )


def reversed_(
    accounts: Accounts, fund: FundId, supplier: SupplierId, cents: Cents, *, held: bool
) -> tuple[Account, ...]:
    """Turn a payment to a supplier back, into held cents again or into free ones."""
    giver, taker = _pair(accounts, account_of(fund), account_of(supplier))
    promised = accounts.get(PROMISED) or Account(id=PROMISED)
    again = cents if held else 0
    return (
        giver.replace(
            debits_posted_cents=giver.debits_posted_cents - cents,
            debits_pending_cents=giver.debits_pending_cents + again,
        ),
        promised.replace(credits_pending_cents=promised.credits_pending_cents + again),
        taker.replace(credits_posted_cents=taker.credits_posted_cents - cents),
    )


def settled(accounts: Accounts, supplier: SupplierId, cents: Cents) -> tuple[Account, ...]:
    """Let what a supplier was credited leave its account: it has received it."""
    return _moved(accounts, account_of(supplier), SETTLED, cents)


def incurred(accounts: Accounts, partner: PartnerId, cents: Cents) -> tuple[Account, ...]:
    """Credit a partner for a cost from the grantor, or take it back when negative."""
    return _moved(accounts, GRANTOR, account_of(partner), cents)


def _moved(accounts: Accounts, debited: AccountId, credited: AccountId, cents: Cents) -> tuple[Account, ...]:
    giver, taker = _pair(accounts, debited, credited)
    return (
        giver.replace(debits_posted_cents=giver.debits_posted_cents + cents),
        taker.replace(credits_posted_cents=taker.credits_posted_cents + cents),
    )


def _pair(accounts: Accounts, giver: AccountId, taker: AccountId) -> tuple[Account, Account]:
    return accounts.get(giver) or Account(id=giver), accounts.get(taker) or Account(id=taker)
