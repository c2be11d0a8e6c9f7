"""Artifacts: what is loaded asks exactly what was saved, and what does not fit this code is refused in one line."""

import json
from pathlib import Path

import dspy
import pytest

from program import artifact, handwritten
from program.adapters.lean import LeanAdapter
from program.artifact import ArtifactError
from signatures.fields import AITest, Solution
from tests.support.packs import call
from tests.support.paths import ROOT
from tests.support.scripted import EVERYTHING

ARTIFACTS = sorted(path.parent for path in ROOT.glob("artifacts/*/manifest.json"))
SOLUTION = Solution(name="Adding", content='Add "n" to\nitself.', why_it_works="n + n = 2n", complexity="O(1) – tiny")
# A value for every field of every stage.
VALUES = {
    "problem": "Double\n\nPrint 2n, where n ≤ 10.",
    "reflection": ["n is small", "one\nnumber"],
    "explanations": ["1 + 1 = 2"],
    "checked": ["1 + 1 = 2, surely"],
    "count": 3,
    "wishes": "Be brief.",
    "solutions": [SOLUTION, SOLUTION.model_copy(update={"name": "Shifting"})],
    "ranking": ["Shifting", "Adding"],
    "steps": ["read n", "double it"],
    "tests": [AITest(input="3\n", output="6\n", explanation="odd")],
    "solution": SOLUTION,
    "code": "print(2 * int(input()))\n",
    "failure": "The program prints a wrong answer.",
    "analysis": ["it prints a constant"],
    "lessons": ["read the input"],
    "lesson": ["print the result"],
    "reasoning": "Twice is two times.",
    "fixed_code": "print(2)\n",
    "printer_code": "print(9)\n",
    "validator_code": "print('VALID')\n",
    "test_input": "3\n",
    "output": "6\n",
}


CHECKED_TESTS = {**VALUES, "checked": VALUES["tests"]}
PROGRAMS: tuple[artifact.ProgramName, ...] = ("alphacodium", "direct", "chain-of-thought", "sampling", "reflexion")


def values(name: str) -> dict:
    """What the fields of the predictor `name` hold."""
    return CHECKED_TESTS if "check_tests" in name else VALUES


def prompts(program: dspy.Module) -> dict[str, list]:
    return {
        name: LeanAdapter().format(predictor.signature, predictor.demos, values(name))
        for name, predictor in program.named_predictors()
    }


def tuned(name: artifact.ProgramName) -> dspy.Module:
    """The program as an optimizer might leave it: other instructions, demonstrations of several kinds."""
    more = EVERYTHING if name == "alphacodium" else {}
    program = artifact.new_program(name, {"temperature": 0.5, **more})
    for predictor_name, predictor in program.named_predictors():
        predictor.signature = predictor.signature.with_instructions(f'Do “{predictor_name}”.\nAnd do it "well".')
        whole = {field: values(predictor_name)[field] for field in predictor.signature.fields}
        without_plan = {**whole, "reflection": [], "solution": None}
        predictor.demos = [
            dspy.Example(augmented=True, **whole),
            dspy.Example({key: value for key, value in without_plan.items() if key in whole}).with_inputs("problem"),
        ]
    return program


@pytest.fixture(params=PROGRAMS)
def saved(request, tmp_path):
    program = tuned(request.param)
    manifest = artifact.describe(request.param, program, origin="compiled", compile={"optimizer": "gepa", "seed": 1})
    artifact.save(tmp_path, program, manifest)
    return program, manifest, tmp_path


def test_a_loaded_program_asks_exactly_what_the_saved_one_asks(saved):
    program, manifest, folder = saved
    loaded, read = artifact.load(folder)
    assert prompts(loaded) == prompts(program)
    assert type(loaded) is type(program) and loaded.config == program.config
    assert read == manifest


def test_that_says_something_as_prompts_depend_on_instructions_and_demonstrations(saved):
    program, manifest, _ = saved
    plain = prompts(artifact.new_program(manifest.program, manifest.config))
    for name, messages in prompts(program).items():
        assert [message["role"] for message in messages] == ["system", *["user", "assistant"] * 2, "user"]
        assert messages[0] != plain[name][0] and messages[-1] == plain[name][-1]


def test_saving_what_was_loaded_changes_nothing(saved, tmp_path):
    _, _, folder = saved
    program, manifest = artifact.load(folder)
    artifact.save(tmp_path / "again", program, manifest)
    for name in ("program.json", "manifest.json"):
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()


