"""Design a strategy in one cell and try it. A notebook of marimo; `python new_strategy.py` prints its end."""

import marimo

app = marimo.App(width="medium", app_title="Designing an aggregation strategy")


@app.cell
def imports():
    import datetime as dt

    import attrs
    import marimo as mo

    from wis_engine import charts
    from wis_engine.matching import Greedy
    from wis_engine.matching.making import made
    from wis_engine.matching.options import ground_of
    from wis_engine.matching.proposing import proposal_of
    from wis_engine.simulation import Scenario, compare, ensemble

    return Greedy, Scenario, attrs, charts, compare, dt, ensemble, ground_of, made, mo, proposal_of


@app.cell
def question(mo):
    mo.md(
        """
        # Designing a strategy

        A strategy says who *may* share a service; the library makes the pools, checks every rule, splits the price and
        proves a bound. The one below pools the needs of one household's **firm and zone together**: colleagues who also
        live near each other. Change `together` and run the cell: everything after it follows.

        What does such a narrow circle cost? It is held against `greedy`, which pools whoever fits. Everything is
        simulated.
        """
    )


@app.cell
def strategy(attrs, ground_of, made, proposal_of):
    @attrs.frozen(kw_only=True)
    class Neighbours:
        """Pool colleagues who live in one zone."""

        name = "neighbours"

        def __call__(self, problem, *, seed, effort):
            return proposal_of(made(ground_of(problem), self.together, None, effort))

        def together(self, need):
            return f"{need.firm} {need.zone}"

    return (Neighbours,)


@app.cell
def town(Scenario, attrs, mo):
    seeds = int(mo.cli_args().get("seeds") or 8)
    firms = int(mo.cli_args().get("firms") or 30)
    whole = Scenario.district()
    scenario = attrs.evolve(
        whole,
        name="small-district",
        firms=attrs.evolve(whole.firms, count=firms, members_at_start=firms),
        matching=attrs.evolve(whole.matching, effort=0),
    )
    return scenario, seeds


@app.cell
def runs(Greedy, Neighbours, dt, ensemble, scenario, seeds):
    lived = ensemble(
        scenario,
        seeds=range(seeds),
        strategies=[Neighbours(), Greedy()],
        until=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    )
    lived
    return (lived,)


@app.cell
def picture(charts, lived):
    charts.paired(lived, "coverage_ppm", language="en")


@app.cell
def sizes(charts, lived):
    charts.pool_sizes(lived.pool_sizes, language="en")


@app.cell
def end(compare, lived, mo):
    compared = compare(lived, base="greedy", measures=["coverage_ppm", "saving_ppm", "walk_m_median"])
    lost = compared["coverage_ppm", "neighbours"]
    dearer = compared["saving_ppm", "neighbours"]
    conclusion = (
        f"Pooling only neighbours of one firm serves {float(lost.base_mean) / 10_000:.1f} % becoming "
        f"{float(lost.other_mean) / 10_000:.1f} % of the needs ({lost.verdict}), and saves "
        f"{float(dearer.base_mean) / 10_000:.1f} % becoming {float(dearer.other_mean) / 10_000:.1f} % of the price "
        f"alone ({dearer.verdict}), over {lost.pairs} pairs of simulated autumns."
    )
    if mo.app_meta().mode == "script":
        print(conclusion)
    mo.vstack([compared, mo.md(f"## Conclusion\n\n{conclusion}")])
    return (conclusion,)


if __name__ == "__main__":
    app.run()
