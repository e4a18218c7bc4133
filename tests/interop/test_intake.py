import datetime as dt
import io
import json

import attrs
import pytest
import stories
from hypothesis import given
from hypothesis import strategies as st
from lived import lived as lived_year

from wis_engine.community import Community
from wis_engine.errors import Malformed, ReadOnly
from wis_engine.facts.base import redacted
from wis_engine.interop import export_events, import_events, intake
from wis_engine.interop.intake import DIAGNOSTICS_MAX, ENVELOPE_BYTES_MAX
from wis_engine.log.limits import BATCH_EVENTS_MAX, EVENT_BYTES_MAX
from wis_engine.log.log import Batch

LATER = stories.NEXT_YEAR + dt.timedelta(days=1)


def edited(line, **changes):
    """Change attributes of a line; `...` leaves one out."""
    told = {name: value for name, value in (json.loads(line) | changes).items() if value is not ...}
    return json.dumps(told).encode() + b"\n"


def at_lines(found):
    return [diagnostic.line for diagnostic in found.diagnostics]


def memory():
    return Community.open("memory:", clock=lambda: LATER)


def firms(*batches):
    """A community of firms, in batches of so many; all alike in their envelope, so that their lines may be moved."""
    community = memory()
    number = 0
    for size in batches:
        names = [f"f{number + count + 1}" for count in range(size)]
        number += size
        community.record(*map(stories.firm, names))
    return list(export_events(community))


# The way round


@pytest.mark.parametrize("kind", ["memory", "sqlite", "postgresql"])
@pytest.mark.parametrize("trusted", [True, False])
def test_what_goes_out_comes_in_and_goes_out_the_same(lived, lines, empty, kind, trusted):
    community = empty(kind)
    found = import_events(community, lines, trusted=trusted)
    assert (found.taken, found.passed, found.left, found.more, found.diagnostics) == (len(lines), 0, 0, 0, ())
    assert found.ok
    assert list(export_events(community)) == lines
    assert list(community.events()) == list(lived.events())
    assert community.network.digest() == lived.network.digest()


@pytest.mark.parametrize("kind", ["memory", "sqlite", "postgresql"])
def test_the_pilot_year_makes_the_way_round(empty, kind):
    year = lived_year().community
    lines = list(export_events(year))
    community = empty(kind)
    assert import_events(community, iter(lines)).taken == len(lines) == year.position
    assert list(export_events(community)) == lines
    assert community.network.digest() == year.network.digest()


def test_an_empty_log_goes_out_as_nothing(empty):
    assert list(export_events(empty())) == []
    found = import_events(empty(), [])
    assert (found.taken, found.passed, found.left, found.diagnostics) == (0, 0, 0, ())


def test_keys_come_along(lived, lines, empty):
    keyed = next(recorded for recorded in lived.events() if recorded.key is not None)
    facts = [one.fact for one in lived.events() if one.batch == keyed.batch]
    community = empty()
    import_events(community, lines)
    receipt = community.record(*facts, key=keyed.key)
    assert (receipt.repeated, receipt.first) == (True, keyed.position)


def test_facts_without_their_personal_fields_come_in(empty):
    names = ("p1", "p2")
    facts = (stories.firm("f1"), *(stories.person(name, "f1") for name in names), stories.household("h1", *names))
    first = memory()
    batch = Batch(
        facts=tuple(map(redacted, (*facts, stories.need("n1", "h1")))), occurred_at=stories.START, actor="wm-1"
    )
    list(first.load([batch], guarded=False))
    lines = list(export_events(first))
    again = empty("sqlite")
    assert import_events(again, lines, trusted=True).ok
    assert list(export_events(again)) == lines


# Beginning again


@pytest.mark.parametrize("kind", ["memory", "sqlite", "postgresql"])
def test_what_is_there_is_passed_over(lines, empty, kind):
    community = empty(kind)
    import_events(community, lines)
    found = import_events(community, lines)
    assert (found.taken, found.passed, found.diagnostics) == (0, len(lines), ())
    assert list(export_events(community)) == lines


@pytest.mark.parametrize("cut", [1, 2, 3, 10, -1])
def test_an_import_goes_on_where_it_was_interrupted(lines, empty, cut):
    community = empty()
    first = import_events(community, lines[:cut])
    found = import_events(community, lines)
    assert found.ok
    assert (found.passed, found.taken) == (first.taken, len(lines) - first.taken)
    assert list(export_events(community)) == lines


def test_a_later_part_alone_goes_on(lines, empty):
    community = empty()
    taken = import_events(community, lines[:10]).taken
    found = import_events(community, lines[taken:])
    assert (found.passed, found.taken, found.diagnostics) == (0, len(lines) - taken, ())


