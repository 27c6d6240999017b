"""Run by vLLM's own Python: reads command lines on stdin, says on stdout how vLLM takes them, in JSON."""

from __future__ import annotations

import json
import sys

from vllm.entrypoints.launchers.cli_args import make_arg_parser
from vllm.reasoning import ReasoningParserManager
from vllm.tool_parsers import ToolParserManager
from vllm.utils.argparse_utils import FlexibleArgumentParser

parser = make_arg_parser(FlexibleArgumentParser())
taken = [vars(parser.parse_args(words)) for words in json.load(sys.stdin)]
said = {
    "arguments": taken,
    "tool_call_parsers": ToolParserManager.list_registered(),
    "reasoning_parsers": ReasoningParserManager.list_registered(),
}
json.dump(said, sys.stdout, default=str)
