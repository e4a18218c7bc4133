"""Eight processes record into one SQLite file; what each was promised stands in the log, whole and in order."""

import datetime as dt
import json
import subprocess
import sys

import pytest

import wis_engine as wis

WRITERS, BATCHES, BIG = 8, 25, 1_000
AT = dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC)
YEAR = wis.Period.parse("2026-01-01/2027-01-01")
FUND_CENTS = 5_000

# Each writer enrols people and takes a cent of the fund with every batch, as long as the fund lasts.
SMALL = """
import datetime as dt, json, sys
import wis_engine as wis
url, me, batches = sys.argv[1], sys.argv[2], int(sys.argv[3])
at, year = dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC), wis.Period.parse("2026-01-01/2027-01-01")
receipts, refused = [], 0
with wis.Community.open(url) as community:
    for n in range(batches):
        facts = [wis.PersonEnrolled(person=f"{me}-{n}", firm="firm")]
        facts.append(wis.VoucherIssued(voucher=f"v-{me}-{n}", fund="fund", household="home", face_cents=50, valid=year))
        try:
            receipt = community.record(*facts, at=at, key=f"{me}-{n}")
            receipts.append([receipt.first, receipt.last])
        except wis.Refused as refusal:
            assert refusal.reason == "over-fund", refusal
            refused += 1
print(json.dumps([receipts, refused]))
"""
LARGE = """
import datetime as dt, json, sys
import wis_engine as wis
url, size = sys.argv[1], int(sys.argv[2])
at = dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC)
with wis.Community.open(url) as community:
    receipt = community.record(*(wis.PersonEnrolled(person=f"large-{n}", firm="firm") for n in range(size)), at=at)
print(json.dumps([[[receipt.first, receipt.last]], 0]))
"""


def opening():
    fund = wis.FundLine(fund="fund", action="B.1", source=wis.FundSource.CONTRIBUTION, amount_cents=FUND_CENTS)
    child = wis.Member(id="child", age_band=wis.AgeBand.SCHOOL_6_10)
    return [
        wis.ProjectPlanned(project="wis", title="A pilot", period=YEAR, lead="A lead", public_body="A body"),
        wis.ActionPlanned(
            project="wis", action="B.1", title="Care", phase=4, period=YEAR, budget_cents=FUND_CENTS, staff_minutes=0
        ),
        wis.GrantAwarded(project="wis", contribution_cents=FUND_CENTS, cofinancing_cents=0, funds=(fund,)),
        wis.FirmJoined(firm="firm", title="A firm", persons=3, ateco="59.14", nil=27),
        wis.PersonEnrolled(person="first", firm="firm"),
        wis.HouseholdFormed(household="home", holders=("first",), members=(child,), nil=27),
    ]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The file's url, what every writer was answered, and how many refusals they saw."""
    url = f"sqlite:///{tmp_path_factory.mktemp('writers') / 'community.db'}"
    with wis.Community.open(url) as community:
        community.record(*opening(), at=AT)
    scripts = [[SMALL, url, f"w{n}", str(BATCHES)] for n in range(WRITERS - 1)] + [[LARGE, url, str(BIG)]]
    running = [
        subprocess.Popen([sys.executable, "-c", *script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for script in scripts
    ]
    answers, refusals = [], 0
    for process in running:
        out, error = process.communicate(timeout=120)
        assert error == ""
        receipts, refused = json.loads(out)
        answers += receipts
        refusals += refused
    return url, answers, refusals


def test_every_answer_stands_in_the_log_once_and_whole(written):
    url, answers, _ = written
    with wis.Community.open(url, mode="r") as community:
        positions = [recorded.position for recorded in community.events(after=len(opening()))]
    assert positions == list(range(len(opening()) + 1, positions[-1] + 1))
    promised = sorted(position for first, last in answers for position in range(first, last + 1))
    assert promised == positions


def test_the_large_batch_got_through(written):
    _, answers, _ = written
    assert max(last - first + 1 for first, last in answers) == BIG


def test_nobody_overspent_and_nothing_was_refused_early(written):
    url, _, refusals = written
    with wis.Community.open(url, mode="r") as community:
        assert community.network.check() == ()
        issued = sum(voucher.face_cents for voucher in community.network.vouchers.values())
    assert issued == FUND_CENTS
    assert refusals == (WRITERS - 1) * BATCHES - FUND_CENTS // 50


def test_replay_gives_the_same_network_again(written):
    url, _, _ = written
    with wis.Community.open(url, mode="r") as once, wis.Community.open(url, mode="r") as twice:
        assert once.network.digest() == twice.branch().network.digest()