def test_a_cut_last_line_is_the_end_of_what_is_taken(empty):
    whole = b"".join(firms(1, 2, 2))
    community = empty()
    found = import_events(community, io.BytesIO(whole[:-20]))
    assert (found.taken, at_lines(found)) == (3, [4, 5])
    assert "may be cut" in found.diagnostics[1].what
    assert "end before its batch" in found.diagnostics[0].what
    assert import_events(community, io.BytesIO(whole)).ok
    assert b"".join(export_events(community)) == whole


def test_an_end_without_a_newline_is_an_end(empty):
    community = empty()
    assert import_events(community, io.BytesIO(b"".join(firms(1, 2))[:-1])).taken == 3


def test_a_fact_that_has_lost_its_personal_fields_since_is_passed_over(empty):
    facts = (stories.firm("f1"), stories.person("p1", "f1"), stories.household("h1", "p1"), stories.need("n1", "h1"))
    kept, gone = memory(), memory()
    for community, some in ((kept, facts), (gone, tuple(map(redacted, facts)))):
        batch = Batch(facts=some, occurred_at=stories.START, recorded_at=stories.START, actor="wm-1")
        list(community.load([batch], guarded=False))
    for community, other in ((kept, gone), (gone, kept)):
        before = list(export_events(community))
        found = import_events(community, export_events(other))
        assert (found.passed, found.ok) == (4, True)
        assert list(export_events(community)) == before


# Another log


@pytest.mark.parametrize(
    "changes",
    [
        {"data": stories.__name__},
        {"time": "2026-03-01T08:00:00.000001Z"},
        {"recordedtime": "2026-03-01T08:00:00.000001Z"},
        {"wisactor": "wm-2"},
        {"wiscause": "other"},
        {"wiskey": "other"},
        {"wisbatch": "1"},
        {"wisbatchend": ...},
    ],
)
def test_where_the_log_holds_something_else_the_import_ends(empty, changes):
    lines = firms(1, 1, 1)
    community = empty()
    import_events(community, lines[:2])
    if "data" in changes:
        changes = {"data": json.loads(lines[1])["data"] | {"title": "Other"}}
    found = import_events(community, [lines[0], edited(lines[1], **changes), lines[2]])
    assert (found.taken, found.passed, found.left, at_lines(found)) == (0, 1, 2, [2])
    assert "something else" in found.diagnostics[0].what
    assert community.position == 2


def test_the_log_of_another_community_takes_nothing(empty):
    community = empty()
    community.record(stories.project())
    found = import_events(community, firms(2, 1))
    assert (found.taken, found.left, at_lines(found)) == (0, 3, [1])


def test_what_begins_later_than_the_log_ends_is_not_taken(empty):
    community = empty()
    found = import_events(community, firms(1, 1, 1)[1:])
    assert (found.taken, found.left, at_lines(found)) == (0, 2, [1])
    assert "begin at fact 2, the log stands at 0" in found.diagnostics[0].what


def test_a_log_that_grows_meanwhile_takes_nothing_at_the_wrong_place(empty):
    community = empty()

    def lines():
        yield from firms(1, 1)
        community.record(stories.project())

    found = import_events(community, lines())
    assert (found.taken, found.left, community.position) == (0, 2, 1)
    assert "conflict" in found.diagnostics[0].what


def test_a_log_of_another_time_zone_takes_nothing(empty):
    lines = firms(1, 1)
    found = import_events(empty(zone="UTC"), lines)
    assert (found.taken, found.left, at_lines(found)) == (0, 2, [1])
    assert "than UTC" in found.diagnostics[0].what
    elsewhere = [edited(line, wiszone="UTC") for line in lines]
    assert import_events(empty(zone="UTC"), elsewhere).ok
    assert at_lines(import_events(empty(), [lines[0], elsewhere[1]])) == [2]


# Rules


def test_what_is_refused_ends_the_import_at_its_line(empty):
    lines = firms(1, 2, 1)
    community = empty()
    same = edited(lines[2], data=json.loads(lines[0])["data"])
    found = import_events(community, [*lines[:2], same, *lines[3:]])
    assert (found.taken, found.left, at_lines(found)) == (1, 3, [3])
    assert "fact 1 refused: id-taken (f1); nothing from here on" in found.diagnostics[0].what
    assert list(export_events(community)) == lines[:1]


def test_ones_own_facts_are_taken_whatever_the_rules_say_now(empty):
    lines = firms(1, 1)
    against = edited(lines[1], data=json.loads(lines[0])["data"])
    assert import_events(empty(), [lines[0], against]).taken == 1
    assert import_events(empty(), [lines[0], against], trusted=True).taken == 2