def test_a_manifest_says_what_the_program_is(saved):
    program, _, folder = saved
    written = json.loads((folder / "manifest.json").read_text())
    assert written["config"] == program.config.model_dump() and written["config"]["temperature"] == 0.5
    assert list(written["predictors"]) == [name for name, _ in program.named_predictors()]
    assert all(fields[0] == "problem" for fields in written["predictors"].values())
    assert set(written["versions"]) == {"dspy", "pydantic"}
    assert (written["origin"], written["compile"]) == ("compiled", {"optimizer": "gepa", "seed": 1})


def test_configuration_can_be_changed_while_loading(saved):
    _, _, folder = saved
    program, manifest = artifact.load(folder, {"max_code_tokens": 77})
    assert program.config.max_code_tokens == manifest.config["max_code_tokens"] == 77
    assert program.config.temperature == 0.5


# Loading with stages left out or brought in


@pytest.fixture
def flow(tmp_path):
    """The tuned flow with all its stages, and its folder."""
    program = tuned("alphacodium")
    artifact.save(tmp_path, program, artifact.describe("alphacodium", program))
    return program, tmp_path


@pytest.mark.parametrize(
    ("config", "gone"),
    [
        ({"ai_tests": 0}, ["write_tests.write_tests", "write_tests.check_tests", "confirm.derive_output"]),
        ({"check_explanations": False}, ["understand.check_explanations"]),
        ({"solutions": 1}, ["plan.rank_solutions"]),
        ({"solutions": 0}, ["plan.propose_solutions", "plan.rank_solutions"]),
        ({"fix_calls": 1}, ["repair.analyse_failure"]),
        ({"brute_force": False}, ["cross_check.write_brute_force", "cross_check.write_generator"]),
        ({"direct_first": 0}, ["solve_directly"]),
    ],
    ids=str,
)
def test_a_changed_configuration_may_leave_stages_out_and_the_others_ask_what_they_asked(flow, config, gone):
    program, folder = flow
    loaded, manifest = artifact.load(folder, config)
    left = {name: asked for name, asked in prompts(program).items() if name.removesuffix(".predict") not in gone}
    assert prompts(loaded) == left and len(left) == len(prompts(program)) - len(gone)
    assert list(manifest.predictors) == list(left)


def test_a_changed_configuration_may_bring_stages_in_and_they_are_as_written_by_hand(tmp_path):
    program = artifact.new_program("alphacodium", {})
    for predictor in program.predictors():
        predictor.signature = predictor.signature.with_instructions("Do it otherwise.")
    artifact.save(tmp_path, program, artifact.describe("alphacodium", program))
    loaded, manifest = artifact.load(tmp_path, EVERYTHING)
    by_hand = prompts(artifact.new_program("alphacodium", EVERYTHING))
    saved = prompts(program)
    assert prompts(loaded) == {name: saved.get(name, by_hand[name]) for name in by_hand}
    assert set(by_hand) - set(saved) and set(saved) < set(by_hand)
    assert list(manifest.predictors) == list(by_hand)
    artifact.save(tmp_path / "again", loaded, manifest)
    assert prompts(artifact.load(tmp_path / "again")[0]) == prompts(loaded)


def test_other_bounds_on_lists_change_no_prompt_but_the_fingerprint(flow):
    _, folder = flow
    (small, one), (large, two) = (artifact.load(folder, {"solutions": n, "ai_tests": n}) for n in (2, 5))
    assert prompts(small) == prompts(large)
    assert artifact.fingerprint(small, one) != artifact.fingerprint(large, two)


def test_nested_keys_are_changed_one_by_one(flow):
    _, folder = flow
    first, manifest = artifact.load(folder, {"budget": {"calls": 9}, "temperatures": {"FixCode": 0.7}})
    artifact.save(folder, first, manifest)
    second, _ = artifact.load(folder, {"budget": {"tokens": 1000}, "temperatures": {"WriteCode": 0.1}})
    assert (second.config.budget.calls, second.config.budget.tokens) == (9, 1000)
    assert second.config.temperatures == {"FixCode": 0.7, "WriteCode": 0.1}


# What is refused


def refusal(folder: Path, config=None) -> str:
    with pytest.raises(ArtifactError) as caught:
        artifact.load(folder, config)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 500
    return str(caught.value)


@pytest.fixture
def direct(tmp_path):
    program = artifact.new_program("direct", {})
    artifact.save(tmp_path, program, artifact.describe("direct", program))
    return tmp_path


def change(path: Path, **updates) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **updates}))


def test_a_folder_that_is_not_there_is_no_artifact(tmp_path):
    assert "manifest.json is missing" in refusal(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["program.json", "manifest.json"])
