"""A community that lives by drawn lots: keyed draws, the project card, a year of needs and deliveries."""
