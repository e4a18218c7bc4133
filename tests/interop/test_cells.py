import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wis_engine.catalogue import services
from wis_engine.errors import Malformed
from wis_engine.interop import cells
from wis_engine.territory import zones
from wis_engine.values import AgeBand, Channel


def refuses(read, cell, **options):
    """Read what must be refused, in words that hold nothing of it."""
    with pytest.raises(Malformed) as told:
        read(cell, **options)
    return str(told.value)


# Money


@pytest.mark.parametrize(
    ("cell", "cents"),
    [
        ("12,50", 1_250),
        ("12.50", 1_250),
        ("12,5", 1_250),
        ("12", 1_200),
        ("0", 0),
        ("0,05", 5),
        ("0,125".removesuffix("5"), 12),
        ("1.234,50", 123_450),
        ("1,234.50", 123_450),
        ("1 234,50", 123_450),
        ("1\u00a0234,50", 123_450),
        ("1.234.567", 123_456_700),
        ("1.234.567,89", 123_456_789),
        ("€ 12,50", 1_250),
        ("12,50 €", 1_250),
        ("12,50 EUR", 1_250),
        ("+3", 300),
        ("12,500000", 1_250),
        ("0,500", 50),
    ],
)
def test_amounts_are_read_to_the_cent(cell, cents):
    assert cells.euro_cents(cell) == cents


@pytest.mark.parametrize("cell", ["1.234", "1,234", "12.500", "€ 1.000"])
def test_thousands_or_thousandths_is_not_guessed(cell):
    assert "thousands or decimals" in refuses(cells.euro_cents, cell)


@pytest.mark.parametrize(
    "cell",
    ["", "-1", "\u22121", "12,505", "1.23.4", "1.2345,6", "12,", ",5", "--1", "1e3", "ten", "12,5,5", "9" * 41, "٣"],
)
def test_what_is_no_amount_is_refused(cell):
    assert cell not in refuses(cells.euro_cents, cell) or len(cell) < 3


@given(st.integers(0, 10**12), st.booleans(), st.sampled_from(["", "€ "]))
def test_every_amount_comes_back(cents, italian, sign):
    point, comma = (",", ".") if italian else (".", ",")
    whole, rest = divmod(cents, 100)
    grouped = f"{whole:,}".replace(",", comma)
    assert cells.euro_cents(f"{sign}{grouped}{point}{rest:02d}") == cents
    assert cells.euro_cents(f"{whole}{point}{rest:02d} EUR") == cents


# Numbers


def test_whole_numbers_may_have_empty_decimals():
    assert [cells.whole(cell) for cell in ("8", "8,0", "8.00", "1 000")] == [8, 8, 8, 1_000]
    assert refuses(cells.whole, "8,5") == "not a whole number"
    assert "63 bits" in refuses(cells.whole, "9" * 20)


def test_degrees_have_no_thousands():
    assert cells.scaled("45.464", 6, grouped=False) == 45_464_000
    assert cells.scaled("-9,19", 6, grouped=False) == -9_190_000
    refuses(cells.scaled, "1.234,5", places=6, grouped=False)


def test_a_per_cent_has_its_sign_or_none():
    assert cells.percent("85%") == cells.percent("85 %") == cells.percent("85") == 85


# Time


@pytest.mark.parametrize(
    ("cell", "unit", "minutes"),
    [
        ("90", 1, 90),
        ("90", 60, 5_400),
        ("1,5", 60, 90),
        ("1.5", 60, 90),
        ("0,25", 60, 15),
        ("1:30", 60, 90),
        ("01:30:00", 60, 90),
        ("1h30", 1, 90),
        ("1 h 30 min", 60, 90),
        ("2 ore", 1, 120),
        ("1,5 ore", 1, 90),
        ("90 min", 60, 90),
        ("90'", 60, 90),
        ("90 minuti", 1, 90),
    ],
)
def test_durations_are_read_in_the_unit_they_say(cell, unit, minutes):
    assert cells.minutes(cell, unit=unit) == minutes


