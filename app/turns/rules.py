"""What the tool rules of an agent allow next, from the calls that its turn has made so far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any

CONSTRAINING = frozenset({"run_first", "constrain_child_tools", "conditional", "parent_last_tool"})
"""Rules about the order of calls, which calls in parallel have none of."""


class Rules:
    """The rules of one agent and the history of one turn. A call counts once, and only if it was allowed."""

    def __init__(
        self,
        rules: Sequence[dict[str, Any]],
        called: Counter[str] | None = None,
        last: str | None = None,
        output: str = "",
    ) -> None:
        self._rules = rules
        self._of: dict[str, list[dict[str, Any]]] = {}
        for rule in rules:
            self._of.setdefault(rule["type"], []).append(rule)
        self._called = called or Counter[str]()
        self._last, self._output = last, output

    def noted(self, returns: Iterable[dict[str, Any]]) -> Rules:
        """The rules after a step's returns, as stored. A call that was refused has not been made; one that
        failed may be tried again: what comes next stays as it was."""
        made = [one for one in returns if not one.get("refused")]
        done = [one for one in made if one["status"] == "success"]
        called = self._called + Counter(one["name"] for one in made)
        last = (done[-1]["name"], done[-1]["text"]) if done else (self._last, self._output)
        return Rules(self._rules, called, *last)

    def allowed(self, tools: Iterable[str]) -> list[str]:
        """Those of the tools that may be called now, in their order."""
        known = list(tools)
        first = self._names("run_first").intersection(known)
        if first and not self._called:
            return [name for name in known if name in first]
        return [name for name in known if self._fits(name)]

    def must_call(self, tools: Collection[str]) -> bool:
        """Whether the model has to call one of the allowed tools instead of answering."""
        if not self._called and self._names("run_first").intersection(tools):
            return True
        return self._next() is not None

    def over_limit(self, name: str, planned: int) -> bool:
        """Whether a call more is too many, after `planned` others of the same step."""
        return any(
            self._called[name] + planned >= rule["max_count_limit"]
            for rule in self._about("max_count_per_step", name)
        )

    def prefilled(self, name: str) -> dict[str, Any]:
        """Arguments that the rules fix for a call made now."""
        fixed: dict[str, Any] = {}
        if not self._called:
            for rule in self._about("run_first", name):
                fixed |= rule.get("args") or {}
        for rule in self._about("constrain_child_tools", self._last):
            for node in rule.get("child_arg_nodes") or ():
                if node["name"] == name:
                    fixed |= node.get("args") or {}
        return fixed

    def needs_approval(self, name: str) -> bool:
        """Whether the client decides on calls of this tool."""
        return name in self._names("requires_approval")

    def ends(self, name: str) -> bool:
        """Whether a call of this tool that succeeded ends the turn."""
        return name in self._names("exit_loop")

    def goes_on(self, name: str) -> bool:
        """Whether the turn goes on after this tool, whatever the model says."""
        return name in self._names("continue_loop", "constrain_child_tools", "conditional")

    def missing(self, tools: Collection[str]) -> list[str]:
        """Tools that have to be called before the turn may end, of those that there are."""
        required = self._names("required_before_exit").intersection(tools)
        return sorted(name for name in required if not self._called[name])

    @property
    def in_order(self) -> bool:
        """Whether some rule is about the order of calls."""
        return any(kind in self._of for kind in CONSTRAINING)

    def _fits(self, name: str) -> bool:
        only = self._next()
        if only is not None and name not in only:
            return False
        parents = [
            rule["tool_name"] for rule in self._of.get("parent_last_tool", ()) if name in rule["children"]
        ]
        if parents and self._last not in parents:
            return False
        return not self.over_limit(name, 0)

    def _next(self) -> set[str] | None:
        """The tools that the last call leaves open; None when that is all of them."""
        open_to: set[str] | None = None
        for rule in self._about("constrain_child_tools", self._last):
            children = set(rule["children"])
            open_to = children if open_to is None else open_to & children
        for rule in self._about("conditional", self._last):
            child = self._mapped(rule)
            if child is not None:
                open_to = {child} if open_to is None else open_to & {child}
            elif rule.get("require_output_mapping"):
                open_to = set()
        return open_to

    def _mapped(self, rule: dict[str, Any]) -> str | None:
        mapping = rule["child_output_mapping"]
        for output, child in mapping.items():
            if output.strip().lower() == self._output.strip().lower():
                return child
        return rule.get("default_child")

    def _names(self, *kinds: str) -> set[str]:
        return {rule["tool_name"] for kind in kinds for rule in self._of.get(kind, ())}

    def _about(self, kind: str, name: str | None) -> list[dict[str, Any]]:
        return [rule for rule in self._of.get(kind, ()) if rule["tool_name"] == name]
