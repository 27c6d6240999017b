"""Gets the tools that the local platform runs: built from Go modules, installed with apt, or found."""
