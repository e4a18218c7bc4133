import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wis_engine.errors import Malformed
from wis_engine.interop.columns import TABLES
from wis_engine.interop.spreadsheets import CELL_MAX, FILE_BYTES_MAX, decoded, read_spreadsheets
from wis_engine.matching import Need, Offer, Step
from wis_engine.territory import zone
from wis_engine.values import AgeBand, Channel, Period, Point, PriceTier, WeekSlots

OFFERS = b"id,capacity_minutes\no,600\n"


def needs_of(text, encoding="utf-8"):
    """Read a table of needs; give what came of it, and where it was left out and why."""
    own = read_spreadsheets(text.encode(encoding), OFFERS)
    assert {one.table for one in own.diagnostics} <= {"needs"}
    return own.problem.needs, [(one.row, one.column, one.why) for one in own.diagnostics]


def offers_of(text):
    own = read_spreadsheets(b"id,minutes\nn,60\n", text.encode())
    return own.problem.offers, [(one.row, one.column, one.why) for one in own.diagnostics]


# One row in full, in two countries


NEED = Need(
    id="bisogno-1",
    household="nucleo-1",
    firm="Il-Cinemino",
    beneficiary="figlia-1",
    service="homework_support",
    minutes=900,
    sessions=10,
    slots=WeekSlots.parse("mon-thu 16:00-19:00"),
    period=Period.parse("2026-03-02/2026-05-30"),
    zone=27,
    place=zone(27).centroid,
    radius_m=1_500,
    price_limit_cents=15_000,
    priority=2,
    group_max=6,
    age_band=AgeBand.SCHOOL_6_10,
    language="it",
    channel=Channel.AGREEMENT,
)
ITALIAN = """\
Codice;Nucleo familiare;Azienda;Beneficiario;SERVIZIO;Ore per incontro;Incontri;Orari;Dal;Al;Quartiere;Raggio (km);\
Spesa massima (€);Priorità;Gruppo massimo;Fascia d’età;Lingua;Canale\r
bisogno 1;nucleo-1;Il Cinemino;figlia-1;Supporto compiti ragazzi in età scolare;1,5;10;lun-gio 16-19;02/03/2026;\
29/05/2026;Porta Romana;1,5;€ 150,00;2;6;6-10;IT;Convenzione\r
"""
ENGLISH = """\
id,household,firm,beneficiary,service,minutes,sessions,slots,period,nil,radius_m,price_limit,priority,group_max,\
age_band,language,channel
bisogno-1,nucleo-1,Il-Cinemino,figlia-1,homework_support,900,10,mon-thu 16:00-19:00,2026-03-02/2026-05-30,27,1500,\
150.00,2,6,school-6-10,it,agreement
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_an_italian_spreadsheet_gives_the_need_that_an_english_one_gives(encoding):
    assert needs_of(ITALIAN, encoding) == needs_of(ENGLISH) == ((NEED,), [])


def test_how_a_table_was_read_is_told():
    own = read_spreadsheets(ITALIAN.encode("cp1252"), b"id\tcapacity_minutes\no\t600\n\n")
    assert [(one.table, one.encoding, one.delimiter, one.rows, one.taken) for one in own.sheets] == [
        ("needs", "Windows-1252", ";", 1, 1),
        ("offers", "UTF-8", "\t", 1, 1),
    ]


def test_an_offer_and_a_budget_in_full():
    offers = """\
