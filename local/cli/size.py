"""`make size`: on which GPU instances a model fits, for how many requests at once, and what that costs."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from infra.sizing.gpu import Serving
from infra.sizing.gpu_choice import choices
from infra.sizing.gpu_gates import Verdict, disk_gib
from infra.sizing.gpu_instances import CAPTURED_AT
from infra.sizing.model_parsers import Parsers, parsers_of
from infra.sizing.model_shapes import MODEL_SHAPES
from local.progress import PhaseError

CONTEXT = "32k"
CONCURRENCY = "4"
SHOWN = 8
"""Choices in the table; the dearer ones are named below it."""
LEAST_DISK_GIB = 100
_EXAMPLE = "For example: make size MODEL=Qwen/Qwen3-14B CONTEXT=32k CONCURRENCY=4"


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What stands behind `make size`, as it was typed; empty where nothing was."""

    model: str
    context: str
    concurrency: str
    replicas: str
    fp8: str
    """What is to be turned into fp8: `weights`, `cache` or `both`."""


def size(console: Console, wish: Wish) -> int:
    """Print the choices, the cheapest first; 1 where nothing fits.

    Raises:
        PhaseError: the wish cannot be understood, or the model is not known.
    """
    if not wish.model:
        _list_models(console)
        return 0
    serving, parsers = _serving(wish)
    verdicts = choices(serving)
    fitting = [verdict for verdict in verdicts if verdict.fits]
    _say_wish(console, serving)
    if fitting:
        console.print(_table(fitting[:SHOWN]))
        _say_dearer(console, fitting[SHOWN:])
        _say_cheapest(console, serving, fitting[0], parsers)
    _say_refused(console, [verdict for verdict in verdicts if not verdict.fits])
    if not fitting:
        console.print("\n  Nothing fits. Lower CONTEXT or CONCURRENCY, or try FP8=both.", style="bold red")
    console.print(
        f"\n  GPU nodes alone, always on: list prices on demand in us-east-1, captured {CAPTURED_AT}.",
        style="dim",
    )
    return 0 if fitting else 1


def _serving(wish: Wish) -> tuple[Serving, Parsers | None]:
    name = _model(wish.model)
    shape, parsers = MODEL_SHAPES[name], parsers_of(name)
    if wish.fp8 not in {"", "weights", "cache", "both"}:
        raise PhaseError(f"FP8 must be weights, cache or both, not {wish.fp8!r}.", _EXAMPLE)
    shrink = wish.fp8 in {"weights", "both"}
    if shrink and shape.quantization != "bf16":
        raise PhaseError(
            f"The weights of {name} are stored in {shape.quantization} already.",
            "Leave FP8 out, or FP8=cache.",
        )
    serving = Serving(
        model=name,
        shape=shape,
        context=_count("CONTEXT", wish.context or CONTEXT),
        concurrency=_count("CONCURRENCY", wish.concurrency or CONCURRENCY),
        replicas=_count("REPLICAS", wish.replicas or "1"),
        shrink=shrink,
        cache="fp8" if wish.fp8 in {"cache", "both"} else "bf16",
        tool_call_parser=parsers.tool_call if parsers else None,
    )
    return serving, parsers


def _model(given: str) -> str:
    """The id that was meant: the whole of it, or its last part in any case."""
    by_name = {name.rpartition("/")[2].lower(): name for name in MODEL_SHAPES}
    name = by_name.get(given.rpartition("/")[2].lower())
    if name is not None and ("/" not in given or given.lower() == name.lower()):
        return name
    near = difflib.get_close_matches(given.rpartition("/")[2].lower(), by_name, n=3, cutoff=0.5)
    hint = f"Did you mean {', '.join(by_name[one] for one in near)}? " if near else ""
    raise PhaseError(
        f"{given} is not a model whose memory is known, and guessing it is how GPU hours are wasted.",
        f"{hint}`make size` lists the models; another one's figures go into roost:inference.shape.",
    )


def _count(key: str, text: str) -> int:
    match = re.fullmatch(r"(\d+)(k?)", text.lower())
    if match is None or int(match[1]) == 0:
        raise PhaseError(f"{key} must be a number such as 4 or 32k, not {text!r}.", _EXAMPLE)
    return int(match[1]) * (1024 if match[2] else 1)