def test_ones_own_facts_that_have_no_effect_are_not_taken(empty):
    lines = firms(1)
    orphan = {"type": "wis.firm-left", "dataschema": "urn:wis-engine:firm-left:1", "data": {"firm": "f7", "reason": ""}}
    found = import_events(empty(), [edited(lines[0], **orphan)], trusted=True)
    assert (found.taken, at_lines(found)) == (0, [1])


def test_a_key_comes_once(empty):
    lines = [edited(line, wiskey="k") for line in firms(1, 1)]
    community = empty()
    found = import_events(community, lines)
    assert (found.taken, at_lines(found)) == (1, [2])
    assert "key" in found.diagnostics[0].what
    assert community.position == community.network.position == 1


@pytest.mark.parametrize("trusted", [True, False])
def test_the_same_facts_under_the_same_key_come_once(empty, trusted):
    first = edited(firms(1)[0], wiskey="k")
    second = edited(first, id="2", sequence=f"{2:019}", wisbatch="2")
    community = empty()
    found = import_events(community, [first, second], trusted=trusted)
    assert (found.taken, at_lines(found)) == (1, [2])
    assert community.position == 1


def test_a_key_that_comes_again_after_what_is_refused_is_not_taken(empty):
    one, two, three = firms(1, 1, 1)
    refused = edited(two, data=json.loads(one)["data"], wiskey="k")
    community = empty()
    found = import_events(community, [one, refused, edited(three, wiskey="k")])
    assert (found.taken, found.left, at_lines(found)) == (1, 2, [2])
    assert community.position == 1