def test_missing_and_broken_files_are_refused(direct, name):
    for broken in ("", "{", '{"program": '):
        (direct / name).write_text(broken)
        assert str(direct) in refusal(direct)
    (direct / name).unlink()
    assert f"{name} is missing" in refusal(direct)


@pytest.mark.parametrize("content", ["[1]", "3", '"text"', "null", "{}"])
def test_a_manifest_that_is_no_manifest_is_refused(direct, content):
    (direct / "manifest.json").write_text(content)
    assert str(direct) in refusal(direct)


@pytest.mark.parametrize("content", ["[1]", '"text"', "{}", '["solve"]', "3", "null"])
def test_a_program_that_is_no_program_is_refused(direct, content):
    (direct / "program.json").write_text(content)
    assert str(direct) in refusal(direct)


@pytest.mark.parametrize(
    "update", [{"colour": "red"}, {"program": "magic"}, {"predictors": "all"}, {"adapter": "telegraph"}]
)
def test_a_wrong_manifest_is_refused_by_the_key(direct, update):
    change(direct / "manifest.json", **update)
    assert next(iter(update)) in refusal(direct)


@pytest.mark.parametrize(
    "predictors",
    [
        {},
        {"solve.predict": ["problem", "answer"]},
        {"solve.predict": ["code", "problem"]},
        {"solve.predict": ["problem"]},
        {"solve.predict": ["problem", "code"], "plan.predict": ["problem", "plan"]},
        {"write.predict": ["problem", "code"]},
    ],
)
def test_an_artifact_for_other_predictors_is_refused(direct, predictors):
    change(direct / "manifest.json", predictors=predictors)
    said = refusal(direct)
    assert "was made for other code: predictor " in said
    assert any(f"predictor {name} " in said for name in ({*predictors} | {"solve.predict"}))


def test_a_state_that_does_not_belong_to_the_manifest_is_refused(direct):
    change(direct / "program.json", **{"plan.predict": {}})
    assert "program.json and manifest.json name different predictors" in refusal(direct)


@pytest.mark.parametrize(
    "state",
    [
        None,
        {},
        {"demos": []},
        {"demos": "none", "signature": {"instructions": "Do.", "fields": []}, "lm": None, "traces": [], "train": []},
    ],
    ids=["null", "empty", "no signature", "demonstrations that are none"],
)
def test_a_broken_state_of_a_predictor_is_refused(direct, state):
    change(direct / "program.json", **{"solve.predict": state})
    assert "solve.predict" in refusal(direct)


@pytest.mark.parametrize(
    ("config", "culprit"), [({"temprature": 0.1}, "temprature"), ({"max_code_tokens": "many"}, "max_code_tokens")]
)
def test_configuration_keys_that_do_not_exist_or_fit_are_refused_by_name(direct, config, culprit):
    assert culprit in refusal(direct, config)
    change(direct / "manifest.json", config=config)
    assert culprit in refusal(direct)


def test_values_the_flow_cannot_have_are_refused_by_name():
    for key, value in (("solutions", -1), ("code_attempts", 0), ("ai_tests", -1), ("temperature", -0.1)):
        with pytest.raises(ArtifactError, match=f"config of alphacodium: {key}: "):
            artifact.new_program("alphacodium", {key: value})


# What is committed


@pytest.mark.parametrize("folder", ARTIFACTS, ids=lambda folder: folder.name)
def test_committed_artifacts_load(folder):
    program, manifest = artifact.load(folder)
    assert {field for fields in manifest.predictors.values() for field in fields} <= set(VALUES)
    assert all(prompts(program).values()) and artifact.predictors_of(program) == manifest.predictors


def hand_written():
    for folder in ARTIFACTS:
        if json.loads((folder / "manifest.json").read_text())["origin"] == "hand-written":
            yield pytest.param(folder, id=folder.name)


@pytest.mark.parametrize("folder", list(hand_written()))
def test_hand_written_artifacts_are_what_the_code_writes(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert call(monkeypatch, handwritten.main) == 0
    name, config = handwritten.HAND_WRITTEN[folder.name]
    assert (tmp_path / "artifacts" / folder.name / "program.json").read_text() == (folder / "program.json").read_text()
    program, manifest = artifact.load(folder)
    assert (manifest.program, program.config) == (name, artifact.new_program(name, config).config)


def test_every_hand_written_program_is_committed():
    assert set(handwritten.HAND_WRITTEN) <= {folder.name for folder in ARTIFACTS}


@pytest.mark.parametrize(("argument", "status"), [("--help", 0), ("--colour", 2), ("direct", 2)])
def test_without_being_asked_to_nothing_is_written(argument, status, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert call(monkeypatch, handwritten.main, argument) == status
    assert list(tmp_path.iterdir()) == []
