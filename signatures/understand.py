"""What the first stages are asked: to understand the problem before any code (AlphaCodium, section 3)."""

from __future__ import annotations

import dspy

from signatures.fields import ShortText


class ReflectOnProblem(dspy.Signature):
    """What does the contest problem ask? Say in short bullet points that name this problem's own things and numbers:
    the goal, what each input line holds, what exactly has to be printed, the rules and limits, the details that are
    easily overlooked."""

    problem: str = dspy.InputField(desc="the statement with its example tests")
    reflection: list[ShortText] = dspy.OutputField(desc="one point about the problem")


class ExplainTests(dspy.Signature):
    """For every example test of the problem explain, in one or two sentences, how its output follows from its input.
    Name the numbers involved. Give one explanation for each example, in their order; an example that holds several
    cases is explained as one."""

    problem: str = dspy.InputField(desc="the statement with its example tests")
    explanations: list[ShortText] = dspy.OutputField(desc="one explanation for each example test")


class CheckExplanations(dspy.Signature):
    """These explanations of the example tests may be wrong. Check each against the statement: does the output follow
    from the input in the way it says? Write all of them again, in their order, with what was wrong put right."""

    problem: str = dspy.InputField(desc="the statement with its example tests")
    reflection: list[str] = dspy.InputField(desc="what was noted about the problem")
    explanations: list[str] = dspy.InputField(desc="the explanations to check, one for each example")
    checked: list[ShortText] = dspy.OutputField(desc="the explanations again, corrected")
