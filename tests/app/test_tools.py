"""Tools that users write: made, found, attached and called through the official client."""

from __future__ import annotations

import json

import pytest
from letta_client import (
    BadRequestError,
    Letta,
    NotFoundError,
    PermissionDeniedError,
    UnprocessableEntityError,
)

from tests.support.model import Call, Model, Say
from tests.support.server import Server

DICE = '''
from typing import Literal, Optional

def roll_dice(sides: int, times: int = 1, mode: Optional[Literal["sum", "all"]] = None) -> str:
    """Roll some dice.

    Args:
        sides: How many sides each of the dice has.
        times: How often
            to roll.
        mode: What to tell.
    """
    print(f"rolling {times} times")
    return f"{times}d{sides} {mode}"
'''


def calling(name: str, arguments: dict) -> object:
    """A model that calls a tool once and then repeats what it returned."""

    def script(request: dict) -> object:
        last = request["messages"][-1]
        return Say(last["content"]) if last["role"] == "tool" else Call([(name, arguments)])

    return script


def source(name: str, body: str, parameters: str = "") -> str:
    """A tool's source with a body given in lines."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    return f'def {name}({parameters}):\n    """A tool."""\n{lines}\n'


def turn(client: Letta, model: Model, code: str, arguments: dict | None = None, **agent: object) -> object:
    """The return message of a tool that an agent calls in a turn."""
    tool = client.tools.upsert(source_code=code)
    made = client.agents.create(tool_ids=[tool.id], include_base_tools=False, **agent)
    model.script = calling(tool.name, arguments or {})
    answer = client.agents.messages.create(made.id, input="go")
    return next(m for m in answer.messages if m.message_type == "tool_return_message")


def test_a_tool_is_made_from_its_source(client: Letta) -> None:
    tool = client.tools.create(source_code=DICE, tags=["games"], return_char_limit=100)
    assert (tool.name, tool.tool_type, tool.source_type, tool.tags) == (
        "roll_dice",
        "custom",
        "python",
        ["games"],
    )
    assert tool.json_schema == {
        "name": "roll_dice",
        "description": "Roll some dice.",
        "parameters": {
            "type": "object",
            "properties": {
                "sides": {"type": "integer", "description": "How many sides each of the dice has."},
                "times": {"type": "integer", "description": "How often to roll.", "default": 1},
                "mode": {"type": "string", "enum": ["sum", "all"], "description": "What to tell."},
            },
            "required": ["sides"],
        },
    }
    assert client.tools.retrieve(tool.id) == tool


def test_upsert_changes_the_tool_of_that_name(client: Letta) -> None:
    first = client.tools.create(source_code=source("twice", "return 1"), tags=["kept"])
    second = client.tools.upsert(source_code=source("twice", "return 2"))
    assert second.id == first.id
    assert second.tags == ["kept"]
    assert "return 2" in second.source_code


def test_a_changed_source_changes_name_and_schema(client: Letta) -> None:
    tool = client.tools.create(source_code=source("before", "return 1"))
    changed = client.tools.update(
        tool.id, source_code=source("after", "return 1", "x: int"), metadata={"a": 1}
    )
    assert (changed.name, changed.json_schema["parameters"]["required"]) == ("after", ["x"])
    assert changed.metadata == {"a": 1}
    client.tools.create(source_code=source("taken", "return 1"))
    with pytest.raises(BadRequestError, match="tool of this name"):
        client.tools.update(tool.id, source_code=source("taken", "return 1"))
    client.tools.delete(tool.id)
    with pytest.raises(NotFoundError):
        client.tools.retrieve(tool.id)


def test_given_schemas_are_taken(client: Letta) -> None:
    parameters = {"type": "object", "properties": {"q": {"type": "string"}}, "required": ["q"]}
    given = {"name": "asked", "description": "Asks.", "parameters": parameters}
    code = source("asked", "return q", "q") + "\n" + source("helper", "return 1")
    tool = client.tools.create(source_code=code, json_schema=given)
    assert (tool.name, tool.description, tool.json_schema) == ("asked", "Asks.", given)
    place = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    model_schema = {
        "$defs": {"Place": place},
        "title": "Args",
        "type": "object", "required": ["place"],
        "properties": {"place": {"$ref": "#/$defs/Place", "description": "Where."}},
    }  # fmt: skip
    tool = client.tools.create(
        source_code=source("travel", "return 1", "place"), args_json_schema=model_schema
    )
    assert tool.json_schema["parameters"]["properties"]["place"] == place | {"description": "Where."}
    assert tool.args_json_schema == model_schema


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("def broken(:", "not valid Python"),
        ("x = 1", "no function"),
        (source("untyped", "return x", "x"), "no type"),
        (source("strange", "return x", "x: Widget"), "'Widget'"),
        (source("starred", "return 1", "*things: int"), r"\*args"),
        (source("a" * 49, "return 1"), "48"),
        ("class A:\n    a: 'A'\ndef loops(a: A):\n    pass", "contains itself"),
    ],
)
def test_a_source_without_a_schema_is_refused_with_a_sentence(client: Letta, code: str, said: str) -> None:
    with pytest.raises(UnprocessableEntityError, match=said):
        client.tools.create(source_code=code)


def test_making_a_tool_does_not_run_it(client: Letta, tmp_path) -> None:
    mark = tmp_path / "mark"
    code = f"open({str(mark)!r}, 'w')\n" + source(
        "marked", "return 1", f"x: int = len(open({str(mark)!r}, 'w').name)"
    )
    assert client.tools.create(source_code=code).name == "marked"
    assert not mark.exists()


def test_packages_and_languages_that_are_not_there_are_refused(client: Letta) -> None:
    with pytest.raises(BadRequestError, match="no network to install"):
        client.tools.create(source_code=DICE, pip_requirements=[{"name": "requests"}])
    for options in ({"npm_requirements": [{"name": "left-pad"}]}, {"source_type": "typescript"}):
        with pytest.raises(Exception, match="Python") as refused:
            client.with_options(max_retries=0).tools.create(source_code=DICE, **options)
        assert refused.value.status_code == 501


def test_built_in_tools_stay_as_they_are(client: Letta) -> None:
    [base] = client.tools.list(name="memory_insert")
    for refused in (
        lambda: client.tools.create(source_code=source("memory_insert", "return 1")),
        lambda: client.tools.update(base.id, source_code=DICE),
        lambda: client.tools.delete(base.id),
    ):
        with pytest.raises(BadRequestError, match="built"):
            refused()
    assert client.tools.update(base.id, return_char_limit=777).return_char_limit == 777


def test_lists_take_every_filter(client: Letta) -> None:
    made = [client.tools.upsert(source_code=source(f"listed_{n}", "return 1")) for n in range(5)]
    mine = {tool.id for tool in made}
    assert {t.id for t in client.tools.list(search="LISTED_", limit=2)} == mine
    assert not list(client.tools.list(search="listed%"))
    assert {t.id for t in client.tools.list(names=["listed_1", "listed_3"])} == {made[1].id, made[3].id}
    assert {t.id for t in client.tools.list(tool_ids=[made[0].id])} == {made[0].id}
    custom = list(client.tools.list(tool_types=["custom"], order="asc"))
    assert mine <= {t.id for t in custom}
    assert {t.tool_type for t in custom} == {"custom"}
    assert all(
        t.tool_type != "custom" for t in client.tools.list(exclude_tool_types=["custom,letta_files_core"])
    )
    assert all(t.tool_type.startswith("letta_") for t in client.tools.list(return_only_letta_tools=True))


def test_tools_are_found_by_words_and_by_meaning(client: Letta) -> None:
    code = (
        'def forecast_weather(city: str):\n    """Tell tomorrow\'s weather in a city: rain, wind, sun."""\n'
    )
    wanted = client.tools.upsert(source_code=code, tags=["outside"])
    by_words = client.tools.search(query="weather", search_mode="fts", limit=5)
    assert (by_words[0].tool.id, by_words[0].fts_rank, by_words[0].vector_rank) == (wanted.id, 1, None)
    by_meaning = client.tools.search(query="rain wind sun", search_mode="vector", limit=5)
    assert (by_meaning[0].tool.id, by_meaning[0].vector_rank) == (wanted.id, 1)
    both = client.tools.search(query="weather", tags=["outside"])
    assert [found.tool.id for found in both] == [wanted.id]
    assert both[0].combined_score == pytest.approx(2 / 61)
    client.tools.update(wanted.id, description="Counts sheep.")
    assert client.tools.search(query="sheep counts", search_mode="vector", limit=1)[0].tool.id == wanted.id
    assert client.tools.search(query="weather", tool_types=["letta_core"], search_mode="fts") == []


