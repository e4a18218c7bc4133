import itertools
import re

import attrs
import pytest
import stories
from lived import lived, summary
from pages import CASES, Read, told

from wis_engine.community import Community
from wis_engine.errors import Malformed
from wis_engine.report import page, summarise
from wis_engine.report.words import words
from wis_engine.views.figures import DEFINITIONS, Variant

BYTES_MAX = 400_000


def test_a_page_stands_alone(read):
    assert not {tag for tag, _ in read.tags} & {"script", "link", "img", "iframe", "object", "base", "form"}
    assert not re.search(r"https?:|//\w|@import|url\(", read.html)
    for _, attributes in read.tags:
        for name, value in attributes.items():
            assert not name.startswith("on")
            if name in ("href", "src"):
                assert value.startswith("#")
                assert value[1:] in read.ids


def test_a_page_is_light(read):
    assert len(read.html.encode()) < BYTES_MAX


def test_a_page_says_its_language_and_who_made_it(read):
    language = read.all("html")[0]["lang"]
    assert read.html.startswith(f'<!DOCTYPE html>\n<html lang="{language}"><head><meta charset="utf-8">')
    made = [one["content"] for one in read.all("meta") if one.get("name") == "generator"]
    assert re.fullmatch(r"wis_engine \d.*", made[0])
    assert made[0] in read.text
    assert read.all("meta")[-1]["name"] == "viewport"


