"""The comparison of adapters, from its command to its table, with an LM that answers by script."""

import json
import re

import pytest
from dspy import ContextWindowExceededError

import benchmarks.prompts.adapters
from benchmarks.prompts.adapter_table import Asked, compared, markdown, read
from program import artifact
from program.adapters.choice import adapter_named
from program.models.scripted import scripted_lm
from program.rollout.trace import Call
from signatures.code import SolveDirectly
from signatures.tests import WriteTests
from signatures.understand import ReflectOnProblem
from tests.support.packs import TEST, call, write_pack
from tests.support.stage_values import VALUES

pytestmark = pytest.mark.usefixtures("own_caches")

ADAPTERS = ("lean", "yaml", "json", "chat", "xml")
FLOW = {"solutions": 2, "ai_tests": 2, "code_attempts": 1, "public_tries": 1, "ai_fixes": 0}
MARKS = {"xml": "wrapped in XML tags", "chat": "[[ ## completed ## ]]", "json": "Respond with a JSON object"}


def asked_by(prompt: str) -> tuple[str, type]:
    """The adapter and the signature a prompt is made with."""
    first = {signature: signature.instructions.split("\n")[0] for signature in VALUES}
    signature = next(signature for signature, line in first.items() if line in prompt)
    name = next((name for name, mark in MARKS.items() if mark in prompt), "yaml" if "```yaml" in prompt else "lean")
    return name, signature


def answer(prompt: str) -> str:
    """A right answer in the form asked for; programs print nothing, so that there is something to repair."""
    name, signature = asked_by(prompt)
    outputs = {key: "print()\n" if key.endswith("code") else value for key, value in VALUES[signature][1].items()}
    return adapter_named(name).format_assistant_message_content(signature, outputs)


@pytest.fixture
def command(monkeypatch, tmp_path, runs):
    """Calls the command with the rule an LM answers by; the prompts are returned with its exit status."""
    data = write_pack(tmp_path / "data")
    start = tmp_path / "start"
    program = artifact.new_program("alphacodium", FLOW)
    artifact.save(start, program, artifact.describe("alphacodium", program))

    def run(rule, *options: str, adapters=ADAPTERS):
        lm = scripted_lm(rule)
        monkeypatch.setattr("program.models.open.open_lm", lambda *_, **__: OpenedLM(lm))
        fixed = ["--artifact", start, "--data", data, "--split", "test", "--lm", "fake/lm", "--out", tmp_path / "out"]
        status = call(monkeypatch, benchmarks.prompts.adapters.main, *fixed, "--adapters", *adapters, *options)
        return status, lm.engine.prompts

    return run


class OpenedLM:
    def __init__(self, lm):
        self.lm = lm

    def __enter__(self):
        return self.lm

    def __exit__(self, *_):
        pass


def rows(output: str) -> dict[tuple[str, str], list[str]]:
    """The first table's cells by adapter and stage."""
    lines = [line for line in output.splitlines() if line.count("|") > 10 and "---" not in line]
    cells = [[cell.strip(" *") for cell in line.strip("|").split("|")] for line in lines[1:]]
    return {(row[0], row[1]): row[2:] for row in cells}


def stored(folder, name: str) -> list[dict]:
    return [json.loads(line) for line in (folder / "out" / name).read_text().splitlines()]


