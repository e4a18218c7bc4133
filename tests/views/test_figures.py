"""How a figure is made of what was seen."""

from telling import MARCH

from wis_engine.views.figures import DEFINITIONS, Counted, Definition, Reading, Seen, figure
from wis_engine.views.indicators import COUNTERS, NOTES

DEFINED = Definition(id="T1", phase=1, title="Things", title_it="Cose", unit="things", scope="project")


def made(*readings, **changes):
    return figure(DEFINED, readings, **{"period": MARCH, "position": 9, "target": 4} | changes)


def test_every_figure_has_what_counts_it():
    assert set(COUNTERS) == set(DEFINITIONS)
    assert set(NOTES) <= set(DEFINITIONS)


def test_figures_stand_in_the_order_of_the_card():
    assert list(DEFINITIONS) == sorted(DEFINITIONS)
    assert [one.phase for one in DEFINITIONS.values()] == [1] * 5 + [2] * 3 + [3] * 3 + [4] * 11 + [None] * 9
    assert all(one.title and one.title_it and one.unit and one.scope for one in DEFINITIONS.values())


def test_an_id_counts_once_however_often_it_was_seen():
    seen = (Seen(id="b", facts=(3,)), Seen(id="a", facts=(2,), amount=5), Seen(id="b", facts=(3, 1)))
    one = made(Reading(seen=seen))
    assert (one.value, one.ids) == (2, ("a", "b"))
    assert one.counted == (Counted(id="a", amount=1, facts=(2,)), Counted(id="b", amount=1, facts=(1, 3)))
    assert (one.target, one.position, one.unit, one.scope, one.note) == (4, 9, "things", "project", "")


def test_a_sum_adds_what_each_id_adds():
    seen = (Seen(id="b", facts=(3,), amount=2), Seen(id="b", facts=(4,), amount=7), Seen(id="a", facts=(1,), amount=-3))
    one = made(Reading(adds=True, seen=seen), note="n")
    assert (one.value, one.note) == (6, "n")
    assert [(each.id, each.amount) for each in one.counted] == [("a", -3), ("b", 9)]


def test_nothing_seen_is_zero():
    assert (made(Reading(seen=())).value, made(Reading(adds=True, seen=())).counted) == (0, ())


def test_other_readings_and_parts_are_variants():
    seen = (
        Seen(id="a", facts=(1,), under=(("role", "employee"),)),
        Seen(id="b", facts=(2,), under=(("role", "employee"), ("gender", "man"))),
        Seen(id="b", facts=(3,), under=(("role", "entrepreneur"),)),
    )
    one = made(
        Reading(seen=seen), Reading(name="time", unit="minutes", adds=True, seen=(Seen(id="c", facts=(5,), amount=90),))
    )
    assert [(each.split, each.name, each.value, each.unit) for each in one.variants] == [
        ("", "time", 90, "minutes"),
        ("gender", "man", 1, "things"),
        ("role", "employee", 2, "things"),
        ("role", "entrepreneur", 1, "things"),
    ]
    assert one.variant("entrepreneur", "role").ids == ("b",)
    assert one.variant("woman", "gender").value == 0
    assert one.variant("time").counted == (Counted(id="c", amount=90, facts=(5,)),)


def test_the_order_in_which_things_are_seen_leaves_no_trace():
    seen = tuple(Seen(id=f"i{n % 3}", facts=(n,), amount=n, under=(("odd", str(n % 2)),)) for n in range(7))
    for adds in (False, True):
        assert made(Reading(adds=adds, seen=seen)) == made(Reading(adds=adds, seen=seen[::-1]))