def test_headings_come_in_order_and_ids_once(read):
    levels = [int(tag[1]) for tag, _ in read.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert len(read.ids) == len(set(read.ids))


def test_tables_have_captions_and_scopes_and_pictures_a_title(read):
    assert len(read.all("caption")) == len(read.all("table"))
    assert {one.get("scope") for one in read.all("th")} == {"row", "col"}
    pictures = re.findall(r'<svg [^>]*role="img"[^>]*>(<title>)?', read.html)
    assert len(pictures) == 3
    assert all(pictures)
    others = [one for one in read.all("svg") if one.get("role") != "img"]
    assert all(one["aria-hidden"] == "true" for one in others)


def test_rows_are_as_long_as_their_heads(read):
    for table in re.findall(r"<table.*?</table>", read.html, re.DOTALL):
        columns = table.count("<th scope=col")
        for row in table.partition("<tbody>")[2].split("</tr>")[:-1]:
            assert row.count("<th scope=row>") == 1
            assert row.count("<td") == columns - 1


@pytest.mark.parametrize("detail", [False, True])
def test_both_languages_have_one_structure(pages, detail):
    it, en = (
        [(tag, one.get("class"), one.get("id")) for tag, one in pages[language, detail].tags]
        for language in ("it", "en")
    )
    assert it == en


def leftovers(language):
    """What the other language would say and this one never does, apart from what a fact says in any language."""
    mine, other = words(language), words("en" if language == "it" else "it")
    whole = set(mine.phrases.values())
    for key, phrase in other.phrases.items():
        if len(phrase.split()) < 2 or "{" in phrase or phrase == mine.phrases[key] or phrase in whole:
            continue
        yield phrase


def recorded():
    """What was recorded of things handed over: it stays in the language in which it was."""
    handed = summary().handed
    yield from (one.title for one in handed.campaigns)
    yield from (item for one in handed.products for item in one.items)
    for one in handed.chosen:
        yield from (one.supplier, one.reason or "–")


@pytest.mark.parametrize("case", CASES)
def test_no_word_of_the_other_language_is_left(pages, case):
    text = pages[case].text
    for one in sorted(recorded(), key=len, reverse=True):
        text = text.replace(one, " ")
    for phrase in leftovers(case[0]):
        assert f" {phrase} " not in f" {text} ", phrase
    strangers = {
        "it": r"the|of|and|with|was|were|which|needs?|households?",
        "en": r"il|che|della|delle|sono|nel|bisogni?",
    }
    spoken = text
    data = [summary().title, *(one.title for one in lived().community.network.actions.values())]
    data += [fund.fund for fund in summary().money.funds] + list(lived().community.network.tables["needs"])
    data += re.findall(r"\S*-\S*", text) + [zone.name for zone in summary().zones]
    data += ["Nuclei di Identità Locale (NIL) VIGENTI", "Comune di Milano"]
    for one in sorted(data, key=len, reverse=True):
        spoken = spoken.replace(one, " ")
    found = re.findall(rf"\b(?:{strangers[case[0]]})\b", spoken)
    assert found == []


def test_every_indicator_is_told_in_both_languages(pages):
    for (language, _), read in pages.items():
        for one in DEFINITIONS.values():
            named = f'{one.title_it if language == "it" else one.title} <span class="id">{one.id}</span>'
            assert named.replace("'", "&#x27;") in read.html
            assert words(language)(f"counts.{one.id}") in read.text


def test_every_figure_stands_with_its_unit_and_its_target(pages):
    for one in summary().figures:
        for (language, _), read in pages.items():
            row = re.search(rf'<span class="id">{re.escape(one.id)}</span></th>(.*?)</tr>', read.html)[1]
            tell = words(language)
            assert f">{tell.measure(one.value, one.unit)}</td>" in row
            assert f">{tell('word.no_target') if one.target is None else tell.number(one.target)}</td>" in row
            for part in one.variants:
                if not part.split:
                    assert f"<li>{tell.code('reading', part.name)}: {tell.measure(part.value, part.unit)}</li>" in row


def reported(page, **changes):
    row = {"report": "r-9", "period": "2023-01-01/2023-04-01", "position": 9, "indicator": "I4.2b"}
    said = attrs.evolve(summary(), reported=(row | changes,))
    return page(said, language="en")


@pytest.mark.parametrize(
    ("changes", "cell"),
    [
        ({"reported": 90, "known": 90}, "<td class=n data-label=LABEL>1:30 h</td>"),
        ({"reported": 90, "known": 60}, "<div>1:30 h</div><div>now 1 h</div>"),
        ({"indicator": "of-mine", "reported": 7, "known": None}, "<td class=n data-label=LABEL>7</td>"),
    ],
)
def test_a_report_stands_beside_what_is_known_now(changes, cell):
    drawn = reported(page, **changes)
    assert ">r-9, 1 January 2023 to 31 March 2023</th>" in drawn
    assert cell.replace("LABEL", '"r-9, 1 January 2023 to 31 March 2023"') in drawn


def test_points_are_told_for_one_answer_on_average():
    figure = next(one for one in summary().figures if one.id == "X1")
    answers = Variant(split="", name="answers", value=3, unit="answers", counted=())
    for value, mean in ((5, "1.66"), (-5, "−1.66"), (0, "0.00")):
        made = attrs.evolve(figure, value=value, variants=(answers,))
        said = attrs.evolve(summary(), figures=tuple(made if one.id == "X1" else one for one in summary().figures))
        assert f"<li>{mean} an answer on average</li>" in page(said, language="en")


def test_classes_that_were_planned_together_stay_together():
    row = {"cost_classes": "goods, services", "planned_cents": 3_050_000, "spent_cents": 0}
    said = attrs.evolve(summary(), money=attrs.evolve(summary().money, classes=(row,)))
    assert ">beni e servizi</th>" in page(said)
    assert ">goods and services</th>" in page(said, language="en")


def test_a_target_is_said_to_be_reached_or_not():
    figures = [attrs.evolve(one, value=one.target or 0) for one in summary().figures]
    reached = page(attrs.evolve(summary(), figures=tuple(figures)), language="en")
    assert "not reached" not in reached
    assert "reached: 80 of 80" in reached
    figures = [attrs.evolve(one, value=max(0, (one.target or 0) - 1)) for one in summary().figures]
    assert "not reached: 79 of 80" in page(attrs.evolve(summary(), figures=tuple(figures)), language="en")


def test_every_section_says_that_demand_is_simulated(read):
    mark = "domanda simulata" if read.all("html")[0]["lang"] == "it" else "simulated demand"
    headings = re.findall(r"<h[12]>(.*?)</h[12]>", read.html)
    assert len(headings) > 8
    assert all(mark in heading for heading in headings)
    assert f"({mark})</title>" in read.html


@pytest.mark.parametrize("language", ["it", "en"])
def test_a_real_community_is_not_called_simulated(language):
    titled = tuple(attrs.evolve(one, supplier="Uno") for one in summary().handed.chosen)
    handed = attrs.evolve(summary().handed, chosen=titled)
    real = page(attrs.evolve(summary(), simulated=False, handed=handed), language=language, detail=True)
    assert "simulat" not in real.lower()
    assert "wis_engine demo" not in real


def test_a_page_is_known_as_the_demo_s_by_its_head(read):
    assert '<meta name="generator" content="wis_engine demo">' in read.html[: read.html.index("</head>")]


def test_a_funder_s_page_names_no_household_and_no_need(pages):
    network = lived().community.network
    hidden = {*network.households, *network.needs, *network.pools, *network.vouchers, *network.persons}
    for (_, detail), read in pages.items():
        said = set(re.findall(r"[\w-]+", read.text))
        assert bool(hidden & said) is detail
    assert set(network.households) & set(re.findall(r"[\w-]+", pages["it", True].text))


def test_small_numbers_of_a_place_are_for_the_desk_only(pages):
    figure = next(one for one in summary().figures if one.id == "X7")
    parts = [part for part in figure.variants if part.split == "municipio"]
    few = attrs.evolve(parts[0], value=4)
    made = attrs.evolve(figure, variants=(few, *(part for part in figure.variants if part.split != "municipio")))
    said = attrs.evolve(summary(), figures=tuple(made if one.id == "X7" else one for one in summary().figures))
    place = f"Municipio {few.name}"
    assert f"<title>{place}: fewer than 5 needs unmet</title>" in page(said, language="en")
    assert f"{few.name} (fewer than 5)" in page(said, language="en")
    assert f"<title>{place}: 4 needs unmet</title>" in page(said, language="en", detail=True)
    shades = {
        value: re.search(rf'<g fill="(#\w+)"><title>{place}', page(shaded(said, made, few, value)))[1]
        for value in (0, 1, 4)
    }
    assert shades[0] != shades[1] == shades[4]


def shaded(said, figure, part, value):
    """The same with another number at the place."""
    others = tuple(one for one in figure.variants if one.split != "municipio")
    made = attrs.evolve(figure, variants=(attrs.evolve(part, value=value), *others))
    return attrs.evolve(said, figures=tuple(made if one.id == "X7" else one for one in said.figures))


def test_what_comes_from_data_is_escaped():
    evil = "<script>alert('x')</script> & «co»"
    said = attrs.evolve(
        summary(),
        title=evil,
        unmet=(attrs.evolve(summary().unmet[0], reason="<i>"),),
        money=attrs.evolve(summary().money, actions=(attrs.evolve(summary().money.actions[0], title=evil),)),
    )
    drawn = page(said, detail=True)
    assert "<script" not in drawn
    assert "<i>" not in drawn
    assert drawn.count("&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt; &amp; «co»") == 3
    Read(drawn)


def test_a_community_of_other_people_is_drawn_with_every_fact_there_is():
    said = summarise(told())
    for language in ("it", "en"):
        read = Read(page(said, language=language, detail=True))
        margin = words(language).money(6_000)
        rules = next(one for one in read.html.split("<table") if words(language)("rules.caption") in one)
        assert rules.count(f">{margin}</td>") == 2
        assert words(language)("word.no") in re.search(r'id="budget".*?</section>', read.html, re.DOTALL)[0]
        assert "r1" in read.text


def test_a_project_without_needs_is_drawn():
    with Community.open("memory:", clock=lambda: stories.START) as community:
        community.record(stories.project())
        said = summarise(community)
    for language in ("it", "en"):
        tell = words(language)
        read = Read(page(said, language=language, detail=True))
        for key in (
            "needs.nobody",
            "pools.no_pools",
            "pools.no_chains",
            "plans.nothing",
            "rules.none",
            "desk.no_story",
        ):
            assert tell(key) in read.text


def test_the_same_summary_gives_the_same_bytes():
    assert page(summary()) == page(summarise(lived().community))


def test_there_is_no_page_in_another_language():
    with pytest.raises(Malformed):
        page(summary(), language="fr")
