import pytest
from lived import lived, summary
from pages import told

from wis_engine.facts.needs import needs_consent
from wis_engine.report.story import ServiceName, service_name, story
from wis_engine.report.words import words
from wis_engine.values import Redacted


def test_it_runs_from_declaration_to_confirmed_delivery_and_payment():
    lines = [line.said(words("en")) for line in summary().story.lines]
    assert "declared" in lines[0]
    for what in ("A match placed it together", "was issued", "booked as", "took place", "confirmed", "paid", "judged"):
        assert any(what in line for line in lines)
    whens = [line.when for line in summary().story.lines]
    assert whens == sorted(whens)
    need = lived().community.network.needs[summary().story.need]
    assert not needs_consent(need.service)


@pytest.mark.parametrize("language", ["it", "en"])
@pytest.mark.parametrize("community", [lambda: lived().community, told], ids=["pilot", "every fact"])
def test_every_need_has_a_story_in_words(community, language):
    tell, community = words(language), community()
    other = tell("fact.other", name="")[:10]
    for need in sorted(community.network.needs):
        lines = [line.said(tell) for line in story(community, need).lines]
        assert lines[0].startswith("Household" if language == "en" else "Il nucleo")
        assert not any(line.startswith(other) for line in lines)


def test_a_redacted_service_is_withheld():
    name = service_name(Redacted("service", "h01"))
    assert (name.said(words("it")), name.said(words("en"))) == ("servizio riservato", "service withheld")
    assert name.both == "(withheld)"


def test_a_service_is_named_in_the_language_of_the_page():
    name = service_name("errands")
    assert name == ServiceName("Piccole commissioni", "Small errands")
    assert (name.said(words("it")), name.said(words("en"))) == (name.it, name.en)
    assert name.both == "Piccole commissioni (Small errands)"
