"""Further sentences for the instructions of the stages that write programs, written by hand. A race tries each of them
for the model in use (`optimize.race`); none is asked by default."""

from __future__ import annotations

# By name, in the order in which they are tried.
SENTENCES: dict[str, str] = {
    "program-only": "Answer with the code alone, in one code block: no explanation and no comments.",
    "check-example": "Before you write it, go through the first example in your mind and make sure that the code gives "
    "its output.",
    "edge-cases": "Mind the edge cases: the smallest and largest values, empty or single items, equal items, negative "
    "numbers where they are allowed.",
    "simple": "Prefer the simplest solution that is surely right and fast enough for the limits; use the standard "
    "library where it helps.",
}
# The signatures that they are for.
SENTENCE_STAGES = ("SolveDirectly", "SolveStepByStep", "SolveWithLessons", "WriteCode")
