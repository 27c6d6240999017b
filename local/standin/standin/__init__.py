"""An OpenAI-compatible server that stands in for a language model: scripted answers, real embeddings.

Run as `python -m standin`. The chat model follows the rules in `rules.py` and says that it is scripted; the
embedding model is the real all-MiniLM-L6-v2.
"""

CHAT_MODEL = "scripted-stand-in"
EMBEDDING_MODEL = "all-minilm-l6-v2"
FINGERPRINT = "scripted-stand-in"
"""`system_fingerprint` of every chat answer."""
