"""What each measure is: its unit, its title in English and Italian, and what counts."""

from typing import Final

from attrs import frozen


@frozen(kw_only=True)
class Definition:
    """One measure of a community: a whole number, None where there is nothing to measure.

    Attributes
    ----------
    name
        Its column in a summary; units are last in the name.
    unit
        «ppm» is a share in millionths, «milli» thousandths of one.
    counts
        What counts, of whom.
    better
        1 where more of it is better for those who have needs, -1 where less is, 0 where it only describes.
    """

    name: str
    unit: str
    title: str
    title_it: str
    counts: str
    better: int = 0


# Name, unit, better, title in English, in Italian, what counts.
# fmt: off
_ROWS: Final = (
    ("needs", "needs", 0, "Needs declared", "Bisogni dichiarati", "needs declared in the period"),
    ("promised", "needs", 1, "Needs promised", "Bisogni abbinati", "of these, needs that entered a pool"),
    ("served", "needs", 1, "Needs served", "Bisogni serviti",
     "of these, needs of which at least one session took place"),
    ("coverage_ppm", "ppm", 1, "Coverage", "Copertura", "served of all needs"),
    ("unmet", "needs", -1, "Needs unmet", "Bisogni inevasi", "needs closed as unmet or expired, nothing delivered"),
    ("asked_minutes", "minutes", 0, "Time asked for", "Tempo richiesto", "minutes of the needs, as first declared"),
    ("delivered_minutes", "minutes", 1, "Time delivered", "Tempo erogato",
     "minutes of sessions that took place, as their recipients had them"),
    ("delivered_ppm", "ppm", 1, "Time delivered of time asked for", "Tempo erogato su tempo richiesto",
     "delivered of asked minutes"),
    ("price_cents", "cents", 0, "Price", "Prezzo", "shares of the price of the needs promised, as last promised"),
    ("alone_cents", "cents", 0, "Price alone", "Prezzo da soli", "what these needs would have paid alone"),
    ("granted_cents", "cents", 0, "Public money promised", "Contributo pubblico promesso",
     "public money promised to these needs"),
    ("saved_cents", "cents", 1, "Saved together", "Risparmio", "the price alone less the price"),
    ("saving_ppm", "ppm", 1, "Saving against alone", "Risparmio rispetto a soli", "saved of the price alone"),
    ("pools", "pools", 0, "Pools", "Aggregazioni", "pools formed in the period, pools of one included"),
    ("together", "needs", 1, "Needs served together", "Bisogni aggregati",
     "needs promised in a pool of two and more, as it was formed"),
    ("together_ppm", "ppm", 1, "Served together", "Bisogni aggregati, quota", "together of the needs promised"),
    ("chained", "needs", 0, "Needs in chains", "Bisogni in filiera", "needs promised in a chain of suppliers"),
    ("pool_size_milli", "milli", 1, "Pool size of a need", "Dimensione media dell’aggregazione",
     "members of the pool in which a need was promised, mean over needs"),
    ("notice_days_median", "days", -1, "Days to a promise", "Giorni fino all’abbinamento",
     "from the day declared to the first promise, median over needs promised"),
    ("wait_days_median", "days", -1, "Waiting time", "Tempo di attesa",
     "from the day declared to the first session that took place, median over needs served"),
    ("wait_days_p90", "days", -1, "Waiting time, nine in ten", "Tempo di attesa, nove su dieci",
     "the days within which nine of ten needs served had their first session"),
    ("late_days_median", "days", -1, "Days late", "Giorni di ritardo",
     "from the first day wanted to the first session, median over needs served"),
    ("walk_m_median", "metres", -1, "Way to the supplier", "Distanza dal fornitore",
     "between the middles of the zones of need and supplier, where the household goes there; median over needs"),
    ("utilisation_ppm", "ppm", 1, "Utilisation", "Utilizzo dei fornitori",
     "minutes delivered of the capacity of the offers that stood"),
    ("active_suppliers", "suppliers", 0, "Suppliers that delivered", "Fornitori attivi",
     "suppliers of which a session took place"),
    ("budget_cents", "cents", 0, "Public money granted", "Contributo pubblico concesso", "money of the fund lines"),
    ("paid_cents", "cents", 0, "Public money paid", "Contributo pubblico speso", "what vouchers paid"),
    ("burn_ppm", "ppm", 0, "Budget burnt", "Budget consumato", "paid of granted"),
    ("gini_household_ppm", "ppm", -1, "Gini over households", "Gini tra i nuclei",
     "inequality of the minutes delivered, over households that asked"),
    ("gini_size_ppm", "ppm", -1, "Gini over sizes of firms", "Gini tra classi di impresa",
     "inequality of the part of the minutes asked for that was delivered, over size classes of firms"),
    ("gini_zone_ppm", "ppm", -1, "Gini over zones", "Gini tra i quartieri",
     "the same over the zones (NIL) of the needs"),
    ("disrupted", "needs", -1, "Promises not kept", "Promesse non mantenute",
     "needs that left a pool, or of which a session was missed, cancelled or moved, by another than the household"),
    ("disruption_ppm", "ppm", -1, "Promises not kept, share", "Promesse non mantenute, quota",
     "disrupted of the needs promised"),
    ("given_up", "needs", -1, "Given up", "Rinunce", "the same where the household itself did not want or come"),
    ("firms", "firms", 0, "Firms", "Imprese", "members at the end"),
    ("people", "people", 0, "People enrolled", "Persone iscritte", "enrolled at the end"),
    ("households", "households", 0, "Households", "Nuclei familiari", "known at the end"),
    ("offers", "offers", 0, "Offers", "Offerte", "open at the end"),
)
# fmt: on

DEFINITIONS: Final = {
    name: Definition(name=name, unit=unit, better=better, title=title, title_it=title_it, counts=counts)
    for name, unit, better, title, title_it, counts in _ROWS
}
"""Every measure of a summary by name, in order."""
