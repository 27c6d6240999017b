"""Names of settings: upstream's, others' for the same, those that do nothing, and mistakes."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from app import settings
from app.models.endpoints import endpoints
from app.settings import Settings, SettingsError
from app.settings_names import FALLBACKS, IDLE, SAME
from tests.support import server

GOOD = {"LETTA_SERVER_PASSWORD": "long enough", "VLLM_API_BASE": "http://127.0.0.1:9"}
PRICE = '{"a/b": [{"since": "2026-01-01", "input": 1, "output": "0.5"}]}'


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = (*IDLE, *SAME, *FALLBACKS, *(field.alias or "" for field in Settings.model_fields.values()))
    for name in [name for name in os.environ if name.startswith("LETTA_") or name in ours]:
        monkeypatch.delenv(name)


def loaded(monkeypatch: pytest.MonkeyPatch, **variables: str | None) -> Settings:
    """Settings of this environment; None takes a variable away."""
    for name, value in (GOOD | variables).items():
        if value is not None:
            monkeypatch.setenv(name, value)
    return settings.load_server()


def test_every_name_has_one_meaning_and_an_explanation() -> None:
    known = {field.alias for field in Settings.model_fields.values()}
    assert not known & (IDLE.keys() | SAME.keys() | FALLBACKS.keys())
    assert not IDLE.keys() & (SAME.keys() | FALLBACKS.keys())
    assert set(SAME.values()) | set(FALLBACKS.values()) <= known
    assert [field.alias for field in Settings.model_fields.values() if not field.description] == []


def test_the_tutorials_names_work(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Seed 001's environment, as it is there."""
    found = loaded(
        monkeypatch, LETTA_SERVER_PASSWORD=None, LETTA_DB_URL="postgresql://letta:pw@db.host:5432/letta",
        LETTA_REDIS_URL="redis://redis.host:6379", LETTA_API_KEY="your-secure-api-key-here",
        LETTA_JWT_SECRET="another-secure-random-string", LOG_LEVEL="info", LOG_FORMAT="json",
    )  # fmt: skip
    assert found.uri is not None
    assert found.uri.get_secret_value().endswith("@db.host:5432/letta")
    assert found.server_password.get_secret_value() == "your-secure-api-key-here"
    assert found.log_level == "INFO"
    said = capsys.readouterr().err.splitlines()
    assert sorted(line.split()[0] for line in said) == ["LETTA_JWT_SECRET", "LETTA_REDIS_URL", "LOG_FORMAT"]
    assert all(" has no effect: " in line for line in said)
    assert "another-secure-random-string" not in "".join(said)


def test_a_clients_key_is_not_the_servers_when_it_has_one(monkeypatch: pytest.MonkeyPatch) -> None:
    found = loaded(monkeypatch, LETTA_API_KEY="sk-the-key-of-a-client")
    assert found.server_password.get_secret_value() == "long enough"


def test_the_pools_names_are_upstreams(monkeypatch: pytest.MonkeyPatch) -> None:
    found = loaded(
        monkeypatch, LETTA_PG_POOL_SIZE="7", LETTA_PG_MAX_OVERFLOW="3", LETTA_PG_POOL_TIMEOUT="1.5",
        LETTA_PG_POOL_RECYCLE="60",
    )  # fmt: skip
    assert (found.pool_size, found.pool_overflow, found.pool_timeout, found.pool_recycle) == (7, 3, 1.5, 60)


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"LETTA_PG_POOLSIZE": "1"}, "not a setting of this server. Did you mean LETTA_PG_POOL_SIZE?"),
        ({"LETTA_REDIS_HOSTS": "x"}, "Did you mean LETTA_REDIS_HOST?"),
        ({"LETTA_DB_URL": "postgresql://a", "LETTA_PG_URI": "postgresql://c"}, "same; keep LETTA_PG_URI"),
        ({"LETTA_DB_URL": "postgresql://a/b", "LETTA_PG_HOST": "c"}, "LETTA_DB_URL and LETTA_PG_HOST are"),
        ({"OPENAI_API_KEY": "a", "OPENAI_API_KEY_FILE": "/x"}, "keep one of them"),
        ({"VLLM_API_BASE": None}, "No model endpoint is set; set VLLM_API_BASE, OPENAI_API_KEY"),
        ({"LETTA_DEFAULT_LLM_HANDLE": "x/y", "VLLM_HANDLE_BASE": "v"}, "called so; there are: v."),
        ({"VLLM_HANDLE_BASE": "openai", "OPENAI_API_KEY": "k"}, "which is another endpoint's name"),
        ({"BEDROCK_MODELS": "amazon.nova-lite-v1:0"}, "BEDROCK_REGION is not; set the region"),
        ({"ROOST_MODEL_PRICES": "{"}, "ROOST_MODEL_PRICES is not usable"),
        ({"ROOST_MODEL_PRICES": '{"a/b": [{"input": -1, "output": 1}]}'}, "ROOST_MODEL_PRICES is not usable"),
        ({"VLLM_API_BASE": "model:8000"}, "VLLM_API_BASE is not usable"),
    ],
)  # fmt: skip
def test_mistakes_stop_the_start(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str | None], words: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        loaded(monkeypatch, **variables)
    assert words in str(refused.value)


def test_endpoints_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    found = endpoints(loaded(
        monkeypatch, OPENAI_API_KEY="a", ANTHROPIC_API_KEY="b", BEDROCK_MODELS="x.y-1, x.z-1",
        AWS_REGION="eu-west-1", LETTA_DEFAULT_LLM_HANDLE="openai/gpt", VLLM_API_KEY="c",
    ))  # fmt: skip
    assert {name: (one.kind, one.base_url) for name, one in found.items()} == {
        "vllm": ("vllm", "http://127.0.0.1:9/v1"),
        "openai": ("openai", "https://api.openai.com/v1"),
        "anthropic": ("anthropic", "https://api.anthropic.com/v1"),
        "bedrock": ("bedrock", "https://bedrock-runtime.eu-west-1.amazonaws.com"),
    }
    assert found["bedrock"].offered == ("x.y-1", "x.z-1")
    assert (found["vllm"].api_key, found["openai"].api_key, found["anthropic"].api_key) == ("c", "a", "b")


@pytest.mark.parametrize("url", ["http://h:8000", "http://h:8000/", "http://h:8000/v1", "http://h:8000/v1/"])
def test_a_base_may_be_given_with_or_without_its_version(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    (only,) = endpoints(loaded(monkeypatch, VLLM_API_BASE=url, LETTA_DEFAULT_LLM_HANDLE="mine/x")).values()
    assert (only.provider, only.base_url) == ("mine", "http://h:8000/v1")


def test_prices_are_read_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    (price,) = loaded(monkeypatch, ROOST_MODEL_PRICES=PRICE).prices["a/b"]
    assert (str(price.input), str(price.output), str(price.since)) == ("1", "0.5", "2026-01-01")


def test_the_document_says_what_the_models_say() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "local.server_settings", "--check"],
        cwd=server.REPO, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
