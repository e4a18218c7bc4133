"""The laws of the ledger: debits are credits whatever happens, and nothing is overspent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wis_engine.network import ledger

FUNDS, SUPPLIERS = ("b1", "c1"), ("s1", "s2")
CENTS = st.integers(0, 10_000)
MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("grant"), st.sampled_from(FUNDS), CENTS),
        st.tuples(st.just("reserve"), st.sampled_from(FUNDS), CENTS),
        st.tuples(st.just("release"), st.sampled_from(FUNDS), CENTS),
        st.tuples(st.just("post"), st.sampled_from(FUNDS), st.sampled_from(SUPPLIERS), CENTS),
        st.tuples(st.just("reverse"), st.sampled_from(FUNDS), st.sampled_from(SUPPLIERS), CENTS, st.booleans()),
        st.tuples(st.just("settle"), st.sampled_from(SUPPLIERS), CENTS),
        st.tuples(st.just("incur"), st.sampled_from(["lead", "city"]), st.integers(-10_000, 10_000)),
    ),
    max_size=30,
)


def moved(accounts, move):
    match move:
        case ("grant", fund, cents):
            changed = ledger.granted(accounts, fund, cents)
        case ("reserve", fund, cents):
            changed = ledger.reserved(accounts, fund, cents)
        case ("release", fund, cents):
            changed = ledger.reserved(accounts, fund, -cents)
        case ("post", fund, supplier, cents):
            changed = ledger.posted(accounts, fund, supplier, cents)
        case ("reverse", fund, supplier, cents, held):
            changed = ledger.reversed_(accounts, fund, supplier, cents, held=held)
        case ("settle", supplier, cents):
            changed = ledger.settled(accounts, supplier, cents)
        case ("incur", partner, cents):
            changed = ledger.incurred(accounts, partner, cents)
    assert len({account.id for account in changed}) == len(changed)
    return accounts | {account.id: account for account in changed}


def total(accounts, name):
    return sum(getattr(account, f"{name}_cents") for account in accounts.values())


@given(moves=MOVES)
def test_debits_are_credits_whatever_the_sequence(moves):
    accounts = {}
    for move in moves:
        accounts = moved(accounts, move)
        assert total(accounts, "debits_pending") == total(accounts, "credits_pending")
        assert total(accounts, "debits_posted") == total(accounts, "credits_posted")


@given(moves=MOVES)
def test_who_asks_what_is_free_never_overspends(moves):
    accounts, free, held = {}, dict.fromkeys(FUNDS, 0), dict.fromkeys(FUNDS, 0)
    paid = dict.fromkeys(SUPPLIERS, 0)
    for move in moves:
        verb, fund, cents = move[0], move[1], move[-1]
        if verb not in {"grant", "reserve", "release", "post"}:
            continue
        if (verb == "reserve" and cents > free[fund]) or (verb in {"release", "post"} and cents > held[fund]):
            continue
        accounts = moved(accounts, move)
        free[fund] += {"grant": cents, "reserve": -cents, "release": cents, "post": 0}[verb]
        held[fund] += {"grant": 0, "reserve": cents, "release": -cents, "post": -cents}[verb]
        if verb == "post":
            paid[move[2]] += cents
        account = accounts[ledger.account_of(fund)]
        assert ledger.free_cents(account) == free[fund] >= 0
        assert account.debits_pending_cents == held[fund] >= 0
    for supplier, cents in paid.items():
        account = accounts.get(ledger.account_of(supplier))
        assert (account.credits_posted_cents if account else 0) == cents


def test_the_accounts_of_the_ledger_itself_are_nobodys():
    assert ledger.account_of("grantor") != ledger.GRANTOR
    assert ledger.account_of("promised") != ledger.PROMISED


def test_a_voucher_on_the_ledger():
    accounts = {}
    for move in [("grant", "b1", 100), ("reserve", "b1", 60), ("post", "b1", "s1", 25), ("release", "b1", 35)]:
        accounts = moved(accounts, move)
    account = accounts[ledger.account_of("b1")]
    assert (account.credits_posted_cents, account.debits_posted_cents, account.debits_pending_cents) == (100, 25, 0)
    assert ledger.free_cents(account) == 75
    assert accounts[ledger.GRANTOR].debits_posted_cents == 100
    assert accounts[ledger.PROMISED].credits_pending_cents == 0
    assert accounts[ledger.account_of("s1")].credits_posted_cents == 25


@pytest.mark.parametrize(("held", "free_cents"), [(True, 75), (False, 85)])
def test_a_payment_turned_back_is_held_again_or_free(held, free_cents):
    accounts = {}
    for move in [("grant", "b1", 100), ("reserve", "b1", 25), ("post", "b1", "s1", 25), ("settle", "s1", 15)]:
        accounts = moved(accounts, move)
    accounts = moved(accounts, ("reverse", "b1", "s1", 10, held))
    account, supplier = (accounts[ledger.account_of(name)] for name in ("b1", "s1"))
    assert (account.debits_posted_cents, account.debits_pending_cents) == (15, 10 if held else 0)
    assert ledger.free_cents(account) == free_cents
    assert supplier.credits_posted_cents == supplier.debits_posted_cents == 15
    assert accounts[ledger.SETTLED].credits_posted_cents == 15


def test_a_cost_credits_the_partner_that_bore_it_and_can_be_taken_back():
    accounts = moved({}, ("incur", "lead", 40))
    assert (
        accounts[ledger.account_of("lead")].credits_posted_cents == accounts[ledger.GRANTOR].debits_posted_cents == 40
    )
    back = moved(accounts, ("incur", "lead", -40))
    assert back[ledger.account_of("lead")].credits_posted_cents == 0
