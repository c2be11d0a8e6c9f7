"""Credit of the stages that answer in words, by the programs that were written with them; see
`optimize.credit.contrast`."""

from __future__ import annotations

from optimize.credit.contrast import Contrast, Inputs, contrast
from optimize.credit.evidence import Credit, Episode, Step
from program.answers.coercions import normalized
from program.answers.ranking import match_names
from program.steps.plan import in_order, without_numbers, without_repeats
from signatures.answer_fields import EXPLANATIONS_FIELD

# The stages that answer in words, each with the field that has the words.
WORDS = {
    "ReflectOnProblem": "reflection",
    **EXPLANATIONS_FIELD,
    "ProposeSolutions": "solutions",
    "RankSolutions": "ranking",
    "AnalyseFailure": "analysis",
    "DrawLesson": "lesson",
}
NO_SOLUTION: Inputs = {"solution": None, "steps": []}


def of_words(step: Step, episode: Episode) -> Credit:
    """Proven if enough programs with the words are right, and fewer without them."""
    found = contrast_of(step, episode)
    return found.credit if found else Credit(0.0, False, (f"no {episode.words.it} was written with it",))


def contrast_of(step: Step, episode: Episode) -> Contrast | None:
    """The evidence in the rollouts of the problem about the words of a call; None if no program was written with them,
    and for other stages."""
    match step.stage:
        case "ReflectOnProblem":
            return _field(episode, "WriteCode", "reflection", without_repeats(step.outputs["reflection"]))
        case "ExplainTests" | "CheckExplanations":
            return _field(episode, "WriteCode", "explanations", step.outputs[WORDS[step.stage]])
        case "ProposeSolutions":
            return _proposals(step, episode)
        case "RankSolutions":
            return _ranking(step, episode)
        case "AnalyseFailure":
            return _field(episode, "FixCode", "analysis", step.outputs["analysis"], same=("code", "failure"), of=step)
        case "DrawLesson":
            return _lesson(step, episode)
        case _:
            return None


def _field(
    episode: Episode, writer: str, name: str, words: list[str], same: tuple[str, ...] = (), of: Step | None = None
) -> Contrast | None:
    """The contrast for words that are one field of the writer's inputs. Only programs with the same values of the
    fields `same` as the call `of` count."""

    def side(each: Step) -> bool | None:
        if any(of and each.inputs[other] != of.inputs[other] for other in same):
            return None
        return each.inputs[name] == words

    return contrast(episode, writer, side, lambda asked: [{**asked, name: []}]) if words else None


def _proposals(step: Step, episode: Episode) -> Contrast | None:
    """Programs from one of the solutions, compared with programs from other solutions or none."""
    names = {normalized(each.name) for each in step.outputs["solutions"]}
    return contrast(
        episode, "WriteCode", lambda each: _solution(each) in names, lambda asked: [{**asked, **NO_SOLUTION}]
    )


def _ranking(step: Step, episode: Episode) -> Contrast | None:
    """Programs from the solution ranked first, with its steps, compared with programs from lower-ranked solutions."""
    solutions = without_numbers(step.inputs["solutions"])
    places = match_names(step.outputs["ranking"], [each.name for each in solutions])
    if not places or len(solutions) < 2:
        return None
    first, *below = in_order(solutions, places)
    sides = {normalized(first.name): True, **{normalized(each.name): False for each in below}}

    def strip(asked: Inputs) -> list[Inputs]:
        return [{**asked, "solution": each, "steps": []} for each in below]

    return contrast(episode, "WriteCode", lambda each: sides.get(_solution(each)), strip)


def _lesson(step: Step, episode: Episode) -> Contrast | None:
    lesson = set(step.outputs["lesson"])
    if not lesson:
        return None

    def strip(asked: Inputs) -> list[Inputs]:
        return [{**asked, "lessons": [each for each in asked["lessons"] if each not in lesson]}]

    return contrast(episode, "SolveWithLessons", lambda each: lesson <= {*each.inputs["lessons"]}, strip)


def _solution(step: Step) -> str:
    return normalized(getattr(step.inputs.get("solution"), "name", ""))