offerta;fornitore;servizio;capacità ore;disponibilità;dal;al;NIL;raggio m;a domicilio;zone servite;incontri insieme;\
prezzo;prezzo per;costo fisso;gruppo minimo;gruppo massimo;qualità;canale;fasce d'età;lingue
o 1;Coop Uno;B1.7;100;lun-ven 15-19;01/03/2026;31/05/2026;27;2000;sì;27 | 28;2;1: 20,00 | 3: 10,00 | 3/40: 9,50;ora;\
30,00;2;6;85%;WeMi;6-10 | 11-13;it | en
"""
    budgets = 'fondo,importo,servizi,quota massima,tetto per nucleo\nb1,"2.500,00",B1.7|baby,50%,"300,00"\n'
    own = read_spreadsheets(ENGLISH.encode(), offers.encode(), budgets.encode())
    assert own.diagnostics == ()
    (offer,), (budget,) = own.problem.offers, own.problem.budgets
    assert offer == Offer(
        id="o-1",
        supplier="Coop-Uno",
        service="homework_support",
        capacity_minutes=6_000,
        slots=WeekSlots.parse("mon-fri 15:00-19:00"),
        period=Period.parse("2026-03-01/2026-06-01"),
        place=zone(27).centroid,
        radius_m=2_000,
        mobile=True,
        zones=(27, 28),
        capacity_per_slot=2,
        tiers=(
            PriceTier(price_cents=2_000),
            PriceTier(people_from=3, price_cents=1_000),
            PriceTier(people_from=3, units_from=40, price_cents=950),
        ),
        unit_minutes=60,
        opening_cents=3_000,
        group_min=2,
        group_max=6,
        quality_percent=85,
        channel=Channel.WEMI,
        age_bands=(AgeBand.SCHOOL_6_10, AgeBand.LOWER_11_13),
        languages=("it", "en"),
    )
    assert (budget.id, budget.cap_cents, budget.services) == ("b1", 250_000, {"homework_support", "baby"})
    assert (budget.share_percent, budget.household_cap_cents) == (50, 30_000)


# Columns


def test_the_matchers_own_columns_are_known_under_their_names():
    text = "id,minutes,slots,period,lat_microdegrees,lon_microdegrees,zone,radius_m,price_limit_cents,steps\n"
    row = "n,90,mon 16:00-19:00,2026-03-02/2026-03-30,45460000,9190000,3,100,900,pickup:30|homework:60\n"
    (need,), told = needs_of(text + row)
    assert told == []
    assert (need.place, need.zone, need.price_limit_cents) == (Point(45_460_000, 9_190_000), 3, 900)
    assert need.steps == (Step(service="pickup", minutes=30), Step(service="homework", minutes=60))
    text = "id,capacity_minutes,tiers,unit_minutes,opening_cents,mobile\no,1,1:1200|4:900,60,100,no\n"
    (offer,), told = offers_of(text)
    assert (told, offer.unit_minutes, offer.opening_cents) == ([], 60, 100)
    assert [tier.price_cents for tier in offer.tiers] == [1_200, 900]


def test_header_capitals_blanks_accents_and_signs_do_not_matter():
    assert needs_of("  ID ;PRIORITA;Spesa-Massima (in EUR);minuti_totali\nn;1;5;60\n")[1] == []


def test_an_unknown_column_is_told_and_the_rest_is_read():
    needs, told = needs_of("id,minutes,Colour\nn,60,red\n")
    assert [need.id for need in needs] == ["n"]
    assert told == [(1, "Colour", "not a known column")]


def test_cells_under_no_header_are_told_where_they_hold_something():
    needs, told = needs_of("id,minutes,,\nn,60,,\nm,60,x\n")
    assert [need.id for need in needs] == ["n"]
    assert told == [(3, "", "cell 3 stands under no header")]


def test_a_needed_column_that_is_missing_is_named():
    assert needs_of("codice;servizio\nn;a\n") == ((), [(1, "minutes", "the column is missing")])
    assert offers_of("codice;servizio\no;a\n") == ((), [(1, "capacity_minutes", "the column is missing")])


def test_a_needed_cell_that_is_empty_leaves_its_row_out():
    assert needs_of("id;ore\nn;1\nm;\n")[1] == [(3, "", "a needed cell is empty")]


def test_what_the_matcher_refuses_is_told_at_the_users_column():
    assert needs_of("codice;ore;priorità\nn;0;\nm;1;7\n")[1] == [
        (2, "ore", "not a whole number of 63 bits, 1 or more"),
        (3, "", "need m: priority goes from 0 to 3"),
    ]
    assert needs_of("codice;minuti;incontri\nn;60;-2\n")[1] == [
        (2, "incontri", "not a whole number of 63 bits, 1 or more")
    ]


# Rows


def test_rows_are_counted_as_a_spreadsheet_counts_them():
    text = '\r\n;;\r\nid;minuti;lingua\r\n\r\nn;"60\n";it\r\n;;\r\nm;x;\r\n'
    needs, told = needs_of(text)
    assert [(need.id, need.minutes) for need in needs] == [("n", 60)]
    assert told == [(7, "minuti", "not a duration")]


def test_a_line_that_says_the_separator_is_no_row():
    needs, told = needs_of("sep=|\r\nid|minutes\r\nn|60\r\nm|x\r\n")
    assert (len(needs), told) == (1, [(3, "minutes", "not a duration")])


def test_a_quoted_cell_may_hold_a_line_break_and_the_separator():
    (need,), told = needs_of('id;minuti;orari\nn;60;"lun 16-18;\nmar 16-18"\n')
    assert (told, need.slots) == ([], WeekSlots.parse("mon-tue 16:00-18:00"))


def test_every_cell_of_a_row_that_cannot_be_read_is_told():
    text = "id,minutes,priority\nn,sixty,high\nm,60,1\n"
    assert needs_of(text)[1] == [(2, "minutes", "not a duration"), (2, "priority", "not a number")]


def test_the_same_id_twice_leaves_the_later_row_out():
    needs, told = needs_of("id,minutes\nn,60\nn,90\n")
    assert ([need.minutes for need in needs], told) == ([60], [(3, "id", "the id of row 2")])


def test_an_id_of_a_row_left_out_is_free():
    needs, told = needs_of("id,minutes\nn,x\nn,90\n")
    assert ([need.minutes for need in needs], len(told)) == ([90], 1)


def test_two_names_with_one_id_are_not_taken_for_one_firm():
    needs, told = needs_of("id,minutes,firm\na,1,Il Cinemino\nb,1,Il  Cinemino\nc,1,Il-Cinemino\n")
    assert ([need.id for need in needs], [place[:2] for place in told]) == (["a", "b"], [(4, "firm")])


def test_a_decimal_comma_that_divides_columns_is_suspected():
    assert "decimal comma" in needs_of("id,hours\nn,1,5\n")[1][0][2]


def test_a_cell_that_is_too_long_leaves_its_row_out():
    needs, told = needs_of(f"id,minutes,steps\nn,60,{'x:1|' * CELL_MAX}\nm,60,\n")
    assert ([need.id for need in needs], told) == (["m"], [(2, "steps", f"more than {CELL_MAX} characters")])


def test_a_cell_beyond_what_csv_holds_ends_the_table():
    needs, told = needs_of(f"id,minutes\nn,60\nm,{'6' * 200_000}\nl,60\n")
    assert ([need.id for need in needs], [place[:2] for place in told]) == (["n"], [(3, "")])


def test_a_quote_that_never_ends_is_told_at_its_row():
    needs, told = needs_of('id,minutes\nn,60\n"m,60\nl,60\n')
    assert ([need.id for need in needs], told) == (["n"], [(3, "", "no CSV: unexpected end of data")])


# What could be read in two ways


def test_both_of_two_columns_have_to_agree():
    assert needs_of("id,minutes,hours\nn,60,1\n")[1] == []
    assert needs_of("id,minutes,hours\nn,60,2\n")[1] == [(2, "hours", "minutes: two columns say different things")]
    assert needs_of("id,minutes,sessions,session_minutes\nn,90,2,60\n")[1] == [
        (2, "", "minutes: two columns say different things")
    ]
    assert needs_of("id,codice,minutes\nn,m,60\n")[1] == [(2, "codice", "id: two columns say different things")]


def test_a_month_that_comes_first_somewhere_makes_other_dates_unclear():
    dates = "id,minutes,from,to\nn,1,{},2026-12-31\nm,1,03/04/2026,2026-12-31\nl,1,2026-03-04,2026-12-31\n"
    assert needs_of(dates.format("13/04/2026"))[1] == []
    needs, told = needs_of(dates.format("04/13/2026"))
    assert [need.id for need in needs] == ["l"]
    assert [(row, column) for row, column, _ in told] == [(2, "from"), (3, "from")]
    assert "day or month first" in told[1][2]


def test_a_first_day_needs_a_last_one_after_it():
    text = (
        "id,minutes,from,to\nn,1,2026-03-02,\nm,1,,2026-03-02\nl,1,2026-03-02,2026-03-01\nk,1,2026-03-02,2026-03-02\n"
    )
    needs, told = needs_of(text)
    assert [(need.id, str(need.period)) for need in needs] == [("k", "2026-03-02/2026-03-03")]
    assert [row for row, _, _ in told] == [2, 3, 4]


def test_the_end_of_time_is_no_last_day():
    assert len(needs_of("id,minutes,from,to\nn,1,9999-12-01,9999-12-31\n")[1]) == 1


def test_a_price_has_to_say_what_it_is_for():
    assert offers_of("id,capacity_hours,price\no,1,10\n")[1][0][2].startswith("what is the price for?")
    assert offers_of("id,capacity_hours,price_per\no,1,hour\n")[1][0][2].startswith("what is the price?")
    (offer,), told = offers_of('id,capacity_hours,prezzo orario\no,1,"12,50"\n')
    assert (told, offer.unit_minutes, offer.tiers) == ([], 60, (PriceTier(price_cents=1_250),))
    (offer,), told = offers_of("id,capacity_hours,price,price_per\no,1,10,whole\n")
    assert (told, offer.unit_minutes) == ([], 0)


def test_a_chain_lasts_as_long_as_its_steps():
    (need,), told = needs_of("id,sessions,steps\nn,4,Escorted transport:30 | compiti: 1h\n")
    assert (told, need.minutes) == ([], 360)
    assert need.steps == (Step(service="escorted_transport", minutes=30), Step(service="compiti", minutes=60))
    assert needs_of("id,steps\nn,compiti\n")[1] == [(2, "steps", "not a service and its minutes")]


def test_a_place_wins_over_the_middle_of_its_zone():
    (need,), told = needs_of('id,minutes,nil,lat,lon\nn,1,27,"45,46","9,19"\n')
    assert (told, need.zone, need.place) == ([], 27, Point(45_460_000, 9_190_000))
    assert needs_of("id,minutes,lat\nn,1,45.46\n")[1] == [(2, "lon_microdegrees", "half a place")]
    assert needs_of("id,minutes,nil,zone\nn,1,27,28\n")[1] == [(2, "zone", "zone: two columns say different things")]


def test_needs_too_large_together_leave_the_table_out():
    needs, told = needs_of(f"\nid,minutes,priority\nm,{9 * 10**15},3\nn,1,0\n")
    assert (needs, [row for row, _, _ in told]) == ((), [2])


# What is no table


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "nothing in it"),
        (b"\n\n", "nothing in it"),
        (b"\xef\xbb\xbf", "nothing in it"),
        (b"\x81\x8d", "no text"),
        (b"id\0minutes", "no text"),
        (b"\xff\xfe\x00", "no text"),
        (b"PK\x03\x04rest", "save the sheet as CSV"),
        (b"\xd0\xcf\x11\xe0rest", "save the sheet as CSV"),
        (b"x", "none of its columns"),
        (b'"id', "nothing in it"),
        (b"x" * 200_000 + b",id,minutes\n", "nothing in it"),
    ],
)
def test_what_is_no_table_is_left_out(content, why):
    own = read_spreadsheets(content, OFFERS)
    assert why in own.diagnostics[-1].why
    assert (own.diagnostics[-1].what, own.problem.needs, own.sheets[0].taken) == ("table left out", (), 0)


def test_a_file_that_is_too_large_is_left_out():
    with pytest.raises(Malformed, match="bytes"):
        decoded(b"x" * (FILE_BYTES_MAX + 1))


def test_what_is_no_bytes_is_malformed():
    for given_tables in (("", b""), (b"", ""), (b"", b"", "")):
        with pytest.raises(Malformed):
            read_spreadsheets(*given_tables)


@given(st.binary(max_size=60), st.text(alphabet='idmnutes;,"\n:1|x-/.', max_size=80), st.text(max_size=40))
def test_reading_never_raises(content, cells_of_ours, text):
    header = b"id;minuti;ore;orari;dal;al;NIL;spesa massima;passi\n"
    for needs in (content, header + content, header + cells_of_ours.encode(), text.encode()):
        own = read_spreadsheets(needs, content, text.encode())
        assert all(one.row >= 1 and one.what and one.why for one in own.diagnostics)


@given(st.lists(st.sampled_from(sorted({c.example for c in TABLES["needs"]})), min_size=1, max_size=4), st.data())
def test_what_is_told_holds_nothing_of_the_cells(examples, data):
    columns = data.draw(st.permutations(TABLES["needs"]))[: len(examples)]
    secret = "Zorro"
    written = io.StringIO()
    csv.writer(written, delimiter=";").writerows(
        [["id", *(column.name for column in columns)], [secret + "?", *(secret + cell for cell in examples)]]
    )
    own = read_spreadsheets(written.getvalue().encode(), OFFERS)
    assert not any(secret in str(one) for one in own.diagnostics)
