"""The knobs of the AlphaCodium flow. Defaults are those of the paper's public configuration where it has the knob."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from program.stage.config import ReasoningConfig


class FlowConfig(ReasoningConfig):
    """What the flow can be set to, besides the keys of every program."""

    solutions: int = Field(default=3, ge=0)
    """solutions proposed at most; 0 leaves planning out, and code is written from the reflection alone"""
    avoid_brute_force: bool = True
    """ask for solutions that do not try all possibilities, unless the limits of the statement allow it"""
    check_explanations: bool = False
    """show the model its explanations of the examples and have them corrected (double validation)"""
    explain_to_plan: bool = True
    """planning sees the explanations"""
    explain_to_tests: bool = True
    """the stages that write tests see the explanations"""
    explain_to_code: bool = True
    """the stage that writes code sees the explanations"""
    explain_to_fix: bool = False
    """the stages that repair code see the explanations and the reflection"""
    ai_tests: int = Field(default=6, ge=0)
    """tests the model writes at most; 0 leaves the stage and its repair round out"""
    check_ai_tests: bool = False
    """show the model its tests and have them corrected (double validation)"""
    code_attempts: int = Field(default=8, ge=1)
    """programs written down the ranking until one passes all public tests"""
    code_at_once: int = Field(default=1, ge=1)
    """programs written side by side after the first has failed"""
    public_tries: int = Field(default=4, ge=0)
    """fixes of a program that fails public tests and programs drawn in its place, together"""
    fixes_per_program: int | None = Field(default=None, ge=0)
    """fixes tried for one program that fails public tests before another is drawn; 0 draws at once; null for what the
    model's profile says"""
    second_derivations: int = Field(default=4, ge=0)
    """AI tests that the program fails whose output is worked out a second time, without the claimed one; a test counts
    if both agree"""
    ai_fixes: int = Field(default=4, ge=0)
    """fixes tried on all confirmed AI tests together; each failing one gets one"""
    time_fixes: int | None = Field(default=None, ge=0)
    """fixes tried for a program that does not end in time on the largest input that the statement allows; with 0 no
    such input is asked for; null for what the model's profile says"""
    fix_calls: Literal[1, 2] = 1
    """1 to analyse and fix in one call, 2 for a call each"""
    trace_lines: int = Field(default=0, ge=0, le=200)
    """lines of a runtime trace that a fix is shown; 0 for no trace"""
    trace_depth: int = Field(default=4, ge=1)
    """nested calls that the trace follows"""
    brute_force: bool = False
    """have a slow, obvious program and a generator of small inputs written; the first decides on the outputs of AI
    tests, and both together look for inputs on which the program fails"""
    stress_inputs: int = Field(default=30, ge=1, le=1000)
    """random small inputs tried with `brute_force`"""
    direct_first: int = Field(default=0, ge=0)
    """programs written by one plain call each before anything else; the flow begins only if none of them passes all
    public tests"""
    direct_fixes: int = Field(default=0, ge=0)
    """fixes of the best of these programs, each of which is shown how it fails, before the flow begins"""
    vary_draws: bool = False
    """every second of these programs is written after some thinking, so that draws come from two prompts"""
    rounds: int = Field(default=1, ge=1)
    """how often the flow is gone through while tests still fail; later rounds use the stronger model of `--escalate-lm`
    where one is given"""
    stronger_for: Literal["rounds", "fixes", "tests", "rest"] = "rounds"
    """what the stronger model of `--escalate-lm` is asked for: later rounds, and besides nothing, fixes, AI tests, or
    the rest: everything after the direct tries or, without them, after programs were written"""
    vary_rounds: bool = True
    """later rounds vary what planning sees and which solution goes first"""
