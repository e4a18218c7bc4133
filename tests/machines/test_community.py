"""One community in one SQLite file, told by two writers in turn: against what the list of facts adds up to."""

import datetime as dt
import tempfile
from pathlib import Path

import pytest
import stories
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from hypothesis.strategies import booleans, data, integers, sampled_from
from strategies import facts, pilot

from wis_engine.community import Community
from wis_engine.errors import Conflict, KeyReused, Refused
from wis_engine.facts import (
    GrantAwarded,
    NeedDeclared,
    NeedExpired,
    NeedUnmet,
    NeedWithdrawn,
    PoolDissolved,
    PoolFormed,
    PoolMemberLeft,
    ServiceBooked,
    ServiceDelivered,
    VoucherCancelled,
    VoucherExpired,
    VoucherIssued,
    VoucherRedeemed,
)
from wis_engine.network import Network, ledger

IMPOSSIBLE = (stories.firm("f1"), stories.need("n1"), stories.voucher("over", face_cents=10**9))


def model_of(told):  # noqa: C901 - one short case for each fact
    """Tell from facts alone how each need stands, and what each fund has free."""
    needs, left, pools, engaged, free, vouchers = {}, {}, {}, {}, {}, {}
    for fact in told:
        match fact:
            case GrantAwarded():
                free |= {line.fund: line.amount_cents for line in fact.funds}
            case NeedDeclared():
                needs[fact.need], left[fact.need] = "open", fact.sessions * fact.step_count
            case NeedWithdrawn() | NeedUnmet() | NeedExpired():
                needs[fact.need] = fact.name.removeprefix("need-")
            case PoolFormed():
                pools[fact.pool] = [member.need for member in fact.members]
                needs |= dict.fromkeys(pools[fact.pool], "pooled")
            case PoolMemberLeft():
                pools[fact.pool].remove(fact.need)
                needs[fact.need] = "open"
            case PoolDissolved():
                needs |= {need: "open" for need in pools.pop(fact.pool) if needs[need] == "pooled"}
            case ServiceBooked():
                engaged[fact.engagement] = fact.need
            case ServiceDelivered():
                need = engaged[fact.engagement]
                left[need] -= 1
                needs[need] = needs[need] if left[need] else "met"
            case VoucherIssued():
                vouchers[fact.voucher] = [fact.fund, fact.face_cents]
                free[fact.fund] -= fact.face_cents
            case VoucherRedeemed():
                vouchers[fact.voucher][1] -= fact.amount_cents
            case VoucherCancelled() | VoucherExpired():
                fund, cents = vouchers[fact.voucher]
                free[fund] += cents
    return needs, free


