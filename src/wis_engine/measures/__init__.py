"""What came of a community, measured: the same definitions for a simulated log and for a real one.

Every measure is defined once (`DEFINITIONS`: unit, title, what counts) and
worked out here, in whole numbers with the unit in the name. Shares are in
millionths (`_ppm`), None where there is nothing to have a share of.

`Measures(community, period)` has a `Table` for each question: columns for
pictures and frames (`table["column"]`, `table.columns`), `records()`, and a
table in a notebook. `measures.summary()` puts one number for each of
`DEFINITIONS` into one row: what an ensemble keeps of a run.

The columns of each table. Of `needs` those declared in the period, of `pools`
those formed in it; days are dates.

`needs`
    need, household, firm, size, nil, municipio, action, declared_day, wanted_day, asked_minutes, promised_day,
    served_day, notice_days, wait_days, late_days, pool, pool_size, chained, price_cents, alone_cents, granted_cents,
    saved_cents, delivered_minutes, walk_m, outcome, unmet_reason, left_by
`pools`
    pool, formed_day, members, sessions, steps, suppliers, chained, price_cents, alone_cents, granted_cents, saved_cents
`pool_sizes`
    pool_size, needs, pools
`months`
    month_day, needs, promised, served, together, unmet, asked_minutes, delivered_minutes, price_cents, alone_cents,
    granted_cents, coverage_ppm, saving_ppm  (sums from the beginning up to the end of each month)
`waiting`
    wait_days, needs, served_ppm  (of the needs served, those that waited so many days or fewer)
`suppliers`
    supplier, capacity_minutes, promised_minutes, delivered_minutes, utilisation_ppm
`weeks`
    supplier, week_day, capacity_minutes, delivered_minutes, utilisation_ppm
`budget`
    day, action, granted_cents, held_cents, paid_cents, left_cents  (a row for each day on which something moved)
`groups`
    by, group, households, needs, served, asked_minutes, delivered_minutes, coverage_ppm, price_cents, alone_cents,
    granted_cents, saved_cents  (by: household, firm, size, zone, municipio, action)
`lorenz`
    by, of, groups_ppm, amount_ppm  (of: minutes, coverage, saving; from 0, 0 to a million each)
`flows`
    action, how, supplier, needs, minutes, price_cents  (how: alone, pool, chain)
`disruptions`
    what, by, needs, sessions  (what: left, missed, cancelled, moved)
`growth`
    month_day, firms, people, households, suppliers, offers, needs, pools, relations
"""

from wis_engine.measures.definitions import DEFINITIONS, Definition
from wis_engine.measures.measuring import Measures
from wis_engine.measures.table import Cell, Table

__all__ = ["DEFINITIONS", "Cell", "Definition", "Measures", "Table"]
