"""Every optimizer runs to its end, does what it is for, and is stopped by what may not count as a zero."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

import dspy
import pytest
from dspy import LMServerError

import optimize.compile
from judge.verdict import JudgeError
from optimize.job.proposal_adapter import ProposalAdapter
from optimize.optimizers.copro import Copro
from optimize.optimizers.table import NAMES
from program import artifact
from program.models.profile import THINKING_CAP, profile_named
from program.models.scripted import scripted_lm
from tests.support.packs import VALID, call, isolate, plus_tasks, printed, use_lm, write_pack, write_start
from tests.support.proposals import HINT, hinted_rule, is_proposal
from tests.support.provider_server import provider

TASKS = (*VALID, *plus_tasks(range(2, 6)))
HELPED = ("Square", "Triangle", "Plus 2", "Plus 4", "Plus 5")
INSTRUCTING = ("mipro", "gepa", "copro")
SMALL = {
    "mipro": ["--tune", "trials=4"],
    "gepa": ["--tune", "metric_calls=40"],
    "simba": ["--tune", "steps=1", "--tune", "batch=4"],
}


pytestmark = pytest.mark.usefixtures("own_caches")


def options_in(folder: Path) -> list[str | Path]:
    data = write_pack(folder / "data", TASKS)
    start = write_start(folder / "start", "direct")
    return ["--start", start, "--data", data, "--out", folder / "out", "--concurrency", "2", "--no-gate"]


@pytest.fixture
def options(tmp_path) -> list[str | Path]:
    return options_in(tmp_path)


@pytest.fixture(scope="module")
def compiled_by(tmp_path_factory) -> Callable[[str], Path]:
    """The artifact that an optimizer makes, each compiled once."""

    @cache
    def artifact_of(name: str) -> Path:
        folder = tmp_path_factory.mktemp(name)
        with pytest.MonkeyPatch.context() as patched:
            isolate(patched, folder / "cache")
            use_lm(patched, hinted_rule(TASKS, helped=HELPED))
            assert "wrote" in compile_with(patched, name, options_in(folder))
        return folder / "out"

    return artifact_of


def compile_with(monkeypatch, name: str, options: list[str | Path], *more: str) -> str:
    arguments = [*options, "--optimizer", name, *SMALL.get(name, []), *more]
    return printed(monkeypatch, optimize.compile.main, *arguments)


def lines_of(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize("name", NAMES)
def test_an_optimizer_runs_to_its_end_and_leaves_an_artifact_that_loads(compiled_by, name):
    program, manifest = artifact.load(compiled_by(name))
    assert manifest.compile and manifest.compile["optimizer"] == name and not manifest.compile["stopped"]
    assert program.predictors()[0].signature.instructions
    tried = lines_of(compiled_by(name) / "candidates.jsonl")
    assert tried and all(each["runs"] >= 1 for each in tried)


@pytest.mark.parametrize("name", INSTRUCTING)
def test_better_instructions_are_found(compiled_by, name):
    program, manifest = artifact.load(compiled_by(name))
    assert HINT in program.predictors()[0].signature.instructions
    tried = lines_of(compiled_by(name) / "candidates.jsonl")
    start = next(each for each in tried if not each["instructions"] and not each["demos"])
    assert manifest.scores and manifest.scores["chosen"]["score"] == 1.0 > start["score"]


def test_instruction_only_arms_have_no_demonstrations(compiled_by, monkeypatch, tmp_path, options):
    use_lm(monkeypatch, hinted_rule(TASKS, helped=HELPED))
    compile_with(monkeypatch, "mipro", options, "--demos", "0")
    for folder in (compiled_by("gepa"), compiled_by("copro"), tmp_path / "out"):
        program, _ = artifact.load(folder)
        assert [predictor.demos for predictor in program.predictors()] == [[]]


@pytest.mark.parametrize("name", ["bootstrap", "bootstrap_rs", "mipro"])
def test_demonstrations_come_only_from_runs_over_the_threshold(compiled_by, name):
    out = compiled_by(name)
    shown = {
        problem
        for tried in [*lines_of(out / "candidates.jsonl"), {"demos": demos_of(out)}]
        for problems in tried["demos"].values()
        for problem in problems
    }
    assert shown and not shown & set(HELPED)


def demos_of(folder: Path) -> dict[str, list[str]]:
    program, _ = artifact.load(folder)
    return {
        name: [demo["problem"].partition("\n")[0] for demo in predictor.demos]
        for name, predictor in program.named_predictors()
    }


@pytest.mark.parametrize("name", ["bootstrap_rs", "mipro", "gepa"])
def test_candidates_are_chosen_by_problems_that_nothing_is_learned_from(compiled_by, name):
    report = json.loads((compiled_by(name) / "report.json").read_text())
    learned, chosen = set(report["learned_from"]), set(report["chosen_by"])
    assert learned and chosen and not learned & chosen and learned | chosen == {task.name for task in TASKS}
    for tried in lines_of(compiled_by(name) / "candidates.jsonl"):
        assert not {problem for problems in tried["demos"].values() for problem in problems} & chosen


@pytest.mark.parametrize("name", NAMES)
def test_a_judge_that_fails_stops_an_optimizer_and_counts_as_no_zero(monkeypatch, tmp_path, options, name, capsys):
    from judge.judge import judge

    judged = 0

    def failing(*arguments, **named):
        nonlocal judged
        judged += 1
        if judged > 20:
            raise JudgeError("no processes left")
        return judge(*arguments, **named)

    use_lm(monkeypatch, hinted_rule(TASKS, helped=HELPED))
    monkeypatch.setattr("eval.rollouts.score.judge", failing)
    assert call(monkeypatch, optimize.compile.main, *options, "--optimizer", name, *SMALL.get(name, [])) == 1
    assert "no processes left" in capsys.readouterr().err
    assert not (tmp_path / "out" / "manifest.json").exists()


@pytest.mark.parametrize("name", NAMES)
def test_an_lm_that_dies_stops_an_optimizer_which_goes_on_later(monkeypatch, tmp_path, options, name, capsys):
    knows = hinted_rule(TASKS, helped=HELPED)
    asked = 0

    def dying(prompt: str):
        nonlocal asked
        asked += 1
        return knows(prompt) if asked <= 6 else LMServerError("down", model="m")

    use_lm(monkeypatch, dying)
    assert call(monkeypatch, optimize.compile.main, *options, "--optimizer", name, *SMALL.get(name, [])) == 1
    assert "error: " in capsys.readouterr().err and not (tmp_path / "out" / "manifest.json").exists()
    use_lm(monkeypatch, knows)
    compile_with(monkeypatch, name, options)
    scores = [each["score"] for each in lines_of(tmp_path / "out" / "candidates.jsonl")]
    assert scores[0] is None or scores[0] > 0


def test_gepa_reflects_on_the_evidence_of_each_call_and_on_how_its_program_came_out(monkeypatch, options):
    prompts = use_lm(monkeypatch, hinted_rule(TASKS, helped=HELPED))
    compile_with(monkeypatch, "gepa", options)
    shown = next(prompt for prompt in prompts if is_proposal(prompt))
    said = "passes 2 of 2 example tests and 0 of 2 further tests (it prints a wrong answer)"
    assert f"The program {said}. The program that came out in the end {said}." in shown


def test_how_often_a_request_is_sent_again_is_up_to_the_configuration(monkeypatch, tmp_path, options, capsys):
    asked = []

    def down(prompt: str):
        asked.append(prompt)
        return LMServerError("down", model="m")

    waits = []
    monkeypatch.setattr("program.rollout.rate_limits.Pace.rest", lambda _, seconds: waits.append(seconds))
    config = tmp_path / "config.toml"
    for retries, wait in ((0, 9.0), (2, 0.0)):
        config.write_text(
            f'optimizer = "bootstrap"\nretries = {retries}\nfirst_wait = {wait}\nrequests_per_minute = 6000\n'
        )
        use_lm(monkeypatch, down)
        asked.clear()
        out = tmp_path / f"out {retries}"
        one = [*options, "--concurrency", "1", "--limit", "1", "--out", out]
        assert call(monkeypatch, optimize.compile.main, config, *one) == 1
        # By the rollouts that come first, and by DSPy's optimizer, which looks for the answer once more; an outage is
        # waited out once.
        assert len(asked) == 2 + retries and waits == [0.0] * retries


CUT = "too many words " * 100  # more than the proposals of the test may have


@pytest.mark.parametrize(("name", "more"), [("mipro", []), ("gepa", []), ("copro", ["--tune", "depth=2"])])
def test_a_proposal_that_was_cut_off_is_dropped_and_counted(monkeypatch, tmp_path, options, name, more):
    def cut_off(prompt: str) -> str:
        return CUT if is_proposal(prompt) else hinted_rule(TASKS, helped=HELPED)(prompt)

    use_lm(monkeypatch, cut_off)
    said = compile_with(monkeypatch, name, options, "--tune", "proposal_tokens=200", *more)
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    asked = report["paid"]["by_phase"]["proposals"]["calls"]
    assert report["proposals_dropped"] >= asked > 0
    assert f"{report['proposals_dropped']} proposals dropped: cut off" in said
    start = artifact.load(tmp_path / "start")[0].predictors()[0].signature.instructions
    assert artifact.load(tmp_path / "out")[0].predictors()[0].signature.instructions == start
    assert not any(each["instructions"] for each in lines_of(tmp_path / "out" / "candidates.jsonl"))


def test_advice_that_was_cut_off_is_dropped_and_a_description_is_taken_as_it_stands():
    advice = dspy.Signature("trajectory -> discussion: str, module_advice: dict[str, str]")
    described = dspy.Signature("program -> program_description: str")
    adapter, lm = ProposalAdapter(), scripted_lm(lambda _: proposal_with_advice)
    proposal_with_advice = '[[ ## discussion ## ]]\nSo it is.\n\n[[ ## module_advice ## ]]\n{"solve": "Mind the'
    with dspy.context(lm=lm.copy(max_tokens=5), adapter=adapter):
        assert dspy.Predict(advice)(trajectory="long").module_advice == {} and adapter.dropped == 1
        assert "So it is." in dspy.Predict(described)(program="p").program_description and adapter.dropped == 1


def test_a_prediction_with_a_score_of_zero_is_true_which_is_why_metrics_have_wrappers():
    assert bool(dspy.Prediction(score=0)) is True


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("labeled", "labelled outputs"),
        ("infer_rules", "labelled outputs"),
        ("knn", "cannot be saved"),
        ("finetune", "only prompts"),
        ("magic", "there is no optimizer magic"),
    ],
)
def test_what_cannot_work_here_is_refused_in_one_line_before_anything_is_paid(monkeypatch, options, capsys, name, why):
    prompts = use_lm(monkeypatch, ["nothing may be asked"])
    assert call(monkeypatch, optimize.compile.main, *options, "--optimizer", name) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ") and why in line and prompts == []


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("bootstrap", ["--prompt-lm", "openai/x"]),
        ("bootstrap", ["--tune", "trials=3"]),
        ("gepa", ["--demos", "2"]),
        ("gepa", ["--teacher-lm", "openai/x"]),
        ("copro", ["--reflection-lm", "openai/x"]),
        ("simba", ["--threshold", "0.5"]),
    ],
)
def test_a_key_that_the_optimizer_does_not_read_is_refused(monkeypatch, options, capsys, name, key):
    assert call(monkeypatch, optimize.compile.main, *options, "--optimizer", name, *key) == 2
    assert f"{name} does not use this key; it uses " in capsys.readouterr().err


def test_a_compiled_program_can_be_compiled_again_and_its_instructions_carry_over(
    compiled_by, monkeypatch, tmp_path, options
):
    prompts = use_lm(monkeypatch, hinted_rule(TASKS, helped=HELPED))
    compile_with(monkeypatch, "bootstrap", [*options, "--start", compiled_by("copro")])
    program, _ = artifact.load(tmp_path / "out")
    (predictor,) = program.predictors()
    assert HINT in predictor.signature.instructions and len(predictor.demos) == 4
    assert prompts and all(HINT in prompt for prompt in prompts)


def test_demonstrations_of_the_start_program_are_the_teachers_only(compiled_by, monkeypatch, tmp_path, options):
    start = compiled_by("bootstrap")
    taught = set(demos_of(start)["solve.predict"])
    prompts = use_lm(monkeypatch, hinted_rule(TASKS, helped=HELPED))
    compile_with(monkeypatch, "copro", [*options, "--start", start, "--out", tmp_path / "again"])
    assert taught and not any(prompt.count("## problem\n") > 1 for prompt in prompts)
    prompts = use_lm(monkeypatch, hinted_rule(TASKS, helped=HELPED))
    compile_with(monkeypatch, "bootstrap", [*options, "--start", start, "--out", tmp_path / "third"])
    assert prompts and all(prompt.count("## problem\n") > 1 for prompt in prompts)
    assert len(demos_of(tmp_path / "third")["solve.predict"]) <= 4


@pytest.mark.parametrize("name", ["mipro", "gepa"])
def test_a_model_that_takes_no_temperature_is_compiled_for_though_optimizers_set_one(name, monkeypatch, options):
    rule = hinted_rule(TASKS, helped=HELPED)
    with provider(lambda prompt: "yes" if "Say yes" in prompt else rule(prompt)) as server:
        server.refuses = {"temperature"}
        said = compile_with(monkeypatch, name, options, "--lm", "openai/m", "--api-base", server.address)
        assert "wrote" in said
        assert [number for number, body in enumerate(server.bodies) if "temperature" in body] == [0], "the start check"
    program, _ = artifact.load(options[options.index("--out") + 1])
    assert any(HINT in str(each.signature.instructions) for each in program.predictors())


@pytest.mark.parametrize(("model", "room"), [("server/m", 4000), ("server/qwq:32b", THINKING_CAP)])
def test_a_model_that_thinks_has_room_for_its_proposals(model, room):
    assert Copro().room(profile_named(model)) == room
    assert Copro(proposal_tokens=200).room(profile_named(model)) == 200
