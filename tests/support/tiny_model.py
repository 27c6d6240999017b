"""A chat model of made-up weights, a few MB on disk, that vLLM takes for a Qwen2.

Its layers are random and far too weak to matter. What it says next depends on its last token alone: every
token has a dimension of its own, so the output matrix is a table of what follows what. The chat template ends
in one of two tokens, from which it says SENTENCE, or calls TOOL when it is offered tools. Elsewhere, as where
a grammar leads it away from that, it babbles in printable characters and soon comes to an end.
"""

from __future__ import annotations

import json
import math
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

SENTENCE = "Nobody trained me, so I repeat what was put into my weights by hand."
TOOL = "memory_insert"
ARGUMENTS = {"label": "human", "new_string": "The name of the user is Robin."}

CONTEXT = 32_768
LAYERS, KV_HEADS, HEAD_DIM = 2, 2, 32

PAD, START, END, SAY, CALL = "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|say|>", "<|call|>"
OPEN_CALL, CLOSE_CALL = "<tool_call>", "</tool_call>"
"""Hermes' dialect, which Qwen2.5 speaks and vLLM's parser `hermes` reads."""

_CERTAIN, _LIKELY, _NEVER = 30.0, 3.0, -30.0
_PRINTABLE = range(32, 127)
_SAID = re.findall(r" ?\S+", SENTENCE)
_CALLED = re.findall(r"(?s).{1,12}", f"\n{json.dumps({'name': TOOL, 'arguments': ARGUMENTS})}\n")
"""In pieces that end within words: a parser of a stream has to put them together."""

_TEMPLATE = (
    "{%- for tool in tools or [] %}{{ '<|im_start|>system\n' }}{{ tool | tojson }}"
    "{{ '<|im_end|>\n' }}{%- endfor %}"
    "{%- for message in messages %}{{ '<|im_start|>' + message.role + '\n' }}"
    "{%- if message.content is string %}{{ message.content }}"
    "{%- else %}{%- for part in message.content or [] %}{{ part.text }}{%- endfor %}{%- endif %}"
    "{%- for call in message.tool_calls or [] %}"
    "{{ '<tool_call>' }}{{ call.function | tojson }}{{ '</tool_call>' }}{%- endfor %}"
    "{{ '<|im_end|>\n' }}{%- endfor %}"
    "{%- if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}"
    "{{ '<|call|>' if tools and messages[-1].role == 'user' else '<|say|>' }}{%- endif %}"
)


def write(directory: Path) -> None:
    """Write the model as Hugging Face's hub would hold it."""
    tokenizer = _tokenizer()
    ids = tokenizer.get_vocab()
    width = math.ceil(len(ids) / 64) * 64  # what vLLM pads a vocabulary to
    directory.mkdir(parents=True)
    tokenizer.save(str(directory / "tokenizer.json"))
    _json(directory / "tokenizer_config.json", _tokenizer_config())
    _json(directory / "config.json", _config(width, ids))
    _json(directory / "generation_config.json", {"eos_token_id": ids[END], "pad_token_id": ids[PAD]})
    save_file(_weights(width, ids), directory / "model.safetensors", metadata={"format": "pt"})


def _json(path: Path, content: dict[str, object]) -> None:
    path.write_text(json.dumps(content, indent=2))


def _tokenizer() -> Tokenizer:
    """One token per byte, and one per piece of what it says; nothing is ever merged."""
    by_byte = _alphabet()
    vocabulary = {character: byte for byte, character in enumerate(by_byte)}
    for piece in [*_SAID, *_CALLED]:
        spelled = "".join(by_byte[byte] for byte in piece.encode())
        assert spelled not in vocabulary, f"{piece!r} would lead to two continuations"
        vocabulary[spelled] = len(vocabulary)
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(text, special=True) for text in (PAD, START, END, SAY, CALL)])
    tokenizer.add_tokens([AddedToken(text, normalized=False) for text in (OPEN_CALL, CLOSE_CALL)])
    return tokenizer


