"""Which way of pooling serves a district best? A notebook of marimo; `python compare_strategies.py` prints its end."""

import marimo

app = marimo.App(width="medium", app_title="Comparing aggregation strategies")


@app.cell
def imports():
    import datetime as dt

    import attrs
    import marimo as mo

    from wis_engine import charts
    from wis_engine.simulation import Scenario, compare, ensemble

    return Scenario, attrs, charts, compare, dt, ensemble, mo


@app.cell
def question(mo):
    mo.md(
        """
        # Comparing aggregation strategies

        Thirty small firms want child care, errands, a hand with homework. Who should share a service with whom: people
        of the **same firm**, of the **same zone**, or **whoever fits**? Everything here is simulated: firms, people,
        needs and prices are drawn from `Scenario.district()`, whose assumptions stand in the docstrings of
        `wis_engine.simulation.ladder`.

        Every strategy meets the same needs: with one seed nothing but the strategy differs. So differences are looked
        at in pairs, seed by seed.
        """
    )


@app.cell
def choose(mo):
    seeds = int(mo.cli_args().get("seeds") or 8)
    firms = int(mo.cli_args().get("firms") or 30)
    return firms, seeds


@app.cell
def district(Scenario, attrs, firms):
    whole = Scenario.district()
    scenario = attrs.evolve(
        whole,
        name="small-district",
        firms=attrs.evolve(whole.firms, count=firms, members_at_start=firms),
        matching=attrs.evolve(whole.matching, effort=0),
    )
    return (scenario,)


@app.cell
def runs(dt, ensemble, scenario, seeds):
    lived = ensemble(
        scenario,
        seeds=range(seeds),
        strategies=["by_firm", "by_zone", "greedy"],
        until=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    )
    lived
    return (lived,)


@app.cell
def how_many_are_served(charts, lived):
    charts.paired(lived, "coverage_ppm", language="en")


@app.cell
def as_time_goes_by(charts, lived):
    charts.coverage(lived.months, of="promised", language="en")


@app.cell
def how_many_share(charts, lived):
    charts.pool_sizes(lived.pool_sizes, language="en")


@app.cell
def what_it_costs(charts, lived):
    charts.frontier(lived, "walk_m_median", "saving_ppm", language="en")


@app.cell
def differences(compare, lived):
    compared = compare(lived, base="by_firm")
    compared
    return (compared,)


@app.cell
def end(compared, lived, mo, seeds):
    def told(measure, strategy):
        one = compared[measure, strategy]
        span = "" if one.low is None else f", 95 % interval {one.low / 10_000:.1f} to {one.high / 10_000:.1f}"
        return f"{float(one.difference) / 10_000:+.1f} points{span} ({one.verdict})"

    needs = sum(lived["needs"]) // len(lived)
    conclusion = "\n".join(
        [
            f"Over {seeds} simulated autumns of {needs} needs each, against pooling within firms:",
            *(f"- {name}: needs served {told('coverage_ppm', name)}" for name in ("by_zone", "greedy")),
            *(f"- {name}: saved of the price alone {told('saving_ppm', name)}" for name in ("by_zone", "greedy")),
        ]
    )
    if mo.app_meta().mode == "script":
        print(conclusion)
    mo.md(f"## Conclusion\n\n{conclusion}\n\nAn interval that holds zero decides nothing: take more seeds.")
    return (conclusion,)


if __name__ == "__main__":
    app.run()
