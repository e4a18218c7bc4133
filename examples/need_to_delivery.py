"""A need becomes a delivery: one small community, from declaration to paid voucher.

Three households of two firms need homework support; a cooperative gives it. The demand is simulated.
Run with `python examples/need_to_delivery.py`; what it prints stands in `need_to_delivery.txt`.
"""

import datetime as dt

import wis_engine as wis

SPRING = wis.Period.parse("2026-03-01/2026-06-01")
AFTERNOONS = wis.WeekSlots.parse("mon-thu 16:00-19:00")


def day(month: int, date: int) -> dt.datetime:
    """Nine in the morning in Milano, as an instant."""
    return dt.datetime(2026, month, date, 8, tzinfo=dt.UTC)


def opening() -> list[wis.Event]:
    """Say who is there and who pays: a project with one fund, two firms, a cooperative."""
    year = wis.Period.parse("2026-01-01/2027-01-01")
    fund = wis.FundLine(fund="care-fund", action="B.1", source=wis.FundSource.CONTRIBUTION, amount_cents=50_000)
    return [
        wis.ProjectPlanned(project="wis", title="A pilot", period=year, lead="A lead", public_body="A public body"),
        wis.ActionPlanned(
            project="wis", action="B.1", title="Care", phase=4, period=year, budget_cents=100_000, staff_minutes=6_000
        ),
        wis.GrantAwarded(project="wis", contribution_cents=70_000, cofinancing_cents=30_000, funds=(fund,)),
        wis.FirmJoined(
            firm="cinema", title="A cinema", status=wis.FirmStatus.PARTNER, persons=7, ateco="59.14", nil=27
        ),
        wis.FirmJoined(firm="farm", title="A farm", status=wis.FirmStatus.PARTNER, persons=8, ateco="01.50", nil=46),
        wis.SupplierRegistered(supplier="coop", title="A cooperative", kind=wis.SupplierKind.COOPERATIVE),
        wis.SupplierOffered(
            offer="homework",
            supplier="coop",
            service="homework_support",
            place=wis.Place.SUPPLIER,
            nil=27,
            slots=AFTERNOONS,
            period=SPRING,
            capacity_minutes=6_000,
            group_max=6,
            tiers=(wis.PriceTier(price_cents=2_000), wis.PriceTier(people_from=3, price_cents=1_000)),
        ),
        wis.AgreementSigned(agreement="agreement-1", supplier="coop", offers=("homework",), period=SPRING),
    ]


def household(number: int, firm: str) -> list[wis.Event]:
    """Enrol a person, form the household, declare what it needs."""
    child = wis.Member(id="child", age_band=wis.AgeBand.SCHOOL_6_10)
    return [
        wis.PersonEnrolled(person=f"person-{number}", firm=firm),
        wis.HouseholdFormed(household=f"home-{number}", holders=(f"person-{number}",), members=(child,), nil=27),
        wis.NeedDeclared(
            need=f"need-{number}",
            household=f"home-{number}",
            beneficiary="child",
            service="homework_support",
            slots=AFTERNOONS,
            period=SPRING,
            nil=27,
            minutes=360,
            sessions=4,
            price_limit_cents=10_000,
        ),
    ]


def main() -> None:
    """Live the spring."""
    community = wis.Community.open("memory:", clock=lambda: day(3, 1))
    community.record(*opening(), at=day(1, 15))
    community.record(*household(1, "cinema"), *household(2, "cinema"), *household(3, "farm"), at=day(2, 10))

    plan = community.match("greedy")
    plan.check(community.problem())
    levels = [f"{level.name} {level.value} (bound {level.bound})" for level in plan.certificate.levels]
    print("plan:", *levels, sep="\n  ")
    community.adopt(plan, at=day(2, 12))

    network = community.network
    pool = network.pools[plan.pools[0].id]
    dated = community.sessions(pool.id)[0]
    print("sessions:", *dated, sep="\n  ")
    for member in pool.members:
        number = member.need.removeprefix("need-")
        community.record(
            wis.VoucherIssued(
                voucher=f"voucher-{number}",
                fund="care-fund",
                household=f"home-{number}",
                need=member.need,
                face_cents=member.granted_cents,
                valid=SPRING,
            ),
            wis.ServiceBooked(
                engagement=f"engagement-{number}",
                pool=pool.id,
                need=member.need,
                occurrences=dated,
                price_cents=member.share_cents,
            ),
            at=day(2, 13),
        )

    try:
        community.record(wis.ServiceDelivered(engagement="engagement-1", session=0, minutes=90), at=day(2, 20))
    except wis.Refused as refusal:
        print("refused:", refusal)

    for number in (1, 2, 3):
        engagement = f"engagement-{number}"
        delivered = [
            wis.ServiceDelivered(engagement=engagement, session=session, minutes=90) for session in range(len(dated))
        ]
        confirmed = wis.DeliveryConfirmed(engagement=engagement, session=0)
        paid = wis.VoucherRedeemed(
            voucher=f"voucher-{number}",
            engagement=engagement,
            amount_cents=network.vouchers[f"voucher-{number}"].left_cents,
        )
        judged = wis.SatisfactionRecorded(engagement=engagement, score=5)
        community.record(*delivered, confirmed, paid, judged, at=day(5, 20))

    print("the story of need-2:")
    for recorded in community.events(about="need-2", related=True):
        print(f"  {recorded.occurred_at.date()} {recorded.fact.name}")
    for indicator in community.indicators(wis.Period.parse("2026-01-01/2027-01-01")):
        if indicator.id in ("I1.1", "I2.1", "I4.2e"):
            print(f"{indicator.id} {indicator.title}: {indicator.value} {indicator.unit}")
    print("breaches:", community.network.check())


if __name__ == "__main__":
    main()
