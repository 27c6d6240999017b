"""`make up`: from whatever is there to a stack that has proved itself."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from rich.console import Console

from local import proof
from local.cli import (
    environment,
    facts,
    leftovers,
    lock,
    own_cluster,
    platform,
    preflight,
    timings,
    tools,
    units,
    whereabouts,
)
from local.cli.phases import Phase, PhaseFailedError, PhaseTiming, Run
from local.cli.workloads import ServerPods
from local.progress import PhaseError

NEXT_STEPS = (
    ("make shell", "a shell in which pulumi, kubectl and every client know the stack"),
    ("make status", "what runs, and with how much memory"),
    ("make logs SERVICE=server", "what the server does"),
)


def up(console: Console, context: str | None) -> int:
    """Run all phases; 0 when the proof held, 1 when a phase failed and has been explained."""
    run = Run(console)
    try:
        with lock.exclusive("up"):
            succeeded = False
            try:
                _phases(run, context)
                succeeded = True
            finally:
                _record(run, succeeded)
    except PhaseFailedError:
        return 1
    return 0


def _record(run: Run, succeeded: bool) -> None:
    """Keep the timings, with the virtual environment that was made before we could run."""
    python = float(os.environ.get("ROOST_BOOTSTRAP_SECONDS", "0"))
    first = [PhaseTiming("Python", python, 0, "done")] if python >= 1 else []
    timings.record(run.elapsed() + python, succeeded, [*first, *run.timings])


def prove_again(console: Console) -> int:
    """`make proof`: hold the conversation anew against the running stack."""
    run = Run(console)
    target = platform.target()
    if target is None:
        raise PhaseError("The stack is not up.", "`make up` first.")
    with lock.exclusive("proof"), run.phase("Proof") as phase:
        outputs = tools.stack().outputs(secrets=True)
        if not outputs:
            raise PhaseError("The stack is not up.", "`make up` first.")
        conversation = prove(phase, target, outputs, again=True)
    report(run, conversation, outputs)
    return 0


def _phases(run: Run, context: str | None) -> None:
    target = own_cluster.prepare(run, context) if context else _embedded(run)
    with run.phase("Stack") as phase:
        stack = tools.stack()
        left = leftovers.find(stack.backend())
        stack.refuse_if_busy()  # after looking: what a living update is creating is no left-over
        leftovers.remove(target, left, stack.interrupted_since(), phase)
        stack.release_dead_locks(phase)  # after: until nothing is left over, they say when that update began
        tally = stack.up(phase)
        (phase.result if tally.changed() else phase.unchanged)(tally.summary())
    if not target.embedded:
        own_cluster.publish(run, target)
    with run.phase("Proof") as phase:
        outputs = stack.outputs(secrets=True)
        conversation = prove(phase, target, outputs, again=tally.changed())
    report(run, conversation, outputs)


def _embedded(run: Run) -> platform.Target:
    with run.phase("Check") as phase:
        whereabouts.refuse_elsewhere(whereabouts.Place(None))
        check(phase)
    with run.phase("Packages") as phase:
        tools.install_packages(phase)
    with run.phase("Tools") as phase:
        tools.build(phase)
    with run.phase("Images") as phase:
        images = tools.build_images(phase)
    with run.phase("Cluster") as phase:
        found = tools.start_machine(phase, images)
        target = platform.Target(found.kubeconfig, found.context, embedded=True)
        place = whereabouts.of(target)
        whereabouts.refuse_elsewhere(place)
        whereabouts.record(place)
        platform.write(found)
    return target


def check(phase: Phase) -> None:
    """Refuse with every obstacle at once, or say what was found."""
    seen = facts.gather(tools.networks(), tools.are_built(), tools.machine_running())
    problems = preflight.refusals(seen)
    if problems:
        lines = [line for refusal in problems for line in (refusal.problem, f"→ {refusal.remedy}")]
        raise PhaseError("\n".join(lines), "Then run `make up` again; nothing was changed.")
    phase.result(preflight.describe(seen))


def prove(
    phase: Phase, target: platform.Target, outputs: Mapping[str, Any], *, again: bool
) -> proof.Conversation | None:
    """Hold the conversation; when nothing changed since it was held, look its memory up instead."""
    edge = proof.Edge.of(outputs)
    if not again and proof.still_remembers(edge):
        phase.unchanged(f"the agent of the last proof still knows the {proof.FACT}")
        return None
    conversation = proof.hold(edge, ServerPods(target, outputs["namespace"]), phase)
    phase.result(f"it remembered, after {conversation.restarted} server pods were replaced")
    return conversation


def report(run: Run, conversation: proof.Conversation | None, outputs: Mapping[str, Any]) -> None:
    """The conversation, where everything is, and what to do next."""
    run.say()
    if conversation is not None:
        run.say(f"You    {conversation.told}")
        run.say(f"Agent  {conversation.reply}", "cyan")
        run.say(f"       — the server's pods were replaced ({conversation.restarted}) —", "dim")
        run.say(f"You    {conversation.asked}")
        run.say(f"Agent  {conversation.answer}", "cyan")
        run.say()
    model = outputs["modelKind"]
    if model == proof.SCRIPTED:
        model = "scripted stand-in: simple rules, no language model (README: A real model)"
    certificate = outputs.get("caCertificate")
    rows = [("URL", outputs["url"]), ("Model", model)]
    rows += [("CA", str(environment.stack_ca(certificate)))] if certificate else []
    rows += [("Password", 'eval "$(make -s env)"; pulumi stack output adminPassword --show-secrets -s local')]
    for name, value in rows:
        run.say(f"{name:<9} {value}")
    run.say()
    for command, meaning in NEXT_STEPS:
        run.say(f"{command:<25} {meaning}")
    run.say()
    run.say(f"Ready after {units.duration(run.elapsed())}.", "dim")
