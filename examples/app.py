"""Another app that imports the library: the backend of an intake form, without a web server.

A form posts words; this checks them field by field and records the need under the key of the posted form, so that a
second click, or a retry after a lost answer, does nothing. It answers what became of a need, and what is waiting.
Families, firm and cooperative are simulated. Run with `python examples/app.py`; what it prints stands in `app.txt`.
"""

import datetime as dt
from collections.abc import Callable
from itertools import chain

import wis_engine as wis
from wis_engine.catalogue import service
from wis_engine.interop import cells
from wis_engine.interop.weeks import week


def listed_service(word: str) -> str:
    """Read a service of the catalogue, by code or by its Italian name."""
    return service(cells.service_code(word)).code


def some(word: str) -> int:
    """Read a whole number from 1 up."""
    number = cells.whole(word)
    if number < 1:
        raise wis.Malformed("nothing")
    return number


FIELDS: dict[str, tuple[Callable[[str], object], str]] = {
    "famiglia": (cells.identifier, "Scriva il codice della famiglia."),
    "per_chi": (cells.identifier, "Scriva per chi è il servizio."),
    "servizio": (listed_service, "Scelga un servizio dell'elenco."),
    "quando": (week, "Scriva giorni e ore, per esempio «lun-gio 16-19»."),
    "dal": (cells.date, "Scriva una data, per esempio 02/03/2026."),
    "al": (cells.date, "Scriva una data, per esempio 29/05/2026."),
    "volte": (some, "Scriva un numero intero di volte."),
    "minuti": (some, "Scriva quanti minuti dura ogni volta."),
    "prezzo": (cells.euro_cents, "Scriva quanto può spendere in tutto, per esempio 200,00."),
    "zona": (cells.nil, "Scriva il quartiere (NIL) di Milano, per nome o numero."),
    "consenso": (cells.yes, "Risponda sì o no."),
}
"""How each field of the form is read, and what is said where it cannot be."""

REFUSALS = {
    "unknown-id": ("famiglia", "Questa famiglia non è iscritta."),
    "no-active-recipient": ("famiglia", "Nessuno della famiglia lavora oggi in un'impresa della rete."),
    "unknown-beneficiary": ("per_chi", "Questa persona non è della famiglia."),
    "consent-missing": ("consenso", "Per questo servizio serve il consenso ai dati sulla salute."),
    "never-fits": ("volte", "Nel periodo non c'è posto per tante volte."),
}
"""The field at fault, and what is said, for each reason with which the library refuses a need."""

UNMET = {wis.UnmetReason.PRICE: "il prezzo", wis.UnmetReason.NO_SUPPLY: "nessuno offre il servizio"}


class Intake:
    """What a web framework would call: one method for each thing that a page posts or asks."""

    def __init__(self, community: wis.Community) -> None:
        self.community = community

    def post(self, form: dict[str, str], *, key: str) -> str | dict[str, str]:
        """Take a form in: the id of the need, or what to mend, by field."""
        read: dict[str, object] = {}
        errors: dict[str, str] = {}
        for name, (reader, help_text) in FIELDS.items():
            try:
                read[name] = reader(form.get(name, "").strip())
            except wis.Malformed:
                errors[name] = help_text
        if not errors and read["dal"] > read["al"]:
            errors["al"] = "L'ultimo giorno viene prima del primo."
        if errors:
            return errors
        try:
            need = self._need(read, key)
            self._consent(read, key)
            self.community.record(need, actor="intake-form", key=key)
        except wis.KeyReused:
            return {"modulo": "Questo modulo è già arrivato, con altre risposte."}
        except wis.Malformed:
            return {"modulo": "Rilegga il modulo: qualcosa è fuori misura."}
        except wis.Refused as refusal:
            field, said = REFUSALS.get(refusal.reason, ("modulo", "Non è possibile ora."))
            return {field: said}
        return need.need

    def _need(self, read: dict, key: str) -> wis.NeedDeclared:
        """Say the need as a fact; its id comes from the key, so that a retry says the same."""
        return wis.NeedDeclared(
            need=f"need-{key}",
            household=read["famiglia"],
            beneficiary=read["per_chi"],
            service=read["servizio"],
            slots=read["quando"],
            period=wis.Period(read["dal"], read["al"] + dt.timedelta(days=1)),
            nil=read["zona"].nil,
            minutes=read["volte"] * read["minuti"],
            sessions=read["volte"],
            price_limit_cents=read["prezzo"],
        )

    def _consent(self, read: dict, key: str) -> None:
        """Record the consent that the form gives, once, as a batch of its own."""
        household = self.community.network.households.get(read["famiglia"])
        if household and read["consenso"] and wis.Purpose.SPECIAL_DATA not in household.consents:
            self.community.record(wis.ConsentGiven(household=household.id), actor="intake-form", key=f"{key}-consent")

    def what_became_of(self, need: str) -> str:
        """Tell a family where its need stands."""
        asked = self.community.network.needs.get(need)
        if asked is None:
            return "Non conosciamo questa richiesta."
        last = list(self.community.events(about=need, types=[wis.PoolFormed, wis.NeedUnmet]))
        if asked.open or not last:
            return "In attesa: la guardiamo alla fine del mese."
        fact = last[-1].fact
        if isinstance(fact, wis.NeedUnmet):
            return f"Non si è potuto: {UNMET.get(fact.reason, fact.reason)}."
        pool = self.community.network.pools[fact.pool]
        first = self.community.sessions(pool.id)[0][0]
        share = next(member.share_cents for member in fact.members if member.need == need)
        euro = f"{share // 100},{share % 100:02}"
        families = len(pool.members)
        return (
            f"Servita in un gruppo di {families}: la vostra parte è {euro} euro; si comincia il {first.day:%d/%m/%Y}."
        )

    def waiting(self, now: dt.datetime) -> list[str]:
        """Tell the welfare manager what is open, longest first."""
        network = self.community.network
        declared = {
            recorded.fact.need: recorded.occurred_at for recorded in self.community.events(types=[wis.NeedDeclared])
        }
        opened = sorted(network.opened("need"), key=lambda name: (declared[name], name))
        return [
            f"{name}: {service(network.needs[name].service).name_it}, da {(now - declared[name]).days} giorni"
            for name in opened
        ]