def _alphabet() -> list[str]:
    """GPT-2's printable stand-in for every byte."""
    shown = {*range(33, 127), *range(161, 173), *range(174, 256)}
    hidden = iter(range(256, 512))
    return [chr(byte if byte in shown else next(hidden)) for byte in range(256)]


def _tokenizer_config() -> dict[str, object]:
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": END,
        "pad_token": PAD,
        "model_max_length": CONTEXT,
        "clean_up_tokenization_spaces": False,
        "chat_template": _TEMPLATE,
    }


def _config(width: int, ids: dict[str, int]) -> dict[str, object]:
    return {
        "architectures": ["Qwen2ForCausalLM"],
        "model_type": "qwen2",
        "vocab_size": width,
        "hidden_size": width,
        "intermediate_size": 64,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": width // HEAD_DIM,
        "num_key_value_heads": KV_HEADS,
        "max_position_embeddings": CONTEXT,
        "hidden_act": "silu",
        "rms_norm_eps": 1e-6,
        "rope_theta": 10_000.0,
        "tie_word_embeddings": False,
        "use_sliding_window": False,
        "eos_token_id": ids[END],
        "pad_token_id": ids[PAD],
        "torch_dtype": "bfloat16",
    }


def _weights(width: int, ids: dict[str, int]) -> dict[str, NDArray[np.float32]]:
    random = np.random.default_rng(seed=7)

    def noise(*shape: int, scale: float) -> NDArray[np.float32]:
        return (random.standard_normal(shape) * scale).astype(np.float32)

    # The last norm lifts a state of a single 1 to the root of the width.
    weights = {
        "model.embed_tokens.weight": np.eye(width, dtype=np.float32),
        "model.norm.weight": np.ones(width, np.float32),
        "lm_head.weight": (_next(width, ids, random).T / math.sqrt(width)).astype(np.float32, order="C"),
    }
    for number in range(LAYERS):
        layer = f"model.layers.{number}"
        for norm in ("input_layernorm", "post_attention_layernorm"):
            weights[f"{layer}.{norm}.weight"] = np.ones(width, np.float32)
        for name, rows in (("q", width), ("k", KV_HEADS * HEAD_DIM), ("v", KV_HEADS * HEAD_DIM)):
            weights[f"{layer}.self_attn.{name}_proj.weight"] = noise(rows, width, scale=0.02)
            weights[f"{layer}.self_attn.{name}_proj.bias"] = noise(rows, scale=0.02)
        weights[f"{layer}.self_attn.o_proj.weight"] = noise(width, width, scale=1e-4)
        for name in ("gate", "up"):
            weights[f"{layer}.mlp.{name}_proj.weight"] = noise(64, width, scale=0.02)
        weights[f"{layer}.mlp.down_proj.weight"] = noise(width, 64, scale=1e-4)
    return weights


def _next(width: int, ids: dict[str, int], random: np.random.Generator) -> NDArray[np.float64]:
    """Row by row, how likely each token is after the row's."""
    by_byte = _alphabet()
    table = np.full((width, width), _NEVER)
    for byte in _PRINTABLE:
        table[:, ids[by_byte[byte]]] = random.standard_normal(width)
    for text in ('"', END):
        table[:, ids[text]] = _LIKELY
    said, called = ([_id(piece, ids) for piece in pieces] for pieces in (_SAID, _CALLED))
    # After its end it starts anew, for whoever tells it to ignore the end.
    chains = [
        [ids[SAY], *said, ids[END], said[0]],
        [ids[CALL], ids[OPEN_CALL], *called, ids[CLOSE_CALL], ids[END]],
    ]
    for chain in chains:
        for before, after in pairwise(chain):
            table[before, after] = _CERTAIN
    return table


def _id(piece: str, ids: dict[str, int]) -> int:
    by_byte = _alphabet()
    return ids["".join(by_byte[byte] for byte in piece.encode())]
