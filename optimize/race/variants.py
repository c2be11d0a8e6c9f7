"""The candidates of a race: programs that differ from the start in switches, words, or both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from optimize.job.candidates import Prompt, prompts_of, with_prompts
from optimize.job.inputs import Inputs
from program import artifact
from program.stage.program import Program

START = "start"
DEMOS = "demos="  # begins the description of words with demonstrations


@dataclass(frozen=True)
class Variant:
    """One candidate.

    changes: keys of the program's configuration that differ from the start's.
    words: by predictor, instructions and demonstrations that differ from the start's.
    said: a short description of its words, for its name.
    """

    changes: Mapping[str, Any] = field(default_factory=dict)
    words: Mapping[str, Prompt] = field(default_factory=dict)
    said: str = ""

    @property
    def has_demos(self) -> bool:
        """Whether it has demonstrations from the race."""
        return self.said.startswith(DEMOS)

    @property
    def name(self) -> str:
        """The name of its arm, which describes its difference from the start."""
        parts = [f"{key}={value}" for key, value in self.changes.items()] + ([self.said] if self.said else [])
        return " ".join(parts) or START

    def program(self, inputs: Inputs) -> Program:
        """The program, with every stage visible."""
        config = artifact.merged(inputs.manifest.config, dict(self.changes))
        made = artifact.reshaped(inputs.manifest, inputs.state, config)
        made.lm_settings = inputs.program.lm_settings
        return with_prompts(made, {**prompts_of(made), **self.words}) if self.words else made
