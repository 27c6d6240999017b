"""Rules of the pack ops-dr-cost: operations, recovery, tags and cost."""
