"""Verifying: what was built otherwise than from the facts is found, with the position where it parts from them."""

import datetime as dt

import attrs
import pytest
import stories
from stories import START, life, pilot

from wis_engine.community import Community
from wis_engine.errors import FormatError, IntegrityError, StorageUnavailable
from wis_engine.facts import Event
from wis_engine.log.codec import known_events
from wis_engine.log.log import Fault, Snapshot
from wis_engine.network.network import KINDS
from wis_engine.network.parties import MeetingKind
from wis_engine.network.promises import VoucherState
from wis_engine.snapshots import picture


@pytest.fixture
def log(any_log):
    return any_log


@pytest.fixture
def community(log):
    community = Community(log, clock=lambda: START)
    community.record(*pilot())
    now = START
    for one in life():
        if isinstance(one, Event):
            community.record(one, at=now)
        else:
            now = one
    return community


@pytest.mark.parametrize("deep", [False, True])
def test_what_follows_from_the_facts_is_whole(community, deep):
    community.snapshot()
    found = community.verify(deep=deep)
    assert found.ok
    assert (found.position, found.deep) == (community.position, deep)
    assert found.snapshots == (community.position,)
    assert str(found).endswith("whole")


@pytest.mark.parametrize(
    ("voucher", "changes", "fact"),
    [
        ("v1", {"redeemed_cents": 0}, "voucher-redeemed"),
        ("v1", {"face_cents": 1}, "voucher-issued"),
        ("v2", {"state": VoucherState.ACTIVE}, "voucher-cancelled"),
    ],
)
def test_a_thing_changed_by_hand_parts_where_a_fact_set_the_field_that_differs(community, voucher, changes, fact):
    network = community.network
    network.put(network.vouchers[voucher].replace(**changes))
    (found,) = [one for one in community.verify(deep=True).faults if "in use" in one.what]
    position, *_ = [one.position for one in community.events(types=[fact], about=voucher)]
    assert found.position == position


def test_of_several_changes_the_first_position_is_named(community):
    network = community.network
    network.put(network.vouchers["v2"].replace(face_cents=1))
    network.put(network.firms["f1"].replace(title="Another"))
    (fault,) = [one for one in community.verify(deep=True).faults if "in use" in one.what]
    assert fault.position == next(one.position for one in community.events(about="f1"))


def test_an_entity_of_no_fact_parts_at_the_head(community):
    network = community.network
    network.put(network.meetings["m1"].replace(id="m-none"))
    assert [fault.position for fault in community.verify(deep=True).faults] == [community.position]


def test_a_link_that_was_opened_or_closed_by_hand_parts_where_it_shows(community):
    network = community.network
    network.unlink("f1", "employs", "p1")
    found = community.verify(deep=True)
    assert [fault.position for fault in found.faults if "in use" in fault.what] == [community.position]
    network.link("f2", "employs", "p1")
    assert not community.verify(deep=True).ok


def test_without_going_deep_a_change_that_breaks_no_rule_is_not_seen(community):
    network = community.network
    network.put(network.firms["f1"].replace(title="Another"))
    assert community.verify().ok
    assert not community.verify(deep=True).ok


def test_an_invariant_that_does_not_hold_is_a_fault(community):
    network = community.network
    network.put(network.funds["b1"].replace(promised_cents=10**12))
    assert not community.verify().ok


def test_a_snapshot_that_says_something_else_is_named(log, community):
    early = community.as_of(len(pilot()))
    log.put(picture(early.network, known_events()))
    early.network.put(early.network.firms["f1"].replace(title="Another"))
    log.put(attrs.evolve(picture(early.network, known_events())))
    (fault,) = community.verify(deep=True).faults
    assert fault.position == next(one.position for one in community.events(about="f1"))
    assert f"the snapshot at {len(pilot())} parts here" in fault.what


def test_a_damaged_snapshot_is_named(log, community):
    community.snapshot()
    log.put(attrs.evolve(log.get(), digest="0" * 64))
    (fault,) = community.verify(deep=True).faults
    assert fault == Fault(position=community.position, what="a snapshot is of no use: damaged")


def test_damage_of_a_snapshot_shows_without_going_deep(log, community):
    community.snapshot()
    log.put(attrs.evolve(log.get(), parts=(b"x",)))
    assert [str(one) for one in community.verify().faults] == [
        f"position {community.position}: a snapshot is of no use: damaged"
    ]


@pytest.mark.parametrize("deep", [False, True])
def test_a_snapshot_in_another_form_is_no_fault(log, community, deep):
    log.put(Snapshot.of(7, "another", [b"x"]))
    found = community.verify(deep=deep)
    assert (found.ok, found.snapshots) == (True, (7,))


@pytest.mark.parametrize("changed", ["now", "latest"])
def test_a_network_that_stands_at_another_moment_parts_from_the_facts(log, community, changed):
    network = community.network.copy()
    setattr(network, changed, network.latest + dt.timedelta(days=400))
    log.put(picture(network, known_events()))
    (fault,) = community.verify(deep=True).faults
    assert f"the snapshot at {community.position} parts here" in fault.what
    setattr(community.network, changed, network.latest)
    assert community.verify().ok
    assert "the network in use parts here" in str(community.verify(deep=True))


def test_a_network_that_forgot_what_is_open_parts_from_the_facts(community):
    kind = next(kind for kind in KINDS if community.network.opened(kind))
    community.network._open[kind].clear()
    (fault,) = community.verify(deep=True).faults
    assert fault.what.startswith("the network in use parts here")


def test_a_network_whose_things_came_at_another_time_parts_where_they_did(community):
    entered = community.network.links._node_since
    at = entered[3]
    entered[3] = at - 1
    assert [fault.position for fault in community.verify(deep=True).faults] == [at - 1]


@pytest.mark.parametrize("error", [FormatError, IntegrityError, StorageUnavailable])
@pytest.mark.parametrize("method", ["faults", "read", "get"])
def test_an_error_of_the_log_is_answered_beside_what_was_found(log, community, method, error):
    def fails(*_, **__):
        raise error("torn")

    community.network.put(community.network.funds["b1"].replace(promised_cents=10**12))
    broken = community.verify().faults
    assert broken
    setattr(log, method, fails)
    found = community.verify(deep=True)
    assert "torn" in str(found)
    assert {*broken} < {*found.faults}


def test_what_the_log_finds_is_told_in_order(log, community):
    log.faults = lambda: iter([Fault(position=7, what="cut"), Fault(position=3, what="torn")])
    assert [str(fault) for fault in community.verify().faults] == ["position 3: torn", "position 7: cut"]
    assert "NOT whole" in str(community.verify())


def test_a_branch_verifies_its_past_and_its_own(community):
    branch = community.branch()
    branch.record(stories.meeting("m-branch"))
    assert branch.verify(deep=True).ok
    branch.network.put(branch.network.meetings["m-branch"].replace(meeting_kind=MeetingKind.WORKING_GROUP))
    assert [fault.position for fault in branch.verify(deep=True).faults] == [branch.position]
