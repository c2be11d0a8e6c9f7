"""The configuration of the AlphaCodium flow. Defaults follow the paper's public configuration if it has the key."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from program.stage.config import ReasoningConfig


class FlowConfig(ReasoningConfig):
    """The keys of the flow, besides the keys of every program."""

    solutions: int = Field(default=3, ge=0)
    """maximum number of proposed solutions; 0 skips planning, and code is written from the reflection alone"""
    avoid_brute_force: bool = True
    """ask for solutions that do not try all possibilities, unless the limits of the statement allow it"""
    check_explanations: bool = False
    """show the model its explanations of the examples and let it correct them (double validation)"""
    explain_to_plan: bool = True
    """planning sees the explanations"""
    explain_to_tests: bool = True
    """the stages that write tests see the explanations"""
    explain_to_code: bool = True
    """the stage that writes code sees the explanations"""
    explain_to_fix: bool = False
    """the stages that repair code see the explanations and the reflection"""
    ai_tests: int = Field(default=6, ge=0)
    """maximum number of AI tests; 0 skips the stage and its repair round"""
    check_ai_tests: bool = False
    """show the model its tests and let it correct them (double validation)"""
    code_attempts: int = Field(default=8, ge=1)
    """programs written, in the order of the ranking, until one passes all public tests"""
    code_at_once: int = Field(default=1, ge=1)
    """programs written concurrently after the first has failed"""
    public_tries: int = Field(default=4, ge=0)
    """fixes of a program that fails public tests, plus programs drawn in its place"""
    fixes_per_program: int | None = Field(default=None, ge=0)
    """fixes of one program that fails public tests before another is drawn; 0 draws at once; null for the profile of
    the model"""
    second_derivations: int = Field(default=4, ge=0)
    """number of AI tests, among those that the program fails, for which the output is derived a second time without
    seeing the claimed one; a test counts if both agree"""
    ai_fixes: int = Field(default=4, ge=0)
    """total number of fixes on confirmed AI tests; each failing test gets one"""
    time_fixes: int | None = Field(default=None, ge=0)
    """fixes of a program that exceeds the time limit on the largest input that the statement allows; 0 requests no such
    input; null for the profile of the model"""
    fix_calls: Literal[1, 2] = 1
    """1: analyse and fix in one call; 2: one call for each"""
    trace_lines: int = Field(default=0, ge=0, le=200)
    """lines of a runtime trace shown to a fix; 0 for no trace"""
    trace_depth: int = Field(default=4, ge=1)
    """maximum call depth in the runtime trace"""
    brute_force: bool = False
    """let the model write a slow, obvious program and a generator of small inputs; the program decides on the outputs
    of AI tests, and both are used to find inputs on which the flow's program fails"""
    stress_inputs: int = Field(default=30, ge=1, le=1000)
    """number of random small inputs tried with `brute_force`"""
    direct_first: int = Field(default=0, ge=0)
    """programs written before the flow, with one plain call each; the flow starts only if none of them passes all
    public tests"""
    direct_fixes: int = Field(default=0, ge=0)
    """fixes of the best of these programs, each showing how it fails, before the flow starts"""
    vary_draws: bool = False
    """write every second of these programs after some reasoning, so that draws come from two prompts"""
    rounds: int = Field(default=1, ge=1)
    """how often the flow is repeated while tests still fail; later rounds use the stronger model of `--escalate-lm` if
    one is given"""
    stronger_for: Literal["rounds", "fixes", "tests", "rest"] = "rounds"
    """what the stronger model of `--escalate-lm` is used for: rounds: only later rounds; fixes, tests: also fixes, or
    also AI tests; rest: also everything after the direct draws or, without them, after the first programs"""
    vary_rounds: bool = True
    """vary in later rounds what planning sees and which solution goes first"""