def test_an_agent_calls_a_users_tool(client: Letta, model: Model) -> None:
    returned = turn(client, model, DICE, {"sides": 6, "times": 2, "mode": "sum"})
    assert (returned.status, returned.tool_return) == ("success", "2d6 sum")
    assert returned.stdout == ["rolling 2 times"]
    assert returned.tool_returns[0].stdout == ["rolling 2 times"]
    assert returned.stderr is None


def test_what_a_tool_raises_goes_to_the_model(client: Letta, model: Model) -> None:
    returned = turn(
        client,
        model,
        source("fails", "raise ValueError('no such city: ' + city)", "city: str"),
        {"city": "X"},
    )
    assert returned.status == "error"
    assert returned.tool_return == "fails failed with ValueError: no such city: X"
    assert returned.stderr[-1] == "ValueError: no such city: X"
    assert 'File "<tool>", line 3' in returned.stderr[1]


def test_arguments_are_values_and_never_code(client: Letta, model: Model) -> None:
    nasty = '\'); import os; os._exit(1) #\n\\"""{x}'
    returned = turn(client, model, source("echo", "return text", "text: str"), {"text": nasty})
    assert returned.tool_return == nasty


def test_models_and_enumerations_of_the_source_are_built(client: Letta, model: Model) -> None:
    code = (
        "from dataclasses import dataclass\nfrom enum import Enum\n"
        "class Color(Enum):\n    RED = 'red'\n"
        "@dataclass\nclass Car:\n    color: Color\n    seats: int = 4\n"
        "def paint(cars: list[Car]):\n    return [(car.color.name, car.seats) for car in cars]\n"
    )
    returned = turn(client, model, code, {"cars": [{"color": "red"}]})
    assert json.loads(returned.tool_return) == [["RED", 4]]
    items = client.tools.list(name="paint").items[0].json_schema["parameters"]["properties"]["cars"]["items"]
    assert items["properties"]["color"] == {"type": "string", "enum": ["red"]}
    assert items["required"] == ["color"]


