"""Read a community's log. A notebook of marimo; `python read_log.py [--log wis-demo/community.db]` prints its end.

Without `--log` it lives the demo's year in memory first: the same facts as
`wis-engine demo` leaves in its file.
"""

import marimo

app = marimo.App(width="medium", app_title="Reading a community's log")


@app.cell
def imports():
    import marimo as mo

    import wis_engine as wis
    from wis_engine import charts
    from wis_engine.measures import Measures
    from wis_engine.report.story import story, telling
    from wis_engine.report.words import words

    return Measures, charts, mo, story, telling, wis, words


@app.cell
def question(mo):
    mo.md(
        """
        # Reading a community's log

        A community is its log of facts, and nothing else. Open one and ask: who was served, who was not, where does
        the money go, who waits? `wis-engine demo` makes a log to read, of a simulated year; a real one reads the same
        way, and read-only: nothing here can change it.
        """
    )


@app.cell
def opened(mo, wis):
    path = mo.cli_args().get("log")
    community = (
        wis.Community.open(f"sqlite:///{path}", clock=wis.system_clock, mode="r") if path else wis.sample("pilot")
    )
    return (community,)


@app.cell
def measured(Measures, community):
    measures = Measures(community)
    measures
    return (measures,)


@app.cell
def as_time_goes_by(charts, measures):
    charts.coverage(measures.months, language="en")


@app.cell
def where_money_goes(charts, measures):
    charts.flow(measures.flows, language="en")


@app.cell
def what_is_left(charts, measures):
    charts.burn_down(measures.budget, language="en")


@app.cell
def who_waits(charts, measures):
    charts.waiting(measures.waiting, language="en")


@app.cell
def where(charts, measures):
    charts.zone_map(measures.groups.where(by="zone"), language="en")


@app.cell
def who_is_used(charts, measures):
    charts.weeks(measures.weeks, language="en")


@app.cell
def how_even(charts, measures):
    charts.lorenz(measures.lorenz.where(of="coverage"), language="en")


@app.cell
def who_is_linked(charts, community):
    charts.network(community.network.graph, language="en")


@app.cell
def one_story(community, mo, story, telling, words):
    told = story(community, telling(community.network))
    english = words("en")
    mo.md(
        "\n".join([f"## The story of {told.need}", *(f"- {one.when:%d %b}: {one.said(english)}" for one in told.lines)])
    )


@app.cell
def end(measures, mo):
    unmet = [row for row in measures.needs.records() if row["unmet_reason"]]
    reasons = {}
    for row in unmet:
        reasons[row["unmet_reason"]] = reasons.get(row["unmet_reason"], 0) + 1
    first = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))[:3]
    conclusion = (
        f"Of {measures['needs']} needs {measures['served']} were served, half of them within "
        f"{measures['wait_days_median']} days. Sharing saved {measures['saving_ppm'] / 10_000:.0f} % of the price"
        f" alone. {len(unmet)} went unmet, most for: {', '.join(f'{reason} ({count})' for reason, count in first)}."
    )
    if mo.app_meta().mode == "script":
        print(conclusion)
    mo.md(f"## Conclusion\n\n{conclusion}")
    return (conclusion,)


if __name__ == "__main__":
    app.run()