def test_every_adapter_is_asked_every_stage_the_same(command, tmp_path, capsys):
    status, prompts = command(answer, "--problems", "2")
    assert status == 0
    names = [task.name for task in TEST[:2]]
    inputs = {each["problem"]: each["inputs"] for each in stored(tmp_path, "inputs.jsonl")}
    assert set(inputs) == set(names) and "FixCode" in inputs[names[0]] and "WriteTests" in inputs[names[0]]
    answers = stored(tmp_path, "answers.jsonl")
    asked = {(each["problem"], each["stage"], each["adapter"]) for each in answers}
    assert asked == {(name, stage, adapter) for name in names for stage in inputs[name] for adapter in ADAPTERS}
    assert len(answers) == len(asked)
    failure = inputs[names[0]]["FixCode"]["failure"]
    shown = [
        prompt for prompt in prompts if asked_by(prompt)[1].__name__ == "FixCode" and failure.split("\n")[0] in prompt
    ]
    assert {asked_by(prompt)[0] for prompt in shown} == set(ADAPTERS)
    table = rows(capsys.readouterr().out)
    assert all(row[1] == row[2] == f"100% ({row[0]}/{row[0]})" for row in table.values())
    assert table["yaml", "WriteTests"][0] == "2" and table["yaml", "all"][0] == str(len(answers) // len(ADAPTERS))
    assert all(row[3].startswith("0%") and row[4].startswith("0%") for row in table.values())
    assert all(int(row[7]) > 0 and int(row[9]) > 0 for row in table.values())
    assert (tmp_path / "out" / "summary.md").read_text().startswith("fake/lm, ")


def test_answers_that_cannot_be_read_are_repaired_once_and_counted(command, capsys):
    def spoilt(prompt: str) -> str:
        name, signature = asked_by(prompt)
        if signature is ReflectOnProblem and name in ("json", "xml") and "cannot be read" not in prompt:
            return "That is hard to say."
        if signature is WriteTests and name == "yaml":
            return "I cannot say."
        return f"Sure:\n\n{answer(prompt)}" if name == "yaml" else answer(prompt)

    assert command(spoilt, "--problems", "1")[0] == 0
    table = rows(capsys.readouterr().out)
    for name in ("json", "xml"):
        assert table[name, "ReflectOnProblem"][1:3] == ["0% (0/1)", "100% (1/1)"]
    assert table["lean", "ReflectOnProblem"][1:3] == ["100% (1/1)", "100% (1/1)"]
    assert table["yaml", "WriteTests"][1:5] == ["0% (0/1)", "0% (0/1)", "–", "100% (1/1)"]
    assert table["yaml", "ReflectOnProblem"][3] == "100% (1/1)" and table["lean", "ReflectOnProblem"][3] == "0% (0/1)"


def test_only_the_wanted_stages_are_asked(command, tmp_path):
    assert command(answer, "--problems", "1", "--stages", "WriteTests", "WriteCode")[0] == 0
    assert {each["stage"] for each in stored(tmp_path, "answers.jsonl")} == {"WriteTests", "WriteCode"}


def test_it_goes_on_where_it_stopped(command, tmp_path):
    assert command(answer, "--problems", "1", adapters=["lean"])[0] == 0
    file = tmp_path / "out" / "answers.jsonl"
    whole = file.read_text()
    file.write_text(whole[: whole.index("\n") + 1] + '{"problem": "torn')
    status, prompts = command(answer, "--problems", "1", adapters=["lean"])
    assert status == 0 and len(prompts) == whole.count("\n") - 1  # no rollout, and what had an answer not again
    assert len(stored(tmp_path, "answers.jsonl")) == whole.count("\n")


def test_what_infrastructure_spoilt_is_in_no_number_and_asked_again(command, tmp_path, capsys):
    assert command(answer, "--problems", "1", "--stages", "WriteTests", adapters=["lean"])[0] == 0

    def broken(prompt: str):
        return ContextWindowExceededError(model="fake") if "```yaml" in prompt else answer(prompt)

    more = ("--problems", "1", "--stages", "WriteTests")
    capsys.readouterr()
    assert command(broken, *more, adapters=["lean", "yaml"])[0] == 0
    printed = capsys.readouterr().out
    assert rows(printed)["yaml", "WriteTests"][0] == "0" and "1 requests were lost" in printed
    assert command(answer, *more, adapters=["lean", "yaml"])[0] == 0
    assert rows(capsys.readouterr().out)["yaml", "WriteTests"][:2] == ["1", "100% (1/1)"]


def test_the_table_is_made_of_what_is_stored(command, tmp_path, capsys):
    command(answer, "--problems", "1")
    first = capsys.readouterr().out
    status, prompts = command(answer, "--table", "--problems", "1")
    assert status == 0 and prompts == [] and capsys.readouterr().out == first


def test_another_model_can_be_asked_the_same(command, tmp_path):
    assert command(answer, "--problems", "1", "--stages", "WriteTests", adapters=["lean"])[0] == 0
    (tmp_path / "out").rename(tmp_path / "first")
    more = ("--problems", "1", "--stages", "WriteTests", "--lm", "fake/other", "--inputs", tmp_path / "first")
    status, prompts = command(answer, *more, adapters=["lean"])
    assert status == 0 and len(prompts) == 1
    assert stored(tmp_path, "inputs.jsonl") == stored(tmp_path, "../first/inputs.jsonl")


def test_another_model_in_the_same_folder_is_refused(command, capsys):
    command(answer, "--problems", "1", adapters=["lean"])
    assert command(answer, "--problems", "1", "--lm", "fake/other")[0] == 2
    assert "lm is 'fake/lm' there" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--stages", "Guess"), "has no stage Guess; it has "),
        (("--problems", "0"), "--problems must be at least 1"),
        (("--adapters", "telegraph"), "no adapter telegraph"),
        (("--inputs", "nowhere"), "nowhere has no inputs.jsonl"),
    ],
)
def test_bad_options_are_refused_before_anything_is_asked(command, capsys, options, said):
    status, prompts = command(answer, *options)
    assert status == 2 and prompts == [] and said in capsys.readouterr().err