def town() -> list[wis.Event]:
    """A firm, three families and a cooperative, so that there is somebody to ask and somebody to answer."""
    spring, afternoons = wis.Period.parse("2026-03-01/2026-06-01"), wis.WeekSlots.parse("mon-thu 16:00-19:00")
    child = wis.Member(id="figlia", age_band=wis.AgeBand.SCHOOL_6_10)
    families = [
        (
            wis.PersonEnrolled(person=f"p{number}", firm="cinema"),
            wis.HouseholdFormed(household=f"F{number}", holders=(f"p{number}",), members=(child,), nil=27),
        )
        for number in (1, 2, 3)
    ]
    tiers = (wis.PriceTier(price_cents=2_000), wis.PriceTier(people_from=2, price_cents=1_000))
    return [
        wis.FirmJoined(firm="cinema", title="Il Cinemino", persons=7, ateco="59.14", nil=27),
        *chain.from_iterable(families),
        wis.SupplierRegistered(supplier="coop", title="A cooperative", kind=wis.SupplierKind.COOPERATIVE),
        wis.SupplierOffered(
            offer="homework",
            supplier="coop",
            service="homework_support",
            channel=wis.Channel.WEMI,
            place=wis.Place.SUPPLIER,
            nil=27,
            slots=afternoons,
            period=spring,
            capacity_minutes=6_000,
            group_max=6,
            tiers=tiers,
        ),
    ]


def main() -> None:
    """Post some forms, as a browser would; match at the end of the month; ask."""
    today = [dt.datetime(2026, 2, 10, 9, tzinfo=dt.UTC)]
    community = wis.Community.open("memory:", clock=lambda: today[0])
    community.record(*town())
    intake = Intake(community)
    form = {
        "famiglia": "F1",
        "per_chi": "figlia",
        "servizio": "Supporto compiti ragazzi in età scolare",
        "quando": "lun-gio 16-19",
        "dal": "02/03/2026",
        "al": "29/05/2026",
        "volte": "10",
        "minuti": "90",
        "prezzo": "200,00",
        "zona": "27",
        "consenso": "no",
    }

    print("un modulo scritto male:", intake.post(form | {"quando": "pomeriggio", "prezzo": "poco"}, key="a1"))
    print("una famiglia non iscritta:", intake.post(form | {"famiglia": "F9"}, key="a2"))
    print("senza consenso:", intake.post(form | {"servizio": "elder_care"}, key="a3"))
    print("un modulo buono:", intake.post(form, key="a4"))
    today[0] += dt.timedelta(minutes=1)
    print("lo stesso, mandato due volte:", intake.post(form, key="a4"), "- fatti:", community.position)
    print("lo stesso, ma cambiato:", intake.post(form | {"volte": "12"}, key="a4"))
    print("un'altra famiglia:", intake.post(form | {"famiglia": "F2"}, key="b1"))
    health = {"famiglia": "F3", "servizio": "elder_care", "quando": "lun-ven 9-12", "consenso": "sì"}
    print("con il consenso:", intake.post(form | health, key="c1"))

    today[0] = dt.datetime(2026, 2, 27, 17, tzinfo=dt.UTC)
    community.advance(to=today[0])
    print("in attesa:", *intake.waiting(today[0]), sep="\n  ")
    plan = community.match("greedy")
    community.adopt(plan)
    for need in ("need-a4", "need-c1", "need-z9"):
        print(f"{need}: {intake.what_became_of(need)}")
    community.record(wis.NeedUnmet(need="need-c1", reason=wis.UnmetReason.NO_SUPPLY), actor="wm-1")
    print(f"need-c1: {intake.what_became_of('need-c1')}")


if __name__ == "__main__":
    main()
