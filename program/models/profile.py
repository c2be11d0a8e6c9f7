"""Profiles: the default settings for each model, used unless a configuration sets them.

Embedded models are small and slow, and may not stop by themselves, so their token caps are low. For all other models
the cap is only for safety: no normal answer reaches it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from program.models.learned import Learned, learned_of
from program.models.names import EMBEDDED
from program.models.prices import packaged_prices
from program.undocumented import engine_of, facts_of

SAFETY_CAP = 16_000  # tokens
THINKING_CAP = 64_000  # tokens, for a model that thinks and whose maximum is unknown
# Model families that think before they answer, however they are served. Claude thinks only if a request asks for it,
# and chat and instruct variants of thinking families do not think.
_THINKING = re.compile(
    r"(?:^|[/.:@-])(?:o[1345](?:-|$)|gpt-5|gpt-oss|deepseek-r|qwq|qwen3|magistral|gemini-(?:2\.5|[3-9])|grok-(?:3-mini|[4-9])"
    r"|glm-(?:4\.[5-9]|[5-9])|minimax-m|kimi-k2-thinking)|reason|think",
    re.IGNORECASE,
)
_NOT_THINKING = re.compile(
    r"claude|non-?(?:reason|think)|gpt-5[\w.]*-chat|-instruct|qwen3-(?:coder|max)", re.IGNORECASE
)


@dataclass(frozen=True)
class Profile:
    """The settings for a model.

    code_tokens, text_tokens: token cap for an answer with a program, and for one in words or JSON.
    max_output: the maximum tokens of an answer of the model; a cap is never raised above it.
    temperature: for the first call of a stage; None sends none.
    thinks: whether the model thinks before it answers.
    cap_field: the request field for the cap.
    schema: whether a JSON schema is sent.
    fixes_per_program: fixes of a program that fails public tests before another program is drawn.
    time_fixes: fixes of a program that is too slow on the largest input.
    """

    code_tokens: int
    text_tokens: int
    max_output: int
    temperature: float | None
    thinks: bool
    cap_field: str
    schema: bool
    fixes_per_program: int
    time_fixes: int


# These caps were measured with the embedded models. Their programs are wrong rather than slow, so they are not asked
# for a largest input. An answer that is cut is requested again with at most twice the cap: longer answers only repeat
# themselves.
_EMBEDDED = Profile(
    code_tokens=700,
    text_tokens=400,
    max_output=1_400,
    temperature=0.2,
    thinks=False,
    cap_field="max_tokens",
    schema=True,
    fixes_per_program=1,
    time_fixes=0,
)
# The 0.5B model cannot fix. Shown a program that fails a public test, it writes the same program again at any
# temperature; a program that it draws instead passes in 3 of 10 cases (`benchmarks.flow.fixes`). The 1.5B can fix.
_CANNOT_FIX = (f"{EMBEDDED}qwen2.5-coder-0.5b",)
# Strong models fix what a failure shows them, but a second fix rarely repairs what the first missed: then another
# program is drawn. Their usual fault is a program that is too slow. No test in the statement shows this, so one fix is
# reserved for it.
_OTHER = replace(_EMBEDDED, code_tokens=SAFETY_CAP, text_tokens=SAFETY_CAP, max_output=SAFETY_CAP, time_fixes=1)


@cache  # DSPy searches its whole map for an unknown name, which takes one or two milliseconds
def profile_named(model: str) -> Profile:
    """The profile of a DSPy model string, from its name and DSPy's price map."""
    if model.startswith(EMBEDDED):
        return replace(_EMBEDDED, fixes_per_program=0) if model in _CANNOT_FIX else _EMBEDDED
    with packaged_prices():
        facts = facts_of(model)
    reasons = facts.reasons if facts.reasons is not None else bool(_THINKING.search(model))
    provider = model.partition("/")[0]
    field = "max_completion_tokens" if provider == "openai" else "max_tokens"
    if reasons and not _NOT_THINKING.search(model):
        return _thinking(replace(_OTHER, cap_field=field, max_output=facts.max_output or THINKING_CAP))
    most = facts.max_output or SAFETY_CAP
    cap = min(SAFETY_CAP, most)
    return replace(_OTHER, cap_field=field, max_output=most, code_tokens=cap, text_tokens=cap)


def profile_of(lm: Any) -> Profile:
    """The profile of the model of `lm`, including what its server has shown.

    Args:
        lm: a `dspy.LM`, or None for an unknown model. If its engine calls another LM, in its attribute `asks`, it has
            the profile of that LM.
    """
    if lm is None:
        return _OTHER
    profile, engine = profile_named(lm.model), engine_of(lm)
    if engine is not None:
        asks = getattr(engine, "asks", None)
        # The model behind a custom engine is unknown, so it is not asked for anything that only pays off for some.
        return profile_of(asks) if asks is not None else replace(profile, time_fixes=0)
    return _with(profile, learned_of(lm), lm.kwargs)


def _with(profile: Profile, learned: Learned, settings: dict[str, Any]) -> Profile:
    asked_to = settings.get("thinking") or settings.get("reasoning") or settings.get("reasoning_effort")
    if (learned.thinks or asked_to) and not profile.thinks:
        profile = _thinking(replace(profile, max_output=max(profile.max_output, THINKING_CAP)))
    limits = [each for each in (learned.most_tokens, learned.context) if each is not None]
    if limits:
        most = min(limits)
        capped = {key: min(getattr(profile, key), most) for key in ("code_tokens", "text_tokens", "max_output")}
        profile = replace(profile, **capped)
    if "temperature" in learned.left_out:
        profile = replace(profile, temperature=None)
    if learned.renamed:
        names = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
        profile = replace(profile, cap_field=names[profile.cap_field])
    return replace(profile, schema=profile.schema and "response_format" not in learned.left_out)


def _thinking(profile: Profile) -> Profile:
    """Thoughts count as tokens of the answer, so the model gets its maximum. No temperature is sent: such models refuse
    it or work worse with it."""
    most = profile.max_output
    return replace(profile, thinks=True, temperature=None, code_tokens=most, text_tokens=most)
