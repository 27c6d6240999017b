-- The database of all telemetry. Names in braces after a dollar sign come from the stack's settings.
CREATE DATABASE IF NOT EXISTS otel ${ON_CLUSTER};
