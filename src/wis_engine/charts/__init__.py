"""Pictures of a community."""