class TwoWriters(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.now = stories.START
        self.folder = tempfile.TemporaryDirectory()
        url = f"sqlite:///{Path(self.folder.name, 'community.db')}"
        self.writers = [Community.open(url, clock=lambda: self.now) for _ in range(2)]
        self.told = [(self.now, fact) for fact in pilot()]
        self.keys = {}
        self.writers[0].record(*pilot(), at=self.now)

    def admitted(self, receipt, told):
        assert not receipt.repeated
        assert (receipt.first, receipt.last) == (len(self.told) + 1, len(self.told) + len(told))
        self.told += [(self.now, fact) for fact in told]

    @rule(days=sampled_from([1, 7, 30]))
    def wait(self, days):
        self.now = (self.now + dt.timedelta(days=days)).replace(hour=20)

    @rule(writer=integers(0, 1), data=data(), keyed=booleans())
    def record(self, writer, data, keyed):
        community = self.writers[writer]
        network = community.network
        before, network.now = network.now, self.now  # what is drawn fits the moment at which it is recorded
        fact = data.draw(facts(network))
        network.now = before
        if fact is None:
            return
        key = f"key-{len(self.keys)}" if keyed else None
        receipt = community.record(fact, at=self.now, key=key)
        self.admitted(receipt, [fact])
        if key:
            self.keys[key] = (fact, receipt)

    @precondition(lambda self: self.keys)
    @rule(writer=integers(0, 1), data=data(), same=booleans())
    def retry(self, writer, data, same):
        key = data.draw(sampled_from(sorted(self.keys)))
        fact, first = self.keys[key]
        if not same:
            with pytest.raises(KeyReused):
                self.writers[writer].record(stories.meeting("another"), key=key)
            return
        again = self.writers[writer].record(fact, key=key)
        assert again.repeated
        assert (again.first, again.last, again.recorded_at) == (first.first, first.last, first.recorded_at)

    @rule(writer=integers(0, 1), fact=sampled_from(IMPOSSIBLE))
    def be_refused(self, writer, fact):
        before = self.writers[writer].network.digest()
        with pytest.raises(Refused) as refused:
            self.writers[writer].record(stories.meeting("new"), fact, at=self.now)
        assert refused.value.fact in {0, 1}
        assert self.writers[writer].network.digest() == before

    @rule(writer=integers(0, 1), other=booleans())
    def expect_a_still_world(self, writer, other):
        """Name the position that one has seen; it is a conflict when the other has recorded meanwhile."""
        seen = self.writers[writer].network.position
        fact = stories.firm(f"f-{len(self.told)}-{writer}")
        if other:
            between = stories.firm(f"g-{len(self.told)}")
            self.admitted(self.writers[1 - writer].record(between, at=self.now), [between])
            with pytest.raises(Conflict):
                self.writers[writer].record(fact, at=self.now, after=seen)
        else:
            self.admitted(self.writers[writer].record(fact, at=self.now, after=seen), [fact])

    @rule(writer=integers(0, 1), strategy=sampled_from(["greedy", "by_firm"]))
    def adopt(self, writer, strategy):
        community = self.writers[writer]
        plan = community.match(strategy)
        start = len(self.told)
        try:
            receipt = community.adopt(plan, at=self.now)
        except Refused:
            return  # the day may be over for what was planned at the last fact's date
        told = [one.fact for one in community.events(after=start)]
        self.admitted(receipt, told)
        assert len([fact for fact in told if fact.name == "pool-formed"]) == len(plan.pools)

    @rule(writer=integers(0, 1))
    def advance(self, writer):
        community, start = self.writers[writer], len(self.told)
        receipts = community.advance(self.now)
        recorded = list(community.events(after=start))
        assert len(receipts) == len(recorded)
        assert [one.occurred_at for one in recorded] == sorted(one.occurred_at for one in recorded)
        self.told += [(one.occurred_at, one.fact) for one in recorded]
        assert self.writers[1 - writer].advance(self.now) == ()

    @invariant()
    def both_see_the_same(self):
        one, other = (community.network for community in self.writers)
        assert one.position == other.position == len(self.told)
        assert one.digest() == other.digest()
        assert one.check() == ()

    def teardown(self):
        try:
            head = len(self.told)
            network = Network()
            for position, (at, fact) in enumerate(self.told, 1):
                stories.replay(network, [fact], at)
                if position == head // 2:
                    assert self.writers[0].as_of(position).network.digest() == network.digest()
            needs, free = model_of(fact for _, fact in self.told)
            assert {name: str(need.state) for name, need in network.needs.items()} == needs
            accounts = {fund: network.accounts[ledger.account_of(fund)] for fund in free}
            assert {fund: ledger.free_cents(account) for fund, account in accounts.items()} == free
            community = self.writers[0]
            assert network.digest() == community.network.digest() == community.branch().network.digest()
            assert [(one.occurred_at, one.fact) for one in community.events()] == self.told
        finally:
            for community in self.writers:
                community.close()
            self.folder.cleanup()


TestTwoWriters = TwoWriters.TestCase
TestTwoWriters.settings = settings(max_examples=10, stateful_step_count=15)