def _say_wish(console: Console, serving: Serving) -> None:
    shape = serving.shape
    weights = shape.loaded_gib(shrink=serving.shrink)
    token = shape.cache_bytes_per_token(element_bytes=1 if serving.cache == "fp8" else 2)
    stored = "fp8, from bf16" if serving.shrink else shape.quantization
    console.print(f"\n  [bold]{serving.model}[/], {shape.parameters / 1e9:.1f} billion parameters")
    console.print(f"  {weights:.1f} GiB of weights ({stored}), {token / 1024:.0f} KiB of cache a token")
    replicas = f" on each of {serving.replicas} replicas" if serving.replicas > 1 else ""
    console.print(f"  {serving.concurrency} requests of {serving.context:,} tokens at once{replicas}\n")


def _table(verdicts: list[Verdict]) -> Padding:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="dim")
    table.add_column("instance", no_wrap=True)
    table.add_column("GPUs", no_wrap=True)
    for heading in ("nodes", "TP", "tokens", "at once", "USD/hour", "USD/month"):
        table.add_column(heading, justify="right", no_wrap=True)
    for position, verdict in enumerate(verdicts):
        found = verdict.fit
        table.add_row(
            Text(found.instance.name, style="bold"),
            f"{found.instance.gpus} x {found.instance.gpu}",
            str(found.nodes),
            str(found.tensor_parallel),
            f"{found.tokens:,}",
            f"{found.concurrency:.1f}",
            f"{found.dollars_per_hour:,.2f}",
            f"{found.dollars_per_month:,.0f}",
            style="green" if position == 0 else "",
        )
    return Padding(table, (0, 0, 0, 2), expand=False)


def _say_dearer(console: Console, verdicts: list[Verdict]) -> None:
    if verdicts:
        names = ", ".join(verdict.fit.instance.name for verdict in verdicts)
        console.print(
            Padding(f"and, for more: {names}", (0, 0, 0, 2), expand=False), style="dim", highlight=False
        )


def _say_cheapest(console: Console, serving: Serving, verdict: Verdict, parsers: Parsers | None) -> None:
    found = verdict.fit
    lines = [
        "roost:aws:",
        "  cluster:",
        "    gpuNodes:",
        f"      instanceTypes: [{found.instance.name}]",
        f"      minNodes: {found.nodes}",
        f"      maxNodes: {found.nodes}",
        f"      diskGib: {max(LEAST_DISK_GIB, disk_gib(serving.shape))}",
        "roost:inference:",
        f"  model: {serving.model}",
        f"  tensorParallel: {found.tensor_parallel}",
        f"  concurrency: {serving.concurrency}",
        *(
            [f"  replicas: {{min: {serving.replicas}, max: {serving.replicas}}}"]
            if serving.replicas > 1
            else []
        ),
        *(["  quantization: fp8"] if serving.shrink else []),
        *(["  kvCache: fp8"] if serving.cache == "fp8" else []),
    ]
    console.print("\n  The cheapest, as settings (docs/inference.md has the rest):", style="dim")
    for line in lines:
        console.print(f"    {line}", markup=False)
    if parsers is not None:
        reasoning = f", and its reasoning by {parsers.reasoning}" if parsers.reasoning else ""
        console.print(
            f"  vLLM's parser {parsers.tool_call} reads its tool calls{reasoning}: known, not to be set.",
            style="dim",
        )
    for finding in verdict.warnings:
        console.print(f"  ! {finding.text} ({finding.gate}).", style="yellow", markup=False)


def _say_refused(console: Console, verdicts: list[Verdict]) -> None:
    if not verdicts:
        return
    console.print("\n  Not on these:", style="dim")
    grouped: dict[str, list[str]] = {}
    for verdict in verdicts:
        reason = "; ".join(f"{finding.text} ({finding.gate})" for finding in verdict.refusals)
        grouped.setdefault(reason, []).append(verdict.fit.instance.name)
    for reason, names in grouped.items():
        console.print(f"  {', '.join(names)}", style="bold")
        console.print(Padding(Text(reason, style="red"), (0, 0, 0, 4), expand=False))


def _list_models(console: Console) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("model", style="bold", no_wrap=True)
    for heading in ("params", "weights", "stored", "token", "longest"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, shape in MODEL_SHAPES.items():
        table.add_row(
            name,
            f"{shape.parameters / 1e9:.1f} B",
            f"{shape.stored_gib:.1f} GiB",
            shape.quantization,
            f"{shape.cache_bytes_per_token(element_bytes=2) / 1024:.0f} KiB",
            f"{shape.max_context:,}",
        )
    console.print()
    console.print(Padding(table, (0, 0, 0, 2), expand=False))
    console.print(f"\n  {_EXAMPLE}", style="dim", highlight=False)
