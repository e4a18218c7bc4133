import importlib
import re
from pathlib import Path

import pytest
from doc_tables import ROOT, TABLES, block, made, page, readers

import wis_engine as wis
from wis_engine.facts import EVENTS
from wis_engine.views.figures import DEFINITIONS

INSTRUMENTS = (
    "Schede Bisogni e Richieste",
    "Schede aziendali",
    "Interviste semistrutturate",
    "Piani Personalizzati di Conciliazione",
    "Accordo di rete",
    "Convenzioni",
    "Voucher",
    "Schede richieste servizi",
    "Scheda soddisfazione",
    "Database Servizi",
    "Database Fornitori",
    "Registri presenza",
    "Fogli firma",
    "Verbali",
    "monitoraggio",
    "Strumenti di rendicontazione",
    "Documentazione di progetto",
    "Materiali",
    "nuovi padri",
    "KIT WIS",
    "welfare manager",
)
"""The instruments of the project card, by the words of the card."""

PAGES = ("card.md", "facts.md", "glossary.md", "own_facts.md", "recording.md", "stability.md", "strategies.md")


def ticked(text):
    return re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


def place_of(name):
    """Where a path that a page names may be."""
    return [ROOT / name, ROOT / "src/wis_engine" / name]


@pytest.mark.parametrize(("name", "mark"), TABLES, ids=lambda part: part)
def test_a_table_is_what_the_code_says(name, mark):
    assert block(page(name), mark) == made(name, mark), "write it again: python -m tests.doc_tables"


def test_every_fact_has_a_reader_and_no_other_is_named():
    assert set(readers()) == {event.__name__ for event in EVENTS}
    assert all(readers().values())


def test_the_card_page_names_only_what_there_is():
    extra = {name: importlib.import_module(f"wis_engine.{home}") for name, home in (("Role", "network.parties"),)}
    named = {name for name in ticked(page("card.md")) if re.fullmatch(r"[A-Z][a-z]\w+(\.\w+)?", name)}
    assert len(named) > 50
    for name in named:
        top, _, attribute = name.partition(".")
        found = getattr(wis, top, None) or getattr(extra.get(top), top, None)
        assert found is not None, name
        assert not attribute or hasattr(found, attribute) or attribute in {a.name for a in found.__attrs_attrs__}, name
    for figure in re.findall(r"\b([IX]\d(?:\.\d[a-e]?)?)\b", page("card.md")):
        assert figure in DEFINITIONS, figure


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_every_instrument_of_the_card_has_its_place(instrument):
    assert instrument in page("card.md")


def test_every_fact_is_told_by_some_line_of_the_card_page_or_serves_the_matcher():
    beside = {
        *("NeedRevised", "NeedWithdrawn", "NeedExpired", "NeedUnmet", "OfferRevised", "OfferWithdrawn"),
        *("PlanAdopted", "PoolMemberLeft", "PoolDissolved", "ChainBroken", "SupplierOffered"),
        *("SupplierSuspended", "SupplierReinstated", "FirmLeft", "PersonLeft", "ConsentGiven", "ConsentWithdrawn"),
        *("ServiceBooked", "ServiceDelivered", "ServiceRescheduled", "ServiceCancelled", "NoShowRecorded"),
        *("DeliveryConfirmed", "DeliveryDisputed", "DisputeResolved", "VoucherExpired", "VoucherCancelled"),
        *("StaffHoursReversed",),
    }
    named = {name.partition(".")[0] for name in ticked(page("card.md"))}
    assert {event.__name__ for event in EVENTS} - named == beside


@pytest.mark.parametrize("name", PAGES)
def test_every_page_that_a_page_names_is_there(name):
    for path in ticked(page(name)):
        if re.fullmatch(r"[\w./-]+\.(md|py|toml|json|txt)", path) and path != "plan.json":
            assert any(Path(place).exists() for place in place_of(path)), path


def test_the_readme_leads_to_these_pages():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in PAGES if f"docs/{name}" not in readme] == []
