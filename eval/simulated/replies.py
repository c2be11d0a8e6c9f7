"""The simulated LM's answers: the fields of an answer, right or wrong at random."""

from __future__ import annotations

import json
import random
import re
from typing import Any

from pydantic import TypeAdapter

from eval.simulated.memorizing import memorizing
from eval.simulated.prompt import Prompt, sections
from eval.simulated.skills import Skills
from eval.simulated.truth import Truth
from judge.verdict import TestCase
from program.adapters.lean import LeanAdapter
from signatures.answer_fields import EXPLANATIONS_FIELD, PROGRAM_FIELD

PLACEHOLDER = "Simulated answer."
EXPLAINED_INPUT = 12  # tokens of an example's input in its explanation
DEFAULT_COUNT = 3  # if a prompt does not give a number
_SOLUTION_NAME = re.compile(r"^- name: (?:\d+\. )?(.*)$", re.MULTILINE)
_TEST = re.compile(r"^- input: ", re.MULTILINE)
# As `program.bench.failure.describe_failure` shows a test.
_SHOWN_TEST = re.compile(
    r"^(?:Input|Arguments):\n(?P<input>.*)\nExpected (?:output|value):\n(?P<output>.*?)"
    r"(?=\nOutput of the program:|\nValue that the function returns:|\nError:|\nLast steps|\Z)",
    re.MULTILINE | re.DOTALL,
)
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def known_answer(
    prompt: Prompt, name: str, skill: float, chance: random.Random, truth: Truth, skills: Skills
) -> dict[str, Any]:
    """The output fields of the prompt's signature.

    Args:
        prompt: must have a signature.
        name: of a problem that `truth` knows.
        skill: the probability that the answer (each single test, for `WriteTests`) is right.
        chance: all randomness of this answer.
        truth: knows what is right.
        skills: the settings that do not belong to one stage.
    """
    parts = sections(prompt.user)
    known = truth.known(name)
    # The first number decides between right and wrong, so more skill only turns wrong answers into right ones.
    right = chance.random() < skill
    match prompt.stage:
        case "SolveDirectly" | "WriteCode" | "SolveWithLessons":
            return {"code": chance.choice(known.right if right else _wrong(truth, name, chance, skills))}
        case "SolveStepByStep":
            thoughts = _remark("The idea", name, chance)
            code = chance.choice(known.right if right else _wrong(truth, name, chance, skills))
            return {"reasoning": thoughts, "code": code}
        case "WriteBruteForce":
            return {"code": known.right[-1] if right else known.wrong[-1]}
        case "WriteGenerator":
            return {"code": _generator(truth, name)}
        case "WriteLargestInput":
            problem = truth.problem(name)
            shown = problem.public_tests[-1].input if problem and problem.public_tests else ""
            return {"printer_code": f"print({shown!r}, end='')\n"}
        case "WriteValidator":
            return {"validator_code": "print('not valid' if input().startswith('?') else 'VALID')\n"}
        case "AnalyseFailure":
            return {"analysis": [_remark("The mistake", name, chance)]}
        case "DrawLesson":
            return {"lesson": [_remark("The lesson", name, chance)]}
        case "FixCode":
            wrong = known.wrong if right else _wrong(truth, name, chance, skills)
            others = [program for program in wrong if program.strip() != parts.get("code")] or wrong
            fixed = chance.choice(known.right if right else others)
            claimed = _wrong_claim(parts.get("failure", ""), name, truth)
            if claimed and chance.random() < skills.fix_obeys:
                fixed = _obedient(claimed, name, truth)
            return {"fixed_code": fixed}
        case "DeriveOutput":
            output = truth.output(name, parts.get("test_input", ""))
            if not right:
                repeats = chance.random() < skills.derivation_repeats
                output = truth.wrong_output(name, output, another=not repeats)
            return {"steps": [_remark("The steps", name, chance)], "output": output}
        case "RankSolutions":
            names = _SOLUTION_NAME.findall(parts.get("solutions", ""))
            ranking = _ranking(names, truth.right_solution(name), right, chance)
            return {"ranking": ranking, "steps": [_remark("The steps", name, chance)]}
        case "WriteTests":
            return {"tests": _tests(truth, name, _count(parts), skill, chance)}
        case "CheckTests":
            return {"checked": _tests(truth, name, len(_TEST.findall(parts.get("tests", ""))), skill, chance)}
        case "ProposeSolutions":
            return {"solutions": _solutions(truth.right_solution(name), _count(parts), name, chance)}
        case "ExplainTests" | "CheckExplanations":
            problem = truth.problem(name)
            examples = [(test.input, test.output) for test in problem.public_tests] if problem else []
            explained = _explanations(truth, examples or [("", "")], right, name, chance)
            return {EXPLANATIONS_FIELD[prompt.stage]: explained}
        case "ReflectOnProblem":
            return {"reflection": [_remark(what, name, chance) for what in ("The goal", "The input", "The rules")]}
        case _:  # a stage without known answers
            assert prompt.signature is not None, "it is a stage's"
            return {field: _empty(info.annotation) for field, info in prompt.signature.output_fields.items()}


