"""The agent server: Letta's REST contract on Postgres and any OpenAI-compatible model."""

__version__ = "0.1.0"