# The table


def asked(adapter: str, *answers: str, signature=WriteTests, seconds: float = 2.0) -> Asked:
    calls = [
        Call(stage="S", answer=text, prompt_tokens=100, cached_tokens=40, completion_tokens=10, seconds=seconds)
        for text in answers
    ]
    return Asked("P", signature.__name__, adapter, calls, signature)


WHOLE = '{"input": "1", "output": "2", "explanation": "e"}'


def test_losses_are_counted_by_field_and_by_item():
    records = [
        asked("lean", f'{{"tests": [{WHOLE}, {WHOLE}, {{"input": "1"}}]}}'),
        asked("lean", "no", "neither"),
        asked("lean", "no", f'{{"tests": [{WHOLE}]}}'),
        asked("lean", "```python\nprint()\n```", signature=SolveDirectly),
    ]
    table = rows(markdown(records, ["lean"], {("P", "print()\n"): 0.5}))
    assert table["lean", "WriteTests"] == [
        "3", "33% (1/3)", "67% (2/3)", "100% (1/1)", "33% (1/3)", "25% (1/4)", "–", "167", "67", "17", "3.3",
    ]  # fmt: skip
    one = ["1", "100% (1/1)", "100% (1/1)", "0% (0/1)", "0% (0/1)", "–", "50% of 1"]
    assert table["lean", "SolveDirectly"][:7] == one
    assert table["lean", "all"][0] == "4"


def test_a_program_that_cannot_be_read_passes_nothing():
    records = [
        asked("json", "no", "no", signature=SolveDirectly),
        asked("json", '{"code": "p"}', signature=SolveDirectly),
    ]
    table = rows(markdown(records, ["json"], {("P", "p"): 1.0, ("P", ""): 0.0}))
    assert table["json", "SolveDirectly"][6] == table["json", "all"][6] == "50% of 2"


def test_programs_are_compared_with_those_of_the_first_adapter_problem_by_problem():
    def program(problem: str, adapter: str, name: str, stage: str = "WriteCode") -> Asked:
        answer = f"```python\n{name}\n```" if adapter == "lean" else json.dumps({"code": name})
        return Asked(problem, stage, adapter, [Call(stage=stage, answer=answer)], SolveDirectly)

    names = [f"P{number}" for number in range(8)]
    records = [program(name, adapter, adapter) for name in names for adapter in ("lean", "json")]
    records.append(program("P0", "lean", "json", "FixCode"))  # the other adapter has no such answer
    records.append(program("P9", "json", "lean"))
    rates = {(each.problem, each.program() or ""): 1.0 if "lean" in (each.program() or "") else 0.5 for each in records}
    *_, row = compared(records, ["lean", "json", "yaml"], rates).splitlines()
    _, name, of, difference, p, _ = (cell.strip() for cell in row.split("|"))
    assert (name, of) == ("json against lean", "8, 8")
    assert difference.startswith("-50.0 points (-") and float(p) == 0.008  # 2 of the 2^8 ways to flip eight signs
    assert compared(records, ["yaml", "xml"], rates) == ""


def test_the_table_is_one_in_markdown():
    head, rule, *lines = markdown([asked("lean", "no")], ["lean", "yaml"], {}).splitlines()
    assert len({line.count("|") for line in (head, rule, *lines)}) == 1 and re.fullmatch(r"[| -]+", rule)
    assert len(lines) == 2  # nothing was asked under yaml


def test_answers_are_read_as_the_adapter_reads_them():
    reading = read("yaml", ReflectOnProblem, "reflection:\n- a: b\n")
    assert reading is not None and reading.values == {"reflection": ["a: b"]} and reading.salvaged
    assert read("yaml", ReflectOnProblem, "no") is None
