"""`roost store …`: what Jobs do to the telemetry store, ClickHouse. The server itself does not need one."""