def test_a_tool_may_be_asynchronous_and_return_nothing(client: Letta, model: Model) -> None:
    code = "import asyncio\nasync def waits(x: int):\n    await asyncio.sleep(0.01)\n"
    assert turn(client, model, code, {"x": 1}).tool_return == "None"


def test_a_long_return_is_shortened(client: Letta, model: Model) -> None:
    code = source("long", "return 'x' * 100_000")
    client.tools.upsert(source_code=code, return_char_limit=50)
    returned = turn(client, model, code)
    assert returned.tool_return.startswith("x" * 50 + "…")
    assert len(returned.tool_return) < 200


def test_secrets_are_environment_for_tools_and_masked_for_everybody(
    client: Letta, model: Model, roost_server: Server
) -> None:
    tool = client.tools.upsert(
        source_code=source("reads", "import os\nreturn os.environ.get(key)", "key: str")
    )
    agent = client.agents.create(
        tool_ids=[tool.id],
        include_base_tools=False,
        secrets={"API_TOKEN": "hush-hush-1", "OTHER": "hush-hush-2"},
    )
    assert {s.key: s.value for s in agent.secrets} == {"API_TOKEN": "********", "OTHER": "********"}
    assert agent.secrets[0].agent_id == agent.id

    def read(key: str) -> str:
        model.script = calling("reads", {"key": key})
        answer = client.agents.messages.create(agent.id, input="go")
        return next(m.tool_return for m in answer.messages if m.message_type == "tool_return_message")

    assert read("API_TOKEN") == "hush-hush-1"
    client.agents.update(agent.id, secrets={"API_TOKEN": "********", "NEW": "hush-hush-3"})
    assert (read("API_TOKEN"), read("NEW"), read("OTHER")) == ("hush-hush-1", "hush-hush-3", "None")
    shown = client.agents.retrieve(agent.id).to_json() + str(client.agents.list(limit=5).items)
    assert "hush-hush-1" not in shown
    assert not client.agents.retrieve(agent.id, include=["agent.tools"]).secrets
    assert "hush-hush" not in "".join(json.dumps(r["messages"][0]) for r in model.requests)
    for bad in ({"no dash": "x"}, {"LD_PRELOAD": "x"}, {"A": 5}):
        with pytest.raises(UnprocessableEntityError):
            client.agents.update(agent.id, secrets=bad)


