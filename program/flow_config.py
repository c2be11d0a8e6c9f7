"""The knobs of the AlphaCodium flow. Defaults are those of the paper's public configuration."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class FlowConfig(BaseModel):
    """What each number bounds.

    solutions: solutions proposed at most.
    ai_tests: tests the model writes at most; 0 leaves the stage and its repair round out.
    code_attempts: programs written from the ranked solutions until one passes all public tests.
    public_fixes_per_test: fixes tried for one failing public test before it is left.
    public_fixes: fixes tried on all public tests together.
    ai_fixes: fixes tried on all AI tests together; each failing AI test gets one.
    temperature: of the first call of each stage; repeats use 0.8.
    max_text_tokens: the most an answer in words or JSON may have.
    max_code_tokens: the most an answer that is a program may have.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    solutions: int = Field(default=3, ge=1)
    ai_tests: int = Field(default=6, ge=0)
    code_attempts: int = Field(default=8, ge=1)
    public_fixes_per_test: int = Field(default=3, ge=0)
    public_fixes: int = Field(default=4, ge=0)
    ai_fixes: int = Field(default=4, ge=0)
    temperature: float = Field(default=0.2, ge=0)
    max_text_tokens: int = Field(default=1500, ge=16)
    max_code_tokens: int = Field(default=2000, ge=16)
