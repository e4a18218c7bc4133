"""What a figure of the project is, and which figures there are.

The project card's texts are kept in Italian as they stand; a target is none of
theirs: the project says it (`ProjectPlanned.targets`), once for the whole, and
where the card gives none there is none.
"""

from collections.abc import Iterable
from typing import Final, TypeAlias

import attrs

from wis_engine.values import Period


@attrs.frozen(kw_only=True)
class Definition:
    """What an indicator asks, of whom, in which unit.

    `phase` is that of the card, None where the engine derives the figure from
    a result that the card promises without an indicator of its own.
    """

    id: str
    phase: int | None
    title: str
    title_it: str
    unit: str
    scope: str


@attrs.frozen(kw_only=True)
class Seen:
    """Something that a figure counts, as it was seen once.

    `facts` are the log positions that say so, `amount` what it adds where the
    figure is a sum, `under` the parts of the figure that it belongs to, each a
    heading and a name («role», «employee»).
    """

    id: str
    facts: tuple[int, ...]
    amount: int = 1
    under: tuple[tuple[str, str], ...] = ()


@attrs.frozen(kw_only=True)
class Counted:
    """One id of a figure, what it adds to the value, and the positions of the facts that made it count."""

    id: str
    amount: int
    facts: tuple[int, ...]


