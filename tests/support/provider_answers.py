"""One answer in every provider's words: thinking, text, and two calls at once; shapes as documented."""

from __future__ import annotations

from typing import Any

from tests.support.providers import frame, sse

CHUNKS: list[Any] = [
    {"choices": [{"index": 0, "delta": {"role": "assistant", "reasoning_content": "Hm."}}]},
    {"choices": [{"index": 0, "delta": {"content": "I "}}]},
    {"choices": [{"index": 0, "delta": {"content": "look."}}]},
    {"choices": [{"index": 0, "delta": {"tool_calls": [
        {"index": 0, "id": "a", "function": {"name": "look", "arguments": ""}},
        {"index": 1, "id": "b", "function": {"name": "look", "arguments": '{"at"'}},
    ]}}]},
    {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 1, "function": {"arguments": ': "b"}'}}]}}]},
    {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]}}]},
    {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]},
    {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12,
                              "prompt_tokens_details": {"cached_tokens": 3},
                              "completion_tokens_details": {"reasoning_tokens": 2}}},
    "[DONE]",
]  # fmt: skip

EVENTS: list[dict[str, Any]] = [
    {"type": "message_start", "message": {"id": "msg_1", "type": "message", "role": "assistant",
     "content": [], "model": "m", "stop_reason": None, "usage": {
         "input_tokens": 4, "cache_creation_input_tokens": 1, "cache_read_input_tokens": 3,
         "output_tokens": 1}}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": "",
                                                                   "signature": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "Hm."}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": "signed"}},
    {"type": "content_block_stop", "index": 0},
    {"type": "ping"},
    {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "I "}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "look."}},
    {"type": "content_block_stop", "index": 1},
    {"type": "content_block_start", "index": 2, "content_block": {"type": "tool_use", "id": "a",
                                                                   "name": "look", "input": {}}},
    {"type": "content_block_stop", "index": 2},
    {"type": "content_block_start", "index": 3, "content_block": {"type": "tool_use", "id": "b",
                                                                   "name": "look", "input": {}}},
    {"type": "content_block_delta", "index": 3, "delta": {"type": "input_json_delta", "partial_json": ""}},
    {"type": "content_block_delta", "index": 3, "delta": {"type": "input_json_delta",
                                                          "partial_json": '{"at"'}},
    {"type": "content_block_delta", "index": 3, "delta": {"type": "input_json_delta",
                                                          "partial_json": ': "b"}'}},
    {"type": "content_block_stop", "index": 3},
    {"type": "message_delta", "delta": {"stop_reason": "tool_use", "stop_sequence": None},
     "usage": {"output_tokens": 5}},
    {"type": "message_stop"},
]  # fmt: skip

FRAMES = [
    frame("messageStart", {"role": "assistant"}),
    frame("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"reasoningContent": {"text": "Hm."}}}),
    frame("contentBlockDelta",
          {"contentBlockIndex": 0, "delta": {"reasoningContent": {"signature": "signed"}}}),
    frame("contentBlockStop", {"contentBlockIndex": 0}),
    frame("contentBlockDelta", {"contentBlockIndex": 1, "delta": {"text": "I "}}),
    frame("contentBlockDelta", {"contentBlockIndex": 1, "delta": {"text": "look."}}),
    frame("contentBlockStart",
          {"contentBlockIndex": 2, "start": {"toolUse": {"toolUseId": "a", "name": "look"}}}),
    frame("contentBlockStart",
          {"contentBlockIndex": 3, "start": {"toolUse": {"toolUseId": "b", "name": "look"}}}),
    frame("contentBlockDelta", {"contentBlockIndex": 3, "delta": {"toolUse": {"input": '{"at"'}}}),
    frame("contentBlockDelta", {"contentBlockIndex": 3, "delta": {"toolUse": {"input": ': "b"}'}}}),
    frame("messageStop", {"stopReason": "tool_use"}),
    frame("metadata", {"usage": {"inputTokens": 4, "outputTokens": 5, "totalTokens": 9,
                                 "cacheReadInputTokens": 3, "cacheWriteInputTokens": 1},
                       "metrics": {"latencyMs": 1}}),
]  # fmt: skip

SPOKEN: dict[str, list[bytes]] = {
    "vllm": sse(*CHUNKS), "anthropic": sse(*EVENTS, named=True), "bedrock": FRAMES,
}  # fmt: skip

WHOLE: dict[str, dict[str, Any]] = {
    "vllm": {
        "choices": [{"index": 0, "finish_reason": "tool_calls", "message": {
            "role": "assistant", "content": "I look.", "reasoning": "Hm.", "tool_calls": [
                {"id": "a", "type": "function", "function": {"name": "look", "arguments": "{}"}},
                {"id": "b", "type": "function", "function": {"name": "look", "arguments": '{"at":"b"}'}}]}}],
        "usage": CHUNKS[-2]["usage"],
    },
    "anthropic": {
        "id": "msg_1", "type": "message", "role": "assistant", "stop_reason": "tool_use",
        "content": [
            {"type": "thinking", "thinking": "Hm.", "signature": "signed"},
            {"type": "text", "text": "I look."},
            {"type": "tool_use", "id": "a", "name": "look", "input": {}},
            {"type": "tool_use", "id": "b", "name": "look", "input": {"at": "b"}}],
        "usage": {"input_tokens": 4, "cache_creation_input_tokens": 1, "cache_read_input_tokens": 3,
                  "output_tokens": 5},
    },
    "bedrock": {
        "output": {"message": {"role": "assistant", "content": [
            {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "signed"}}},
            {"text": "I look."},
            {"toolUse": {"toolUseId": "a", "name": "look", "input": {}}},
            {"toolUse": {"toolUseId": "b", "name": "look", "input": {"at": "b"}}}]}},
        "stopReason": "tool_use",
        "usage": {"inputTokens": 4, "outputTokens": 5, "totalTokens": 9, "cacheReadInputTokens": 3,
                  "cacheWriteInputTokens": 1},
    },
}  # fmt: skip

KINDS = ("vllm", "anthropic", "bedrock")
