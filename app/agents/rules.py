"""Tool rules as clients give them: their shapes, the defaults of agent types, how a prompt states them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, TypeAdapter, model_validator

from app.http.fields import Body, Text


class _Rule(Body):
    tool_name: Text = Field(min_length=1)
    prompt_template: Text | None = None


class RunFirst(_Rule):
    """The turn begins with one of these tools; `args` take the place of the model's own."""

    type: Literal["run_first"]
    args: dict[str, Any] | None = None


class ExitLoop(_Rule):
    """A call that succeeds ends the turn."""

    type: Literal["exit_loop"]


class ContinueLoop(_Rule):
    """After a call the turn goes on."""

    type: Literal["continue_loop"]


class ChildArguments(Body):
    """Arguments of a child that take the place of the model's own."""

    name: Text
    args: dict[str, Any] | None = None


class ConstrainChildTools(_Rule):
    """After the tool only its children can be called."""

    type: Literal["constrain_child_tools"]
    children: list[Text]
    child_arg_nodes: list[ChildArguments] | None = None

    @model_validator(mode="after")
    def _of_children(self) -> ConstrainChildTools:
        strangers = [node.name for node in self.child_arg_nodes or () if node.name not in self.children]
        if strangers:
            raise ValueError(f"child_arg_nodes names {', '.join(strangers)}, which is not in children")
        return self


class Conditional(_Rule):
    """What the tool returned decides which one comes next."""

    type: Literal["conditional"]
    child_output_mapping: dict[Text, Text]
    default_child: Text | None = None
    require_output_mapping: bool = False


class ParentLastTool(_Rule):
    """The children can only be called right after the tool."""

    type: Literal["parent_last_tool"]
    children: list[Text]


class MaxCountPerStep(_Rule):
    """How often the tool can be called in a turn."""

    type: Literal["max_count_per_step"]
    max_count_limit: int = Field(ge=0, le=2**31 - 1)


class RequiredBeforeExit(_Rule):
    """The turn cannot end before the tool was called."""

    type: Literal["required_before_exit"]


class RequiresApproval(_Rule):
    """The client decides on each call."""

    type: Literal["requires_approval"]


Rule = Annotated[
    RunFirst | ExitLoop | ContinueLoop | ConstrainChildTools | Conditional | ParentLastTool | MaxCountPerStep
    | RequiredBeforeExit | RequiresApproval,
    Discriminator("type"),
]  # fmt: skip

_RULE: TypeAdapter[_Rule] = TypeAdapter(Rule)


def _checked(rule: dict[str, Any]) -> dict[str, Any]:
    return _RULE.validate_python(rule).model_dump()


ToolRule = Annotated[dict[str, Any], AfterValidator(_checked)]
"""A rule as it is stored: checked, with its defaults filled in."""

TERMINAL = ("send_message", "memory_finish_edits")
"""Base tools that end the turn of an agent which talks by tools."""

TALK_BY_TOOLS = frozenset({"memgpt_agent", "memgpt_v2_agent", "react_agent", "workflow_agent"})
"""Types of agents that have to call a tool in each step, and end their turn by not asking for another."""

PLAIN = frozenset({"letta_v1_agent", "react_agent", "workflow_agent"})
"""Types of agents that get no rules of their own."""


def defaults(agent_type: str, tools: Collection[str], *, wanted: bool | None) -> list[dict[str, Any]]:
    """The rules for base tools that an agent of this type starts with, unless the client decides."""
    if wanted is False or (wanted is None and agent_type in PLAIN):
        return []
    return [
        _checked({"type": "exit_loop" if name in TERMINAL else "continue_loop", "tool_name": name})
        for name in sorted(tools)
    ]


def merged(given: Sequence[dict[str, Any]], added: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The client's rules, and those of the others that say something about another tool or matter."""
    loops = {"exit_loop", "continue_loop"}
    known = {(rule["tool_name"], "loop" if rule["type"] in loops else rule["type"]) for rule in given}
    return [*given] + [
        rule
        for rule in added
        if (rule["tool_name"], "loop" if rule["type"] in loops else rule["type"]) not in known
    ]


def statements(rules: Sequence[dict[str, Any]]) -> list[str]:
    """The rules that a model can do something about, as sentences for its prompt."""
    return [text for rule in rules if (text := _statement(rule))]


def _statement(rule: dict[str, Any]) -> str | None:
    name = rule["tool_name"]
    match rule["type"]:
        case "run_first":
            return f"{name} comes first: begin with it."
        case "exit_loop":
            return f"{name} ends your turn; do everything else before."
        case "constrain_child_tools":
            return f"After {name}, the next call is one of: {', '.join(rule['children'])}."
        case "parent_last_tool":
            return f"These can only be called right after {name}: {', '.join(rule['children'])}."
        case "conditional":
            return f"What {name} returns decides which tool comes next."
        case "max_count_per_step":
            return f"{name} can be called {rule['max_count_limit']} times before you answer."
        case "required_before_exit":
            return f"{name} has to be called before you end your turn."
        case _:
            return None