@pytest.mark.parametrize(
    ("cell", "unit", "why"),
    [
        ("1:30", 1, "seconds"),
        ("1,33", 60, "whole minutes"),
        ("1,5", 1, "whole minutes"),
        ("1.500", 1, "thousands"),
        ("-90", 1, "duration"),
        ("", 1, "duration"),
        ("soon", 1, "duration"),
        ("1:75", 60, "duration"),
    ],
)
def test_durations_that_are_unclear_are_refused(cell, unit, why):
    assert why in refuses(cells.minutes, cell, unit=unit)


def test_dates_are_iso_or_begin_with_the_day():
    for cell in ("2026-03-31", "31/03/2026", "31/3/2026", "31.03.2026", "31-03-2026", "2026-03-31 00:00:00"):
        assert cells.date(cell) == dt.date(2026, 3, 31)


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("31/03/26", "century"),
        ("03/31/2026", "no such day"),
        ("2026-02-30", "no such day"),
        ("2026-03-31 09:00", "not a date"),
        ("31/03-2026", "not a date"),
        ("46112", "not a date"),
    ],
)
def test_days_that_are_unclear_are_refused(cell, why):
    assert why in refuses(cells.date, cell)


def test_months_first_show_and_others_may_be_either():
    assert [cells.is_month_first(cell) for cell in ("03/31/2026", "31/03/2026", "03/04/2026")] == [True, False, False]
    assert [cells.is_either_way(cell) for cell in ("03/04/2026", "04/04/2026", "31/03/2026")] == [True, False, False]


def test_a_price_is_for_an_hour_for_minutes_or_for_the_whole_need():
    told = {"hour": 60, "Ora": 60, "all'ora": 60, "30 min": 30, "45": 45, "whole": 0, "bisogno": 0, "a corpo": 0}
    assert {cell: cells.price_minutes(cell) for cell in told} == told
    assert "hour" in refuses(cells.price_minutes, "seduta")


# Names


def test_an_id_is_made_of_a_name_and_an_id_stays():
    told = {"Il Cinemino": "Il-Cinemino", "È la società": "E-la-societa", "n_1.b-c": "n_1.b-c", "-1": "-1", "«a»": "a"}
    assert {cell: cells.identifier(cell) for cell in told} == told
    for cell in ("???", "x" * 65, "日本"):
        refuses(cells.identifier, cell)


def test_every_service_is_found_by_code_line_and_names():
    for one in services():
        for name in (one.code, one.card_id, one.name_it.upper(), f"  {one.name_en} "):
            assert cells.service_code(name) == one.code


def test_a_word_of_ones_own_has_one_form():
    assert cells.service_code("Dopo-Scuola") == cells.service_code("dopo  scuola") == "dopo_scuola"


def test_age_bands_are_read_by_code_and_by_years():
    for band in AgeBand:
        assert cells.age_band(band) is band
    assert cells.age_band("6-10") is cells.age_band("6 – 10 anni") is AgeBand.SCHOOL_6_10
    assert cells.age_band("75+") is AgeBand.OLD_75_PLUS
    refuses(cells.age_band, "7-10")


def test_channels_are_read_in_both_languages():
    assert cells.channel("Convenzione") is cells.channel("agreement") is Channel.AGREEMENT
    assert (cells.channel("WeMi"), cells.channel("azienda partner")) == (Channel.WEMI, Channel.PARTNER)
    refuses(cells.channel, "altro")


def test_every_zone_is_found_by_number_and_by_name():
    for one in zones():
        assert cells.nil(str(one.nil)) == cells.nil(f"NIL {one.nil}") == cells.nil(one.name.lower()) == one
    for cell in ("0", "89", "Porta"):
        refuses(cells.nil, cell)


def test_yes_and_no():
    assert [cells.yes(cell) for cell in ("sì", "SI", "yes", "x", "VERO", "no", "0", "False")] == [True] * 5 + [
        False
    ] * 3
    refuses(cells.yes, "forse")


def test_a_list_is_split_at_bars_semicolons_and_lines():
    assert cells.listed("a | b; c\nd||") == ["a", "b", "c", "d"]
