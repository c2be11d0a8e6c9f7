"""The candidates of a race: programs that differ from the start in their switches, in their words, or in both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from optimize.job.inputs import Inputs
from program import artifact
from program.stage.program import Program

START = "start"


@dataclass(frozen=True)
class Variant:
    """One candidate.

    changes: keys of the program's configuration that differ from the start's.
    words: by predictor, its state (instructions and demonstrations) where that differs from the start's.
    said: what its words are, for its name.
    """

    changes: Mapping[str, Any] = field(default_factory=dict)
    words: Mapping[str, Any] = field(default_factory=dict)
    said: str = ""

    @property
    def name(self) -> str:
        """Says how it differs from the start; names its arm."""
        parts = [f"{key}={value}" for key, value in self.changes.items()] + ([self.said] if self.said else [])
        return " ".join(parts) or START

    def program(self, inputs: Inputs) -> Program:
        """The program, with every stage visible."""
        state = {**inputs.state, **self.words}
        made = artifact.reshaped(inputs.manifest, state, artifact.merged(inputs.manifest.config, dict(self.changes)))
        made.lm_settings = inputs.program.lm_settings
        return made
