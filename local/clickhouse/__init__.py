"""The local telemetry store: ClickHouse's engine in a process of its own, behind its HTTP interface."""