def test_secrets_are_encrypted_at_rest(client: Letta, cluster) -> None:
    agent = client.agents.create(secrets={"TOKEN": "hush-hush-at-rest"})
    raw = agent.id.removeprefix("agent-")
    stored = cluster.sql(f"SELECT value_enc FROM roost.agent_secrets WHERE agent_id = '{raw}'", "shared")
    assert stored.startswith("v1:")
    assert "hush" not in stored


def test_a_tool_reads_the_agents_state_and_cannot_change_it(client: Letta, model: Model) -> None:
    body = (
        "try:\n    agent_state.name = 'x'\nexcept AttributeError as error:\n"
        "    return [agent_state.name, agent_state.memory.get_block('human').value, str(error)]"
    )
    code = source("looks", body, "agent_state: 'AgentState'")
    returned = turn(
        client, model, code, name="Nemo", memory_blocks=[{"label": "human", "value": "a captain"}]
    )
    assert json.loads(returned.tool_return)[:2] == ["Nemo", "a captain"]
    assert "read-only" in returned.tool_return
    assert client.tools.list(name="looks").items[0].json_schema["parameters"]["properties"] == {}


def test_a_tool_is_run_by_hand_as_the_agent_would(client: Letta) -> None:
    tool = client.tools.upsert(source_code=DICE)
    agent = client.agents.create(tool_ids=[tool.id], memory_blocks=[{"label": "human", "value": "one"}])
    ran = client.agents.tools.run("roll_dice", agent_id=agent.id, args={"sides": 20})
    assert (ran.status, ran.func_return, ran.stdout) == ("success", "1d20 None", ["rolling 1 times"])
    ran = client.agents.tools.run("roll_dice", agent_id=agent.id, args={})
    assert ran.status == "error"
    assert "sides" in ran.func_return
    ran = client.agents.tools.run(
        "memory_insert", agent_id=agent.id, args={"label": "human", "new_string": "two"}
    )
    assert ran.status == "success"
    assert client.agents.blocks.retrieve("human", agent_id=agent.id).value == "one\ntwo"
    with pytest.raises(NotFoundError, match="attach it first"):
        client.agents.tools.run("memory_rethink", agent_id=agent.id, args={})


def test_approval_is_a_rule_of_the_agent(client: Letta) -> None:
    asking = client.tools.upsert(source_code=source("asks", "return 1"), default_requires_approval=True)
    agent = client.agents.create(tool_ids=[asking.id])

    def asked(state) -> list[str]:
        return [r.tool_name for r in state.tool_rules if r.type == "requires_approval"]

    assert asked(agent) == ["asks"]
    assert (
        asked(client.agents.tools.update_approval("asks", agent_id=agent.id, body_requires_approval=False))
        == []
    )
    changed = client.agents.tools.update_approval(
        "memory_insert", agent_id=agent.id, body_requires_approval=True
    )
    assert asked(changed) == ["memory_insert"]
    other = client.agents.create()
    assert asked(client.agents.tools.attach(asking.id, agent_id=other.id)) == ["asks"]
    with pytest.raises(NotFoundError):
        client.agents.tools.update_approval("asks_not", agent_id=other.id, body_requires_approval=True)


def test_source_is_not_run_unless_that_is_switched_on(roost_server: Server, client: Letta) -> None:
    body = {"source_code": source("now", "return 1"), "args": {}}
    status, answer, _ = roost_server.request("POST", "/v1/tools/run", body)
    assert status == 403
    assert "ROOST_TOOL_RUN_SOURCE" in answer["detail"]
    with pytest.raises(PermissionDeniedError):
        client.post("/v1/tools/run", body=body, cast_to=object)
