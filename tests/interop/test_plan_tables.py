import csv
import io

import pytest

from wis_engine.interop.plan_tables import (
    PLAN_HEADER,
    REASONS_HEADER,
    Form,
    diagnostic_rows,
    plan_rows,
    reason_rows,
)
from wis_engine.matching import Budget, Diagnostic, Need, Offer, Problem, Step, solve
from wis_engine.values import Period, PriceTier, WeekSlots


def read(text, delimiter):
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text[1:], newline=""), delimiter=delimiter))


@pytest.fixture(scope="module")
def matched():
    """Two served together with public money, one by a chain, one alone without a time, one not at all."""
    monday, march = WeekSlots.parse("mon 16:00-18:00"), Period.parse("2026-03-02/2026-03-30")
    together = {"minutes": 120, "sessions": 2, "service": "homework", "slots": monday, "period": march}
    steps = [Step(service="pickup", minutes=30), Step(service="homework", minutes=30)]
    problem = Problem(
        needs=[
            Need(id="a", household="h1", firm="f1", **together),
            Need(id="b", **together),
            Need(id="c", minutes=60, steps=steps, slots=WeekSlots.parse("tue 16:00-18:00"), period=march),
            Need(id="d", minutes=60, service="other"),
            Need(id="e", minutes=60, service="nothing"),
        ],
        offers=[
            Offer(
                id="o1", service="homework", supplier="s1", capacity_minutes=600, unit_minutes=60,
                tiers=[PriceTier(price_cents=1_000), PriceTier(people_from=2, price_cents=705)],
            ),
            Offer(id="o2", service="pickup", supplier="s2", capacity_minutes=600),
            Offer(id="o3", service="other", capacity_minutes=600),
        ],
        budgets=[Budget(id="g", cap_cents=500, household_cap_cents=500)],
    )  # fmt: skip
    return problem, solve(problem)


@pytest.mark.parametrize(("delimiter", "mark"), [(",", "."), (";", ","), ("\t", ".")])
def test_a_plan_is_a_row_for_each_need_that_is_served(matched, delimiter, mark):
    problem, plan = matched
    form = Form(delimiter=delimiter)
    rows = {row["need"]: row for row in read(form.table(PLAN_HEADER, plan_rows(problem, plan, form)), delimiter)}
    assert set(rows) == {"a", "b", "c", "d"}
    first = rows["a"]
    assert (first["household"], first["firm"], first["people"], first["service"]) == ("h1", "f1", "2", "homework")
    assert (first["offers"], first["starts"], first["pool"]) == ("o1", "mon 16:00", rows["b"]["pool"])
    assert (first["first_day"], first["last_day"], first["sessions"]) == ("2026-03-02", "2026-03-29", "2")
    money = ("share_eur", "public_money_eur", "household_eur", "alone_eur", "saving_eur")
    told = ["14.10", "5.00", "9.10", "20.00", "5.90"]
    assert [first[name] for name in money] == [amount.replace(".", mark) for amount in told]
    assert (rows["c"]["service"], rows["c"]["offers"], rows["c"]["session_minutes"]) == (
        "pickup > homework", "o2 > o1", "60",
    )  # fmt: skip
    assert (rows["d"]["first_day"], rows["d"]["last_day"]) == ("", "")


def test_every_need_is_explained(matched):
    problem, plan = matched
    rows = read(Form().table(REASONS_HEADER, reason_rows(problem, plan, {"e": "look for one"}, "en")), ",")
    assert [(row["need"], row["served"]) for row in rows] == [
        ("a", "yes"), ("b", "yes"), ("c", "yes"), ("d", "yes"), ("e", "no"),
    ]  # fmt: skip
    assert (rows[-1]["reasons"], rows[-1]["explanation"]) == ("service", str(plan.explain("e")))
    assert [row["remedy"] for row in rows] == ["", "", "", "", "look for one"]
    (row,) = (row for row in reason_rows(problem, plan, {}, "it") if row[0] == "e")
    assert row[3] == plan.explain("e").text("it")


def test_amounts_have_their_sign_and_two_decimals():
    assert [Form(delimiter=";").amount(cents) for cents in (-105, -5, 0, 7, 123_456)] == [
        "-1,05", "-0,05", "0,00", "0,07", "1234,56",
    ]  # fmt: skip


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_a_text_that_begins_as_a_formula_is_none(begin):
    one = Diagnostic(table="needs", row=2, column=f'{begin}HYPERLINK("x")', what="w", why=f"{begin}y")
    (row,) = read(Form().table(("column", "why"), [(one.column, one.why)]), ",")
    assert (row["column"], row["why"]) == (f"'{one.column}", f"'{one.why}")
    assert diagnostic_rows([one]) == [("needs", 2, one.column, "w", one.why)]


def test_numbers_of_ours_are_no_formulas():
    form = Form()
    (row,) = read(form.table(("a", "b"), [(-3, form.amount(-300))]), ",")
    assert (row["a"], row["b"]) == ("-3", "-3.00")
