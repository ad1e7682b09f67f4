"""Find mail loops and deferral spikes in mail logs, confirm them by DNS, and stop them."""