@attrs.frozen(kw_only=True)
class Variant:
    """Another reading of the same indicator, or one part of it; a target is of the indicator alone.

    A part says its heading in `split` and what is under it in `name`; another
    reading has no heading.
    """

    split: str
    name: str
    value: int
    unit: str
    counted: tuple[Counted, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        """What was counted, in order of id."""
        return tuple(one.id for one in self.counted)


@attrs.frozen(kw_only=True)
class Indicator:
    """One figure of the project, and what it was counted from.

    `target` is None when the card gives none; `variants` are its other
    readings and its parts, never to be added to it; `note` says what the
    figure alone does not.
    """

    id: str
    phase: int | None
    title: str
    value: int
    unit: str
    scope: str
    period: Period
    position: int
    target: int | None
    counted: tuple[Counted, ...]
    variants: tuple[Variant, ...] = ()
    note: str = ""

    @property
    def ids(self) -> tuple[str, ...]:
        """What was counted, in order of id."""
        return tuple(one.id for one in self.counted)

    def variant(self, name: str, split: str = "") -> Variant:
        """Find a reading by its name, or a part by its name and heading; one that nothing fell under is zero."""
        for one in self.variants:
            if (one.split, one.name) == (split, name):
                return one
        return Variant(split=split, name=name, value=0, unit=self.unit, counted=())


@attrs.frozen(kw_only=True)
class Reading:
    """What is seen of one reading of an indicator in a period.

    `adds` says that amounts are added; otherwise each id counts once, however
    often it was seen. `unit` is given where it is not the indicator's.
    """

    name: str = ""
    unit: str = ""
    adds: bool = False
    seen: tuple[Seen, ...]


Readings: TypeAlias = tuple[Reading, ...]
"""Those of one indicator: the first is the figure itself, the rest are variants."""


def counted(seen: Iterable[Seen], *, adds: bool) -> tuple[Counted, ...]:
    """Gather what was seen by id, in order of id."""
    amounts: dict[str, int] = {}
    facts: dict[str, list[int]] = {}
    for one in seen:
        if one.id not in facts:
            amounts[one.id], facts[one.id] = one.amount if adds else 1, [*one.facts]
        else:
            amounts[one.id] += one.amount if adds else 0
            facts[one.id] += one.facts
    return tuple(
        Counted(id=name, amount=amounts[name], facts=tuple(sorted(set(facts[name])))) for name in sorted(facts)
    )


def figure(
    definition: Definition,
    readings: Readings,
    *,
    period: Period,
    position: int,
    target: int | None,
    note: str = "",
) -> Indicator:
    """Make an indicator of what was seen."""
    first, *others = readings
    whole = counted(first.seen, adds=first.adds)
    variants = [_variant(definition, "", one.name, one, one.seen) for one in others]
    parts: dict[tuple[str, str], list[Seen]] = {}
    for one in first.seen:
        for under in one.under:
            parts.setdefault(under, []).append(one)
    variants += [_variant(definition, *under, first, parts[under]) for under in sorted(parts)]
    return Indicator(
        id=definition.id,
        phase=definition.phase,
        title=definition.title,
        value=sum(one.amount for one in whole),
        unit=first.unit or definition.unit,
        scope=definition.scope,
        period=period,
        position=position,
        target=target,
        counted=whole,
        variants=tuple(variants),
        note=note,
    )


def _variant(definition: Definition, split: str, name: str, reading: Reading, seen: Iterable[Seen]) -> Variant:
    found = counted(seen, adds=reading.adds)
    value = sum(one.amount for one in found)
    return Variant(split=split, name=name, value=value, unit=reading.unit or definition.unit, counted=found)


_Row: TypeAlias = tuple[str, int | None, str, str, str, str]

# Id, phase, unit, scope, title, the card's text (ours where the figure is derived).
# fmt: off
_ROWS: Final[tuple[_Row, ...]] = (
    ("I1.1", 1, "persons", "partner firms", "Recipients enrolled",
     "Numero dei destinatari target, dipendenti e imprenditrici/tori delle micro imprese partner"),
    ("I1.2", 1, "firms", "new firms", "New firms sensitised and involved",
     "Numero nuove imprese sensibilizzate e coinvolte"),
    ("I1.2a", 1, "firms", "new firms", "New firms sensitised", "Numero nuove imprese sensibilizzate"),
    ("I1.2b", 1, "firms", "new firms", "New firms involved", "Numero nuove imprese coinvolte"),
    ("I1.3", 1, "suppliers", "project", "Suppliers involved in the network",
     "Numero di soggetti che erogano servizi coinvolti"),
    ("I2.1", 2, "meetings", "project", "Steering boards", "Numero Cabine di Regia"),
    ("I2.2", 2, "meetings", "project", "Meetings of working groups", "Numero incontri gruppi di lavoro"),
    ("I2.3", 2, "meetings", "project", "Monitoring meetings", "Numero incontri attività di monitoraggio"),
    ("I3.1", 3, "consultations", "project", "Consultations of the welfare manager",
     "Numero interventi/consulenze del Welfare Manager"),
    ("I3.2", 3, "plans", "project", "Personal plans approved", "Numero Piani Personalizzati"),
    ("I3.3", 3, "consultations", "project", "Consultations held in the firms", "Numero interventi presso le imprese"),
    ("I4.1", 4, "requests", "B.1 and C.1", "Services requested", "Numero di richieste di servizi richiesti"),
    ("I4.2a", 4, "engagements", "project", "Services delivered", "Numero di servizi erogati"),
    ("I4.2b", 4, "minutes", "services by the hour", "Time delivered, as recipients had it", "Ore di prestazioni"),
    ("I4.2c", 4, "vouchers", "project", "Vouchers used", "Numero di voucher"),
    ("I4.2d", 4, "agreements", "project", "Agreements in force", "Numero di convenzioni"),
    ("I4.2e", 4, "accesses", "project", "Accesses",
     "Accessi complessivi ai servizi di conciliazione e time saving"),
    ("I4.3", 4, "persons", "project", "People whose household was served",
     "Numero dipendenti, imprenditori e imprenditrici destinatari dei servizi"),
    ("I4.4", 4, "households", "project", "Households served",
     "Numero nuclei famigliari di dipendenti e imprenditrici destinatari dei servizi"),
    ("I4.5a", 4, "suppliers", "project", "Suppliers involved", "Numero di fornitori coinvolti"),
    ("I4.5b", 4, "suppliers", "project", "Suppliers that delivered", "Numero di fornitori attivati"),
    ("I4.5c", 4, "deliveries", "project", "Deliveries by channel", "Modalità di attivazione dei fornitori"),
    ("X1", None, "points", "paired answers", "Quality of life, after less before", "Migliore qualità della vita"),
    ("X2", None, "points", "paired answers", "Climate in the firm, after less before", "Miglior clima aziendale"),
    ("X3", None, "minutes", "declared", "Time saved", "Tempo risparmiato"),
    ("X4", None, "deliveries", "project", "Services shared among firms",
     "Messa in rete di servizi tra aziende partner"),
    ("X5", None, "deliveries", "project", "Deliveries by traditional and digital access",
     "Accesso tradizionale e digitale"),
    ("X6", None, "needs", "project", "Needs served together", "Aggregazione della domanda e dell’offerta"),
    ("X7", None, "needs", "project", "Needs unmet", "Domanda inevasa"),
    ("X8", None, "cents", "project", "Money by its source", "Sostenibilità: euro per fonte"),
    ("X9", None, "consultations", "project", "Consultations on paternity", "Paternità"),
)
# fmt: on

DEFINITIONS: Final = {
    name: Definition(id=name, phase=phase, unit=unit, scope=scope, title=title, title_it=title_it)
    for name, phase, unit, scope, title, title_it in _ROWS
}
"""Every figure, in the order of the card, the derived ones last."""
