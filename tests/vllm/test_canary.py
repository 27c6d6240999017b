"""The canary's command against real models: it is what raises the alarm when they do not answer."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.server import REPO
from tests.support.vllm import KEY, Vllm


def check(chat: Vllm, embeddings: Vllm, key_file: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    """`roost model check`, as the CronJob runs it."""
    variables = {
        "VLLM_API_BASE": f"{chat.url}/v1",
        "VLLM_API_KEY_FILE": str(key_file),
        "EMBEDDING_API_BASE": f"{embeddings.url}/v1",
        "ROOST_MODEL": chat.served_name,
        "ROOST_EMBEDDING_MODEL": embeddings.served_name,
    }
    return subprocess.run(
        [sys.executable, "-m", "app.cli", "model", "check"],
        env=variables | changes, cwd=REPO, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """The key as the pod sees it."""
    path = tmp_path / "api-key"
    path.write_text(KEY)
    return path


def test_it_is_content_with_models_that_answer(chat: Vllm, embeddings: Vllm, key_file: Path) -> None:
    done = check(chat, embeddings, key_file)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("changes", [{"ROOST_MODEL": "other"}, {"ROOST_EMBEDDING_MODEL": "other"}])
def test_it_fails_when_one_does_not(
    chat: Vllm, embeddings: Vllm, key_file: Path, changes: dict[str, str]
) -> None:
    done = check(chat, embeddings, key_file, **changes)
    assert done.returncode == 1
    assert "does not know this model" in done.stdout + done.stderr
