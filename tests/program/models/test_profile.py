"""A profile for each model: caps, temperature, thinking; and what the server has shown of itself on top."""

import dspy
import pytest

from program.models.learned import Change, learned_of
from program.models.profile import SAFETY_CAP, THINKING_CAP, profile_named, profile_of
from program.models.scripted import scripted_lm
from program.stage.stage import Stage
from signatures.code import SolveDirectly


@pytest.mark.parametrize(
    ("model", "thinks", "cap", "most"),
    [
        ("openai/gpt-4o-mini", False, SAFETY_CAP, 16_384),
        ("openai/gpt-5", True, 128_000, 128_000),
        ("openai/gpt-5-chat-latest", False, SAFETY_CAP, 16_384),
        ("openai/o3-mini", True, 100_000, 100_000),
        ("anthropic/claude-sonnet-4-5", False, SAFETY_CAP, 64_000),
        ("deepseek/deepseek-chat", False, 8_192, 8_192),
        ("deepseek/deepseek-reasoner", True, 65_536, 65_536),
        ("gemini/gemini-2.5-flash", True, 65_536, 65_536),
        ("groq/openai/gpt-oss-20b", True, 65_536, 65_536),
        ("server/openai/gpt-oss-20b", True, THINKING_CAP, THINKING_CAP),
        ("server/Qwen/Qwen3-8B", True, THINKING_CAP, THINKING_CAP),
        ("server/Qwen/Qwen3-4B-Instruct-2507", False, SAFETY_CAP, SAFETY_CAP),
        ("server/Qwen/Qwen3-Coder-30B", False, SAFETY_CAP, SAFETY_CAP),
        ("server/qwq:32b", True, THINKING_CAP, THINKING_CAP),
        ("server/deepseek-r1:8b", True, THINKING_CAP, THINKING_CAP),
        ("server/llama3.1:8b", False, SAFETY_CAP, SAFETY_CAP),
    ],
)
def test_a_model_has_the_caps_that_no_normal_answer_reaches(model, thinks, cap, most):
    profile = profile_named(model)
    assert (profile.thinks, profile.code_tokens, profile.text_tokens, profile.max_output) == (thinks, cap, cap, most)
    assert (profile.temperature is None) == thinks and (profile.fixes_per_program, profile.time_fixes) == (1, 1)


@pytest.mark.parametrize(("model", "fixes"), [("qwen2.5-coder-0.5b", 0), ("qwen2.5-coder-1.5b", 1)])
def test_embedded_models_keep_the_tight_caps_they_were_measured_with(model, fixes):
    profile = profile_named(f"local/{model}")
    assert (profile.code_tokens, profile.text_tokens, profile.temperature) == (700, 400, 0.2)
    assert (profile.fixes_per_program, profile.time_fixes, profile.thinks) == (fixes, 0, False)


def test_what_a_server_has_shown_changes_the_profile_for_all_copies():
    lm = dspy.LM("server/shown", api_base="http://127.0.0.1:9/v1")
    known = learned_of(lm)
    for change in (Change("temperature"), Change("response_format"), Change("max_tokens"), Change("max_tokens", 4096)):
        known.keep(change)
    profile = profile_of(lm.copy(rollout_id=1))
    assert (profile.temperature, profile.schema, profile.cap_field) == (None, False, "max_completion_tokens")
    assert (profile.code_tokens, profile.max_output) == (4096, 4096)
    other = profile_of(dspy.LM("server/shown", api_base="http://127.0.0.1:8/v1"))
    assert (other.temperature, other.code_tokens) == (0.2, SAFETY_CAP), "another server need not be the same"


def test_a_model_that_was_seen_to_think_or_is_asked_to_gets_all_it_can_have():
    lm = dspy.LM("server/seen", api_base="http://127.0.0.1:9/v1")
    asked_to = dspy.LM("anthropic/claude-sonnet-4-5", reasoning_effort="high")
    learned_of(lm).thinks = True
    for each in (lm, asked_to):
        profile = profile_of(each)
        assert profile.thinks and profile.temperature is None and profile.code_tokens == THINKING_CAP


def test_a_stage_takes_the_cap_of_the_lm_in_use_and_a_configured_one_before_it():
    stage, fixed = Stage(SolveDirectly), Stage(SolveDirectly, 700, 0.5)
    with dspy.context(lm=dspy.LM("openai/gpt-5")):
        assert (stage.cap, stage.most) == (128_000, 128_000) and (fixed.cap, fixed.most) == (700, 700)
    with dspy.context(lm=dspy.LM("openai/gpt-4o")):
        assert (stage.cap, stage.most) == (SAFETY_CAP, 16_384)
    words = Stage(SolveDirectly, writes="text")
    words.predict.lm = dspy.LM("local/tiny")
    with dspy.context(lm=scripted_lm([])):
        assert (words.cap, words.most) == (400, 1_400), "its own LM is the one that is asked"
