"""The arguments of `vllm serve`; tests/inference starts the real one with them where it can run."""

from __future__ import annotations

import os
import shlex
import subprocess
from dataclasses import replace
from pathlib import Path

from infra.workloads.vllm_command import CACHE_DIR, VllmCommand

CHAT = VllmCommand(
    location="/models/Qwen/Qwen3-8B/0123456789abcdef0123456789abcdef01234567",
    served_name="qwen3-8b",
    shutdown_timeout=120,
    purpose="chat",
    max_model_len=32_768,
    tensor_parallel=2,
    gpu_memory_utilization=0.9,
    tool_call_parser="hermes",
    reasoning_parser="qwen3",
)
EMBED = VllmCommand(
    location="/models/BAAI/bge-m3/0123456789abcdef0123456789abcdef01234567",
    served_name="bge-m3",
    shutdown_timeout=15,
    purpose="embed",
    device="cpu",
)


def option(command: VllmCommand, name: str) -> str:
    words = command.command()
    return words[words.index(name) + 1]


def test_what_agents_need_is_asked_for() -> None:
    assert option(CHAT, "--tool-call-parser") == "hermes"
    assert option(CHAT, "--reasoning-parser") == "qwen3"
    assert option(CHAT, "--max-model-len") == "32768"
    assert option(CHAT, "--tensor-parallel-size") == "2"
    assert option(CHAT, "--gpu-memory-utilization") == "0.90"
    assert option(CHAT, "--shutdown-timeout") == "120"
    assert {"--enable-auto-tool-choice", "--enable-prefix-caching"} <= set(CHAT.command())


def test_memory_options_appear_when_set() -> None:
    smaller = replace(CHAT, kv_cache_dtype="fp8", quantization="fp8", chat_template="/t.jinja")
    assert option(smaller, "--kv-cache-dtype") == "fp8"
    assert option(smaller, "--quantization") == "fp8"
    assert option(smaller, "--chat-template") == "/t.jinja"
    assert "--kv-cache-dtype" not in CHAT.command()


def test_without_a_parser_tools_are_not_promised() -> None:
    assert "--enable-auto-tool-choice" not in replace(CHAT, tool_call_parser=None).command()


def test_an_embedding_server_pools_and_knows_no_gpus() -> None:
    words = EMBED.command()
    assert option(EMBED, "--runner") == "pooling"
    assert not {"--tensor-parallel-size", "--enable-auto-tool-choice", "--max-model-len"} & set(words)


def test_nothing_is_fetched_and_everything_is_written_to_the_cache() -> None:
    environment = CHAT.environment()
    assert environment["HF_HUB_OFFLINE"] == "1"
    assert all(path.startswith(f"{CACHE_DIR}/") for path in environment.values() if path.startswith("/"))


def test_the_script_hands_the_key_over_in_the_environment_and_becomes_the_server(tmp_path: Path) -> None:
    # A program called vllm says what it was started with; its name has to be found by the script.
    (tmp_path / "key").write_text("made-up key $HOME 'x'", encoding="utf-8")
    program = tmp_path / "vllm"
    program.write_text('#!/bin/sh\necho "$$"\necho "$VLLM_API_KEY"\nfor a; do echo "$a"; done\n')
    program.chmod(0o755)
    odd = replace(CHAT, served_name='it\'s a "name" $(id)')
    started = subprocess.Popen(
        ["/bin/sh", "-c", odd.script(str(tmp_path / "key"))],
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        stdout=subprocess.PIPE,
        text=True,
    )
    said, _ = started.communicate(timeout=30)
    pid, key, *words = said.splitlines()
    assert int(pid) == started.pid
    assert key == "made-up key $HOME 'x'"
    assert words == odd.command()[1:]


def test_no_argument_is_lost_in_the_script() -> None:
    _, _, command = CHAT.script("/run/secrets/roost/api-key").partition("exec ")
    assert shlex.split(command) == CHAT.command()
