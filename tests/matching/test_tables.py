import pytest
from hypothesis import given
from hypothesis import strategies as st

from wis_engine.errors import Malformed
from wis_engine.matching import Need, Offer, Problem, Step
from wis_engine.values import AgeBand, Channel, Period, Point, PriceTier, WeekSlots

NEEDS = """id,minutes,service,sessions,slots,period,lat_microdegrees,lon_microdegrees,priority,age_band,steps
n1,480,homework,8,"mon-fri 16:00-19:00, sat 09:00-12:00",2026-03-02/2026-03-30,45460000,9190000,2,school-6-10,
n2,90,,,,,,,,,pickup:30|homework:60
"""
OFFERS = """id,capacity_minutes,tiers,mobile,zones,channel,languages
o1,960,1:1200|4/10:800,yes,3|5,wemi,it|en
o2,60,,no,,,
"""
BUDGETS = "id,cap_cents,services,share_percent\ng1,1000,homework|pickup,30\n"


def test_tables_give_the_same_problem_as_values():
    problem, diagnostics = Problem.from_csv(NEEDS, OFFERS, BUDGETS)
    assert diagnostics == ()
    assert problem.needs == (
        Need(
            id="n1",
            minutes=480,
            service="homework",
            sessions=8,
            slots=WeekSlots.parse("mon-fri 16:00-19:00, sat 09:00-12:00"),
            period=Period.parse("2026-03-02/2026-03-30"),
            place=Point(45_460_000, 9_190_000),
            priority=2,
            age_band=AgeBand.SCHOOL_6_10,
        ),
        Need(id="n2", minutes=90, steps=[Step(service="pickup", minutes=30), Step(service="homework", minutes=60)]),
    )
    assert problem.offers[0] == Offer(
        id="o1",
        capacity_minutes=960,
        tiers=[PriceTier(price_cents=1200), PriceTier(people_from=4, units_from=10, price_cents=800)],
        mobile=True,
        zones=[3, 5],
        channel=Channel.WEMI,
        languages=["it", "en"],
    )
    assert problem.budgets[0].services == {"homework", "pickup"}


def test_a_bad_row_is_left_out_with_its_place_and_reason():
    table = "id,minutes,priority,colour\nn1,60,1,red\nn2,sixty,x,\nn1,30,,\n,30,,\nn3,0,,\nn4\nn5,1,1,1,1\n\n"
    problem, diagnostics = Problem.from_csv(table, "")
    assert [need.id for need in problem.needs] == ["n1"]
    assert [(one.row, one.column) for one in diagnostics] == [
        (1, "colour"),
        (3, "minutes"),
        (3, "priority"),
        (4, ""),
        (5, ""),
        (6, ""),
        (7, ""),
        (8, ""),
    ]
    assert str(diagnostics[1]) == "needs row 3, minutes: row left out (not a whole number)"


def test_cells_that_cannot_be_read_say_why():
    _, diagnostics = Problem.from_csv(
        "id,minutes,slots,period,age_band,steps\nn,1,noon,today,young,pickup\n",
        "id,capacity_minutes,mobile,tiers,zones\no,1,perhaps,1200,1|x\n",
    )
    assert [(one.table, one.column, one.why) for one in diagnostics] == [
        ("needs", "slots", "no window of a week"),
        ("needs", "period", "no period"),
        ("needs", "age_band", f"not one of {', '.join(AgeBand)}"),
        ("needs", "steps", "not a service and its minutes"),
        ("offers", "mobile", "neither yes nor no"),
        ("offers", "tiers", "not a threshold and a price"),
        ("offers", "zones", "not a whole number"),
    ]


def test_a_table_that_is_no_csv_keeps_the_rows_before():
    problem, diagnostics = Problem.from_csv('id,minutes\nn1,1\nn2,"' + "x" * 200_000 + '"\n', "")
    assert [need.id for need in problem.needs] == ["n1"]
    assert [one.what for one in diagnostics] == ["rest left out"]


def test_a_place_off_the_globe_and_a_doubled_column_are_reported():
    problem, diagnostics = Problem.from_csv(
        "id,minutes,lat_microdegrees,lon_microdegrees\nn1,1,99000000,0\n", "id,id,capacity_minutes\no,o,1\n"
    )
    assert not problem.needs
    assert not problem.offers
    assert [one.table for one in diagnostics] == ["needs", "offers"]


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("id,minutes,lat_microdegrees\nn,60,45460000\n", "lon_microdegrees"),
        ("id,minutes,lat_microdegrees,lon_microdegrees\nn,60,,9190000\n", "lat_microdegrees"),
    ],
)
def test_half_a_place_is_reported(table, column):
    problem, (one,) = Problem.from_csv(table, "")
    assert not problem.needs
    assert (one.row, one.column, one.why) == (2, column, "half a place")


def test_a_missing_column_is_named_once():
    problem, diagnostics = Problem.from_csv("minutes\n60\n30\n", "id\no\n", "services\ns\n")
    assert not problem.needs
    assert [(one.table, one.row, one.column, one.why) for one in diagnostics] == [
        ("needs", 1, "id", "the column is missing"),
        ("offers", 1, "capacity_minutes", "the column is missing"),
        ("budgets", 1, "id", "the column is missing"),
        ("budgets", 1, "cap_cents", "the column is missing"),
    ]


def test_needs_too_large_together_are_reported():
    problem, (one,) = Problem.from_csv(f"id,minutes\nm,{2**62}\nn,1\n", "id,capacity_minutes\no,1\n")
    assert (problem.needs, one.what) == ((), "table left out")
    assert [offer.id for offer in problem.offers] == ["o"]


@pytest.mark.parametrize("tables", [(None, ""), ("", b"id"), ("", "", 3)])
def test_what_is_no_text_is_malformed(tables):
    with pytest.raises(Malformed):
        Problem.from_csv(*tables)


@given(st.text(max_size=80), st.text(alphabet='id,minutes\n"|:1x', max_size=80))
def test_reading_never_raises(needs, offers):
    problem, _ = Problem.from_csv(f"id,minutes,slots,period,steps,age_band\n{needs}", offers)
    assert isinstance(problem, Problem)
