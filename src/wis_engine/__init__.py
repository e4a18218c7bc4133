"""An event-sourced service-matching engine for territorial welfare."""
