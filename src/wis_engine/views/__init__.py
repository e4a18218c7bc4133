"""Read models: one question each, answered from the facts."""