def test_a_fact_from_outside_has_its_limit(empty):
    offers = [f"{number:064}" for number in range(EVENT_BYTES_MAX // 66)]
    signed = {"agreement": "a", "supplier": "s", "offers": offers, "period": "2026-01-01/2027-01-01"}
    changes = {"type": "wis.agreement-signed", "dataschema": "urn:wis-engine:agreement-signed:1", "data": signed}
    found = import_events(empty(), [edited(firms(1)[0], **changes)])
    assert (found.taken, at_lines(found)) == (0, [1])
    assert f"more than {EVENT_BYTES_MAX} bytes" in found.diagnostics[0].what


def test_a_batch_from_outside_has_its_size(empty, monkeypatch):
    lines = firms(3)
    monkeypatch.setattr(intake, "ENVELOPE_BYTES_MAX", 300)
    monkeypatch.setattr(intake, "BATCH_BYTES_MAX", sum(map(len, lines[:2])) - 2 * 300)
    found = import_events(empty(), lines)
    assert (found.taken, found.left, at_lines(found)) == (0, 3, [3])


def test_a_batch_from_outside_has_its_limits_and_ones_own_has_not(empty):
    many = BATCH_EVENTS_MAX + 1
    first = memory()
    facts = tuple(stories.firm(f"f{number}") for number in range(many))
    list(first.load([Batch(facts=facts, occurred_at=stories.START, actor="wm-1")]))
    lines = list(export_events(first))
    found = import_events(empty(), lines)
    assert (found.taken, found.left, at_lines(found)) == (0, many, [many])
    assert import_events(empty(), lines, trusted=True).taken == many


# Lines


def test_lines_at_fault_are_told_by_their_number_and_the_rest_is_taken(empty):
    one, two, three = firms(1, 1, 1)
    strange = edited(one, type="com.example.greeted")
    elsewhere = edited(two, source="urn:elsewhere")
    found = import_events(empty(), [one, b"rubbish\n", two, strange, elsewhere, two, three])
    assert (found.taken, at_lines(found)) == (3, [2, 4, 5, 6])
    assert [diagnostic.what for diagnostic in found.diagnostics[2:]] == ["of another source", "fact 2 comes again"]
    assert not found.ok


def test_events_of_the_source_that_is_asked_for_are_taken(empty):
    one, two = firms(1, 1)
    mixed = [edited(one, source="urn:elsewhere"), one, two]
    found = import_events(empty(), mixed, source=json.loads(one)["source"])
    assert (found.taken, at_lines(found)) == (2, [1])


def test_what_follows_a_gap_is_told_once(empty):
    lines = firms(1, 1, *[1] * 50)
    lines[1] = b"{}\n"
    lines[30] = b"{}\n"
    found = import_events(empty(), lines)
    assert (found.taken, found.left, at_lines(found)) == (1, 49, [2, 3, 31])
    assert found.diagnostics[1].what == "fact 2 is missing before it; nothing from here on is taken in"


def test_a_batch_is_taken_whole_or_not(empty):
    lines = firms(1, 3, 1)
    for missing in (1, 2, 3):
        found = import_events(empty(), [line for number, line in enumerate(lines) if number != missing])
        assert (found.taken, found.left) == (1, 3)


@pytest.mark.parametrize(
    "changes",
    [
        {"wisactor": "wm-2"},
        {"wiskey": "k"},
        {"wiscause": "c"},
        {"time": "2026-03-01T08:00:00.5Z"},
        {"recordedtime": "2027-03-01T08:00:00Z"},
        {"wisbatch": "3"},
        {"wisbatch": "1"},
    ],
)
def test_the_lines_of_a_batch_agree(empty, changes):
    lines = firms(1, 3)
    found = import_events(empty(), [*lines[:2], edited(lines[2], **changes), lines[3]])
    assert (found.taken, found.left, at_lines(found)) == (1, 3, [3])


def test_a_batch_begins_where_it_says(empty):
    lines = firms(1, 1, 1)
    found = import_events(empty(), [lines[0], edited(lines[1], wisbatch="1"), lines[2]])
    assert (found.taken, found.left, at_lines(found)) == (1, 2, [2])


def test_the_envelope_has_its_shape(empty):
    found = import_events(empty(), [edited(firms(1)[0], wisactor="two\nlines")])
    assert (found.taken, at_lines(found)) == (0, [1])


def test_nothing_was_recorded_before_what_stands_before_it(empty):
    one, two = firms(1, 1)
    earlier = edited(two, recordedtime="2026-03-01T07:59:59.999999Z")
    assert at_lines(import_events(empty(), [one, earlier])) == [2]
    community = empty()
    import_events(community, [one])
    assert at_lines(import_events(community, [earlier])) == [1]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\n\n", b" \t\n\r\n"])
@pytest.mark.parametrize("begin", [b"", b"\xef\xbb\xbf", b"\n\n"])
def test_ends_of_lines_and_empty_ones_do_not_matter(empty, begin, end):
    lines = firms(1, 2, 1)
    community = empty()
    text = begin + b"".join(line[:-1] + end for line in lines)
    assert import_events(community, io.BytesIO(text)).ok
    assert list(export_events(community)) == lines


def test_a_line_has_a_limit_and_is_not_read_whole(empty):
    class Endless(io.RawIOBase):
        asked = 0

        def readline(self, size=-1):
            assert 0 < size < 10 * EVENT_BYTES_MAX
            self.asked += 1
            return b"x" * size if self.asked < 100 else b"x" * (size - 1) + b"\n" if self.asked == 100 else b""

    found = import_events(empty(), Endless())
    assert at_lines(found) == [1]
    assert "bytes" in found.diagnostics[0].what


def test_a_line_at_its_limit_is_read(empty):
    line = firms(1)[0]
    limit = EVENT_BYTES_MAX + ENVELOPE_BYTES_MAX
    for end in (b"\n", b"\r\n", b""):
        assert import_events(empty(), io.BytesIO(line[:-1].ljust(limit) + end)).taken == 1
        assert at_lines(import_events(empty(), io.BytesIO(line[:-1].ljust(limit + 1) + end))) == [1]


def test_what_is_after_a_line_that_is_too_long_is_read(empty):
    lines = firms(1, 1)
    text = lines[0] + b"x" * (3 * EVENT_BYTES_MAX) + b"\n" + lines[1]
    found = import_events(empty(), io.BytesIO(text))
    assert (found.taken, at_lines(found)) == (2, [2])


def test_not_all_that_is_wrong_is_listed(empty):
    found = import_events(empty(), [b"x\n"] * (DIAGNOSTICS_MAX + 7))
    assert (len(found.diagnostics), found.more, at_lines(found)[-1]) == (DIAGNOSTICS_MAX, 7, DIAGNOSTICS_MAX)


def test_lines_are_bytes(empty):
    with pytest.raises(Malformed, match="str"):
        import_events(empty(), ["{}"])


def test_a_community_for_reading_takes_nothing(lived, lines):
    with pytest.raises(ReadOnly):
        import_events(lived.as_of(0), lines)


def test_progress_is_told_in_bytes(empty):
    lines = firms(*[1] * 1_200)
    told = []
    import_events(empty(), lines, progress=told.append)
    assert told == [sum(map(len, lines[:500])), sum(map(len, lines[:1_000])), sum(map(len, lines))]


def test_a_large_import_is_kept_in_pieces(empty):
    """What was taken before the damage is there, whatever piece it fell in."""
    lines = firms(*[1] * 1_300)
    lines[1_200] = edited(lines[1_200], data=json.loads(lines[0])["data"])
    community = empty("sqlite")
    found = import_events(community, lines)
    assert (found.taken, found.left, at_lines(found)) == (1_200, 100, [1_201])
    assert community.position == 1_200


def test_an_import_that_is_stopped_can_be_begun_again(empty):
    lines = firms(*[1] * 700)
    community = empty("sqlite")

    def interrupted():
        yield from lines[:600]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_events(community, interrupted())
    assert list(export_events(community)) == lines[: community.position]
    assert 0 < community.position < 700
    assert import_events(community, lines).ok
    assert list(export_events(community)) == lines


# Whatever happens to the lines


SHORT = firms(1, 3, 1, 2, 1)


@st.composite
def harmed(draw, harms):
    """Lose, repeat, move or cut lines, or put bytes in their place."""
    lines = list(SHORT)
    for _ in range(draw(st.integers(1, 3))):
        place, other = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
        line = lines[place]
        match draw(st.sampled_from(harms)):
            case "drop" if len(lines) > 1:
                del lines[place]
            case "twice":
                lines.insert(place, line)
            case "swap":
                lines[place], lines[other] = lines[other], line
            case "cut":
                lines[place] = line[: draw(st.integers(0, len(line)))]
            case "bytes":
                lines[place] = draw(st.binary(max_size=40))
            case "flip" if line:
                at = draw(st.integers(0, len(line) - 1))
                lines[place] = line[:at] + bytes([line[at] ^ 1 << draw(st.integers(0, 7))]) + line[at + 1 :]
    return b"".join(lines)


def not_blank(text):
    return [line for line in text.split(b"\n") if line.strip()]


@given(harmed(["drop", "twice", "swap", "cut"]))
def test_lost_moved_and_cut_lines_are_told_and_what_is_taken_is_right(text):
    community = memory()
    found = import_events(community, io.BytesIO(text))
    exported = list(export_events(community))
    assert exported == SHORT[: len(exported)]
    assert found.taken == len(exported) == community.network.position
    assert found.ok == (not_blank(text) == not_blank(b"".join(exported)))


@given(harmed(["drop", "twice", "swap", "cut", "bytes", "flip"]), st.booleans())
def test_whatever_is_done_to_lines_the_log_is_whole_and_nothing_is_lost_unsaid(text, trusted):
    community = memory()
    found = import_events(community, io.BytesIO(text), trusted=trusted)
    exported = list(export_events(community))
    assert found.taken == len(exported) == community.network.position
    assert found.ok == (len(not_blank(text.removeprefix(b"\xef\xbb\xbf"))) == len(exported))
    again = memory()
    assert import_events(again, exported, trusted=trusted).ok
    assert list(export_events(again)) == exported


@given(st.lists(st.sampled_from(SHORT), max_size=12))
def test_lines_in_any_order_make_a_beginning_or_nothing(lines):
    community = memory()
    found = import_events(community, lines)
    exported = list(export_events(community))
    assert exported == SHORT[: len(exported)]
    assert found.taken == len(exported)
    assert found.ok == (lines == exported)


@given(st.binary(max_size=200))
def test_any_bytes_are_told(text):
    found = import_events(memory(), io.BytesIO(text))
    assert found.taken == 0
    assert found.ok == (not any(line.strip() for line in text.removeprefix(b"\xef\xbb\xbf").split(b"\n")))


@given(st.sampled_from(range(len(SHORT))), st.data())
def test_an_edited_value_is_told_or_is_what_comes_out(place, data):
    """Any attribute with any value: the lines that are taken come out as they went in."""
    told = json.loads(SHORT[place])
    name = data.draw(st.sampled_from([*sorted(told), "wiskey", "wiscause", "wisbatchend", "other"]))
    values = st.none() | st.booleans() | st.integers(-1, 9) | st.text(max_size=5) | st.sampled_from([*told.values()])
    line = edited(SHORT[place], **{name: data.draw(values)})
    community = memory()
    found = import_events(community, [*SHORT[:place], line, *SHORT[place + 1 :]])
    exported = list(export_events(community))
    assert exported[:place] == SHORT[: min(place, len(exported))]
    if found.ok:
        assert len(exported) == len(SHORT)
    else:
        assert len(exported) < len(SHORT)


def test_a_diagnostic_is_a_line(empty):
    (diagnostic,) = import_events(empty(), [b"x\n"]).diagnostics
    assert str(diagnostic) == f"line 1: {diagnostic.what}"
    assert attrs.asdict(diagnostic).keys() == {"line", "what"}
