"""Configurations: the paper's defaults, temperatures by stage, and no key that does nothing."""

import pytest

from program import artifact
from program.alphacodium import AlphaCodium
from program.artifact import ArtifactError, Manifest
from program.baselines.reflexion import ReflexionConfig
from program.baselines.sampling import SamplingConfig
from program.rollout.budget import Budget
from program.rollout.rate_limits import RateLimits
from program.stage.config import ProgramConfig
from program.stage.stage import Stage
from program.steps.config import FlowConfig
from tests.support.scripted import EVERYTHING


def stages(program) -> dict[str, Stage]:
    return {part.name: part for _, part in program.named_sub_modules() if isinstance(part, Stage)}


def test_the_defaults_are_those_of_the_papers_configuration():
    config = FlowConfig()
    assert (config.solutions, config.avoid_brute_force) == (3, True)
    assert (config.ai_tests, config.code_attempts) == (6, 8)
    assert (config.public_tries, config.fixes_per_program, config.ai_fixes) == (4, None, 4)
    assert not config.check_explanations and not config.check_ai_tests
    assert (config.explain_to_plan, config.explain_to_tests, config.explain_to_fix) == (True, True, False)
    assert (config.fix_calls, config.trace_lines, config.trace_depth) == (1, 0, 4)
    assert config.rounds == 1 and config.direct_first == 0 and not config.brute_force


@pytest.mark.parametrize(
    "kind", [FlowConfig, ProgramConfig, SamplingConfig, ReflexionConfig, Budget, RateLimits, Manifest]
)
def test_every_key_is_described(kind):
    assert [key for key, field in kind.model_fields.items() if not field.description] == []


def test_temperatures_are_set_for_single_stages():
    flow = AlphaCodium(FlowConfig(temperature=0.3, temperatures={"FixCode": 0.9, "RankSolutions": 0.0}))
    heat = {name: stage.temperature for name, stage in stages(flow).items()}
    assert heat["FixCode"] == 0.9 and heat["RankSolutions"] == 0.0
    assert {heat[name] for name in heat if name not in ("FixCode", "RankSolutions")} == {0.3}


def test_answers_in_words_and_programs_have_token_caps_of_their_own():
    flow = AlphaCodium(FlowConfig(max_text_tokens=111, max_code_tokens=222, **EVERYTHING))
    caps = {name: stage.max_tokens for name, stage in stages(flow).items()}
    programs = {
        "SolveDirectly",
        "WriteCode",
        "FixCode",
        "WriteBruteForce",
        "WriteGenerator",
        "WriteLargestInput",
        "WriteValidator",
    }
    assert {name for name in caps if caps[name] == 222} == programs
    assert {name for name in caps if caps[name] == 111} == set(caps) - programs


def test_every_stage_of_a_program_has_a_name_of_its_own():
    flow = AlphaCodium(FlowConfig(**EVERYTHING))
    assert len(stages(flow)) == len(flow.predictors()) == 16


def test_stages_that_are_not_wanted_are_not_there():
    bare = AlphaCodium(FlowConfig(solutions=0, ai_tests=0, time_fixes=0))
    assert set(stages(bare)) == {"ReflectOnProblem", "ExplainTests", "WriteCode", "FixCode"}
    assert "RankSolutions" not in stages(AlphaCodium(FlowConfig(solutions=1)))


@pytest.mark.parametrize(
    ("program", "config", "culprit"),
    [
        ("direct", {"max_text_tokens": 100}, "max_text_tokens"),  # it writes no text
        ("direct", {"solutions": 2}, "solutions"),
        ("direct", {"temperatures": {"WriteCode": 0.5}}, "WriteCode"),
        ("alphacodium", {"temperatures": {"WritCode": 0.5}}, "WritCode"),
        ("alphacodium", {"temperatures": {"WriteTests": 0.5}, "ai_tests": 0}, "WriteTests"),
        ("alphacodium", {"temperatures": {"WriteCode": -0.5}}, "temperatures.WriteCode"),
        ("sampling", {"programs": 0}, "programs"),
        ("reflexion", {"attempts": 0}, "attempts"),
        ("alphacodium", {"fix_calls": 3}, "fix_calls"),
        ("alphacodium", {"budget": {"calls": 0}}, "budget.calls"),
        ("alphacodium", {"budget": {"money": 1}}, "budget.money"),
    ],
)
def test_a_key_that_would_do_nothing_is_refused_in_one_line(program, config, culprit):
    with pytest.raises(ArtifactError, match=culprit) as caught:
        artifact.new_program(program, config)
    assert str(caught.value).startswith(f"config of {program}: ") and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (
            {"solutions": -1},
            "solutions: Input should be greater than or equal to 0 (maximum number of proposed solutions; 0 skips "
            "planning, and code is written from the reflection alone)",
        ),
        (
            {"budget": {"calls": 0}},
            "budget.calls: Input should be greater than or equal to 1 (calls to the LM, including repeated and repair "
            "calls)",
        ),
        (
            {"direct_first": -1},  # whose description has two lines
            "direct_first: Input should be greater than or equal to 0 (programs written before the flow, with one "
            "plain call each; the flow starts only if none of them passes all public tests)",
        ),
        ({"colour": "red"}, "unknown key colour"),
    ],
)
def test_what_is_refused_is_explained(config, said):
    with pytest.raises(ArtifactError) as caught:
        artifact.new_program("alphacodium", config)
    assert str(caught.value) == f"config of alphacodium: {said}"
