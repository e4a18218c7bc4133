"""Where does the next agreement pay most? A notebook of marimo; `python next_agreement.py` prints its end."""

import marimo

app = marimo.App(width="medium", app_title="Where the next agreement pays most")


@app.cell
def imports():
    import datetime as dt

    import attrs
    import marimo as mo

    from wis_engine import charts
    from wis_engine.facts import AgreementSigned, SupplierOffered, SupplierRegistered
    from wis_engine.matching import next_agreements
    from wis_engine.network.parties import SupplierKind
    from wis_engine.simulation import Scenario, simulate, what_if

    return (
        AgreementSigned,
        Scenario,
        SupplierKind,
        SupplierOffered,
        SupplierRegistered,
        attrs,
        charts,
        dt,
        mo,
        next_agreements,
        simulate,
        what_if,
    )


@app.cell
def question(mo):
    mo.md(
        """
        # Where the next agreement pays most

        A welfare manager has time to sign one agreement this month. With whom, for which zone? `next_agreements` tries
        single changes on the last match (one more supplier of a service in a zone, one more hour of one there is) and
        ranks what each would serve that went without.

        Is that advice good beyond the day it is given? Here the best agreement is *signed* in a what-if: the same
        people, the same needs, the same luck, one more supplier. Everything is simulated; the suppliers of this
        district have a twentieth of their usual hours, so that places are short.
        """
    )


@app.cell
def district(Scenario, attrs, mo):
    seeds = int(mo.cli_args().get("seeds") or 4)
    firms = int(mo.cli_args().get("firms") or 30)
    whole = Scenario.district()
    short = tuple(
        attrs.evolve(kind, capacity_hours=max(6, kind.capacity_hours // 20), sessions_at_once=1)
        for kind in whole.supply.kinds
    )
    scenario = attrs.evolve(
        whole,
        name="short-of-places",
        firms=attrs.evolve(whole.firms, count=firms, members_at_start=firms),
        supply=attrs.evolve(whole.supply, kinds=short),
        matching=attrs.evolve(whole.matching, effort=0),
    )
    return scenario, seeds


@app.cell
def advice(dt, next_agreements, scenario, seeds, simulate):
    today, end_of_year = dt.datetime(2025, 10, 31, 12, tzinfo=dt.UTC), dt.datetime(2026, 1, 1, tzinfo=dt.UTC)

    def advise(seed):
        """Live a year's end, and ask on the last day of October what to sign."""
        run = simulate(scenario, seed=seed, strategy="greedy", until=end_of_year)
        past = run.community.as_of(today)
        found = next_agreements(past.problem(), past.match("greedy"), limit=8)
        return run, [one for one in found if one.gain.change.remedy == "supplier"]

    advised = [advise(seed) for seed in range(seeds)]
    return advised, today


@app.cell
def ranking(advised, mo):
    _, _first = advised[0]
    mo.vstack(
        [
            mo.md("What the first of the simulated Octobers advises, best first:"),
            mo.md("\n".join(f"1. {one.gain.text('en')}" for one in _first) or "No supplier would help."),
        ]
    )


@app.cell
def gains_by_zone(advised, charts, mo):
    _, _first = advised[0]
    _zones = {}
    for _one in _first:
        if _one.zone is not None:
            _zones[_one.zone] = _zones.get(_one.zone, 0) + _one.gain.minutes
    _columns = {"group": list(_zones), "short_minutes": list(_zones.values())}
    charts.zone_map(_columns, "short_minutes", language="en") if _zones else mo.md("Nothing to map.")


@app.cell
def signed(AgreementSigned, SupplierKind, SupplierOffered, SupplierRegistered, advised, attrs, today, what_if):
    def sign(agreement, network):
        """Make the facts of a new supplier like the one that the advice is modelled on."""
        like = network.offers[agreement.gain.change.offer]
        names = {one.name for one in attrs.fields(SupplierOffered)} & {one.name for one in attrs.fields(type(like))}
        terms = {name: getattr(like, name) for name in names} | {"nil": agreement.zone, "supplier": "new-supplier"}
        return [
            SupplierRegistered(supplier="new-supplier", title="A new supplier", kind=SupplierKind.COOPERATIVE),
            SupplierOffered(offer="new-offer", **terms),
            AgreementSigned(
                agreement="new-agreement", supplier="new-supplier", offers=("new-offer",), period=like.period
            ),
        ]

    tried = [
        (found[0], what_if(run, at=today, change=sign(found[0], run.community.network)))
        for run, found in advised
        if found
    ]
    return (tried,)


@app.cell
def one_what_if(tried):
    tried[0][1] if tried else None


@app.cell
def where_it_parts(charts, tried):
    charts.divergence(tried[0][1].divergence().side, language="en") if tried else None


@app.cell
def end(mo, seeds, tried):
    def more(what):
        rows = {row["measure"]: row for row in what.table().records()}
        return rows["promised"]["difference"], rows["delivered_minutes"]["difference"]

    told = [
        f"- {one.service} in zone {one.zone}: needs placed at once, as foreseen, {len(one.gain.needs):+d}; by the end "
        f"of the year needs placed {more(what)[0]:+d}, hours delivered {more(what)[1] / 60:+.0f}"
        for one, what in tried
    ]
    conclusion = "\n".join(
        [f"In {len(tried)} of {seeds} simulated Octobers one more supplier would have helped at once:", *told]
    )
    if mo.app_meta().mode == "script":
        print(conclusion)
    mo.md(
        f"## Conclusion\n\n{conclusion}\n\nThe advice counts one match; a supplier stays and serves the next ones too."
    )
    return (conclusion,)


if __name__ == "__main__":
    app.run()
