"""The named reasons are the fewest that must go, and what is ruled out early would have failed late."""

from itertools import combinations
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from problems import problems

from wis_engine.errors import Malformed
from wis_engine.matching import Explanation, Need, Offer, Option, Problem, Unserved, solve
from wis_engine.matching.explain import Fallen
from wis_engine.matching.openings import Opening, Openings
from wis_engine.matching.options import STAGES
from wis_engine.matching.reasons import BLOCKERS, Reasons
from wis_engine.matching.standing import Standing
from wis_engine.matching.words import LANGUAGES, Words, words

FILTERS = (*STAGES, Unserved.CHAIN)
STRATEGIES = st.sampled_from(["by_firm", "greedy"])


@given(problems(), STRATEGIES)
def test_with_fewer_out_of_the_way_there_is_no_place(problem, strategy):
    plan = solve(problem, strategy)
    standing = Standing.of(problem, plan)
    draft = standing.draft
    for why in plan.unmatched:
        need = standing.ground.needs[why.need]
        named = 0 if why.reasons == (Unserved.STRATEGY,) else len(why.reasons)
        if why.reasons[0] in FILTERS:
            named = 1
        for count in range(named):
            for chosen in combinations(BLOCKERS, count):
                draft.lifted = frozenset().union(*(rules for _, rules in chosen))
                openings = Openings(draft)
                assert not any(openings.joined(need))
                assert all(opening.short_by() is None for opening in openings.of(need))
        draft.lifted, draft.people = frozenset(), 1


@given(problems(needs_max=7), STRATEGIES)
def test_what_is_ruled_out_early_would_have_failed_late(problem, strategy):
    quick = solve(problem, strategy).unmatched
    with pytest.MonkeyPatch.context() as patched:
        for shortcut in ("_has_room", "_fits_company", "_may_pay", "_affords"):
            patched.setattr(Opening, shortcut, lambda *_: True)
        patched.setattr(Openings, "paying", lambda *_: None)
        assert Reasons(Standing.of(problem, solve(problem, strategy)).draft).of_all() == quick


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("reason", Unserved)
def test_every_reason_is_said_in_every_language(language, reason):
    for offers in (1, 2):
        fallen = (Fallen(stage=reason, offers=offers),) if reason in FILTERS else ()
        short_by = offers if reason is Unserved.GROUP else 0
        why = Explanation(need="n", served=False, reasons=(reason,), fallen=fallen, short_by=short_by)
        said = why.text(language)
        assert said.endswith(".")
        assert ("n non è servito: " if language == "it" else "n is not served: ") in said


@given(problems())
def test_every_need_is_told_in_italian_too(problem):
    plan = solve(problem, "by_zone")
    for need in problem.needs:
        said = plan.explain(need.id).text()
        assert said.startswith(f"Il bisogno {need.id} ")
        assert said.endswith(".")
        assert "\n" not in said


def test_one_and_many_agree():
    far = [
        Explanation(
            need="n",
            served=False,
            reasons=(Unserved.DISTANCE,),
            fallen=(Fallen(stage=Unserved.DISTANCE, offers=count),),
        )
        for count in (1, 2)
    ]
    assert far[0].text() == "Il bisogno n non è servito: nessuna offerta supera i filtri (1 troppo lontana)."
    assert far[1].text() == "Il bisogno n non è servito: nessuna offerta supera i filtri (2 troppo lontane)."
    short = [Explanation(need="n", served=False, reasons=(Unserved.GROUP,), short_by=count).text() for count in (1, 2)]
    assert short == [
        "Il bisogno n non è servito: a un gruppo manca 1 persona.",
        "Il bisogno n non è servito: a un gruppo mancano 2 persone.",
    ]
    both = Explanation(need="n", served=False, reasons=(Unserved.CAPACITY, Unserved.GROUP), short_by=1)
    assert both.text() == (
        "Il bisogno n non è servito: le offerte che potrebbero servirlo sono al completo e a un gruppo manca 1 persona."
    )


def test_a_served_need_is_told_in_italian(rich_plan):
    assert rich_plan.explain("n0").text() == (
        "Il bisogno n0 è servito con altri 2 da o-group: il suo posto costa 35,34 euro, "
        "14,66 euro in meno che da solo, di cui 3,34 euro pagati da fondi pubblici."
    )
    assert rich_plan.explain("n3").text() == (
        "Il bisogno n3 è servito da solo da o-pickup poi o-play: il suo posto costa 7,00 euro."
    )


def test_other_languages_are_refused(rich_plan):
    with pytest.raises(Malformed, match="it, en"):
        rich_plan.explain("n0").text("fr")


def test_numbers_are_written_as_each_language_does():
    italian, english = (words(language) for language in LANGUAGES)
    assert (italian.money(123_456), english.money(-5)) == ("1.234,56 euro", "-0.05 EUR")
    assert [english.time(minutes) for minutes in (0, 45, 60, 90)] == ["0 min", "45 min", "1 h", "1 h 30 min"]


def test_both_languages_have_the_same_phrases():
    italian, english = (words(language).phrases for language in LANGUAGES)
    assert italian.keys() == english.keys()
    for key in italian:
        fields = [{name for _, name, _, _ in Formatter().parse(one[key]) if name} for one in (italian, english)]
        assert fields[0] == fields[1], key


def test_words_show_no_phrases_when_printed():
    assert repr(words("it")) == "Words(language='it')"
    assert isinstance(words("en"), Words)


def test_a_group_that_somebody_would_have_kept_small_is_not_too_small():
    limits = {"a": 101, "b": 100, "c": 101, "d": 101}
    problem = Problem(
        needs=[
            Need(id=name, minutes=60, price_limit_cents=limit, group_max=2 if name == "b" else None)
            for name, limit in limits.items()
        ],
        offers=[Offer(id="o", capacity_minutes=600, opening_cents=301, group_max=3)],
        options=[Option(need=name, offer="o", minutes=60, price_cents=0) for name in limits],
    )
    plan = solve(problem, "by_zone")
    assert {name: plan.explain(name).reasons for name in limits} == {
        "a": (Unserved.STRATEGY,),
        "b": (Unserved.PRICE,),
        "c": (Unserved.STRATEGY,),
        "d": (Unserved.STRATEGY,),
    }