def written(
    prompt: Prompt, name: str, fields: dict[str, Any], chance: random.Random, truth: Truth, skills: Skills
) -> str:
    """The text of the answer with these fields; arguments as in `known_answer`.

    In the odd form, a right program is in a code block of another language, and a wrong program is in the place of the
    answer.
    """
    assert prompt.signature is not None, "it is a stage's"
    oddly, field = "", PROGRAM_FIELD.get(prompt.stage)
    if chance.random() < skills.odd_form and field and truth.is_right(prompt.stage, name, fields):
        oddly = f"```pseudocode\n{fields[field].strip()}\n```\n\n"
        fields = {**fields, field: chance.choice(_wrong(truth, name, chance, skills))}
    return oddly + LeanAdapter().format_assistant_message_content(prompt.signature, fields)


def _empty(kind: Any) -> Any:
    """An empty value of a field's type."""
    known = TypeAdapter(kind)
    return known.validate_json(fill_schema(known.json_schema()))


def fill_schema(schema: dict[str, Any]) -> str:
    """An empty JSON value that fits `schema` (as written by pydantic)."""
    return json.dumps(_filled(schema, schema.get("$defs", {})))


def _filled(schema: dict[str, Any], definitions: dict[str, Any]) -> Any:
    if "$ref" in schema:
        return _filled(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return _filled(schema["anyOf"][0], definitions)
    match schema.get("type"):
        case "object":
            return {key: _filled(value, definitions) for key, value in schema.get("properties", {}).items()}
        case "array":
            return [_filled(schema.get("items", {}), definitions)]
        case "integer" | "number":
            return 0
        case "boolean":
            return False
        case _:
            return PLACEHOLDER


def _wrong(truth: Truth, name: str, chance: random.Random, skills: Skills) -> tuple[str, ...]:
    """The wrong programs from which an answer takes one."""
    if skills.public_only is None:
        return truth.known(name).wrong
    return truth.wrong(name, chance.random() < skills.public_only)


def _remark(what: str, name: str, chance: random.Random) -> str:
    """Words that differ per draw, so that later prompts with them are new and have their own luck."""
    return f"{what} in {name} (simulated remark {chance.randrange(10**6)})"


def _explanations(
    truth: Truth, examples: list[tuple[str, str]], right: bool, name: str, chance: random.Random
) -> list[str]:
    """One explanation per example, from its input to its output; if wrong, one ends with another output."""
    wrong = None if right else chance.randrange(len(examples))
    explained = []
    for place, (given, output) in enumerate(examples):
        begin = " ".join(given.split()[:EXPLAINED_INPUT])
        end = " ".join((truth.wrong_output(name, output) if place == wrong else output).split())
        explained.append(
            f"The input begins with {begin}. {_remark('The output follows', name, chance)}, so it is {end}"
        )
    return explained


def _count(parts: dict[str, str]) -> int:
    asked = parts.get("count", "")
    return max(1, int(asked)) if asked.isdecimal() else DEFAULT_COUNT


def _ranking(names: list[str], best: str, right: bool, chance: random.Random) -> list[str]:
    others = [name for name in names if name != best]
    chance.shuffle(others)
    if best not in names:
        return others or [best]
    place = 0 if right or not others else chance.randint(1, len(others))
    return [*others[:place], best, *others[place:]]


def _solutions(best: str, count: int, name: str, chance: random.Random) -> list[dict[str, str]]:
    others = [f"approach {letter}" for letter in _LETTERS if not best.endswith(letter)]
    names = [best, *chance.sample(others, min(count - 1, len(others)))]
    chance.shuffle(names)
    return [
        {
            "name": each,
            "content": _remark("The steps", name, chance),
            "why_it_works": _remark("The reason", name, chance),
            "complexity": "O(n)",
            "labels": "simulated",
        }
        for each in names
    ]


def _tests(truth: Truth, name: str, count: int, skill: float, chance: random.Random) -> list[dict[str, str]]:
    pool = truth.valid_tests(name)
    tests = []
    for test in chance.sample(pool, min(count, len(pool))):
        output = test.output if chance.random() < skill else truth.wrong_output(name, test.output)
        tests.append({"input": test.input, "output": output, "explanation": "a simulated test"})
    return tests


def _wrong_claim(failure: str, name: str, truth: Truth) -> TestCase | None:
    """The test in a failure if it claims a wrong output; None if its output is right."""
    shown = _SHOWN_TEST.search(failure)
    if shown is None:
        return None
    test = TestCase(shown["input"] + "\n", shown["output"] + "\n")
    problem = truth.problem(name)
    right = problem and problem.checker().matches(test.output, truth.output(name, test.input))
    return None if right else test


def _obedient(claimed: TestCase, name: str, truth: Truth) -> str:
    """A program that is right on the examples, prints the claimed output on the claimed input, and is wrong
    elsewhere."""
    answers = {**truth.examples(name), claimed.input.strip(): claimed.output}
    return memorizing(answers, truth.entry_point(name))


def _generator(truth: Truth, name: str) -> str:
    """A program that prints one of a few valid inputs, chosen by its seed."""
    inputs = [test.input for test in truth.valid_tests(name)]
    return f"inputs = {inputs!r}\nprint(inputs[int(input()) % len(inputs)], end='')\n"
