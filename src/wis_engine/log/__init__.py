"""Where the facts of a community are kept: one order, whole batches, in memory or in SQLite."""
