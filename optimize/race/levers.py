"""The switches of a program in a race: for each lever the values worth trying, as changes of the configuration.

These matter in published work and in our own runs: further draws or thinking first, the action after a failure, the
trusted tests, the order of a prompt, and the temperature.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from program.adapters.adapter_names import has_one_order
from program.baselines.reflexion import ReflexionConfig
from program.baselines.sampling import SamplingConfig
from program.models.profile import Profile
from program.rollout.budget import Budget
from program.stage.config import ProgramConfig
from program.stage.stage import REPEAT_TEMPERATURE
from program.steps.config import FlowConfig

Change = dict[str, Any]  # keys of a program's configuration and their values
# Draws where the budget is not in calls; at its end no further one is made. Words that shorten answers pay for further
# draws, so it must be possible to spend the whole budget on them.
MANY = (10, 100)
FEW = 3  # draws; they contain a right one in most cases in which any draw is right
MANY_FIXES = 3
_DRAWING = ("order", "temperature", "vary_draws")  # relevant if programs are only drawn


def changes_of(config: ProgramConfig, adapter: str, profile: Profile, stronger: bool = False) -> list[Change]:
    """All changes of one lever to another value, the largest changes first.

    Args:
        config: of the program.
        adapter: its name; some adapters have only one order.
        profile: of the model; applies if the configuration has no value. A thinking model has no temperature.
        stronger: whether a stronger model is named.
    """
    budget = config.budget
    most = (budget.calls,) if budget.calls else MANY if budget.tokens or budget.dollars else ()
    found: list[Change] = []
    if isinstance(config, FlowConfig):
        found += _of_flow(config, most)
        found += [{"stronger_for": role} for role in ("fixes", "tests", "rest")] if stronger else []
        found += [{"stronger_for": "rest", "direct_first": 1}] if stronger and not config.direct_first else []
    if isinstance(config, SamplingConfig):
        early = {} if config.stop_early else {"stop_early": True}  # without it `agree` changes nothing
        found += [{"stop_early": not config.stop_early}, {**early, "agree": 1}, {**early, "agree": 2}, {"ai_tests": 0}]
        found += [{"choose": "majority" if config.choose == "group" else "group"}]
        found += [{"programs": FEW}, *({"programs": count} for count in most)]
    if isinstance(config, ReflexionConfig):
        found += [{"attempts": count} for count in (1, FEW, *(most or (2 * FEW,)))]
    if not has_one_order(adapter):
        found += [{"order": order} for order in ("problem-first", "stage-first")]
        # If one call makes a program, there is nothing to continue.
        found += [{"order": "conversation"}] if isinstance(config, FlowConfig | ReflexionConfig) else []
    if profile.temperature is not None:
        # At temperature 0 all draws are equal, so further draws and those of the gate would give no new information.
        found += [{"temperature": REPEAT_TEMPERATURE}]
    decided = {"temperature": profile.temperature, "fixes_per_program": profile.fixes_per_program}
    present = {key: decided.get(key) if value is None else value for key, value in config.model_dump().items()}
    return [change for change in _different(found) if any(present[key] != change[key] for key in change)]


def combined(first: Change, second: Change, budget: Budget) -> Change | None:
    """Both changes together; None if they change the same switch, or if one makes the other useless under the budget of
    a rollout."""
    both = {**first, **second}
    idle = set(both) - {"direct_first", *_DRAWING} or both.get("order") == "conversation"
    # Draws that take the whole budget leave nothing for other stages.
    only_draws = both.get("direct_first", 0) >= (budget.calls or MANY[-1])
    if set(first) & set(second) or (only_draws and idle):
        return None
    return both


def _of_flow(config: FlowConfig, most: Sequence[int]) -> list[Change]:
    draws = [1, FEW, *(count for count in most if count > FEW)]
    return [
        *({"direct_first": count} for count in draws),
        {"direct_first": draws[-1], "vary_draws": True},
        {"direct_first": FEW, "rounds": 2},
        *({"direct_first": count, "direct_fixes": FEW} for count in (1, FEW)),
        {"solutions": 0} if config.solutions else {"solutions": 2},
        {"ai_tests": 0} if config.ai_tests else {"ai_tests": FEW},
        {"fixes_per_program": 0},
        {"fixes_per_program": MANY_FIXES},
    ]


def _different(changes: list[Change]) -> list[Change]:
    return [change for place, change in enumerate(changes) if change not in changes[:place]]
