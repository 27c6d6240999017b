"""The agent server by itself on loopback: a private Postgres, the stand-in model, the server's process."""
