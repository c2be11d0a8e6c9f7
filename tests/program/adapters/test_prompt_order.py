"""What prompts share from their beginning on, and which order of their parts shares most."""

from typing import get_args

import dspy
import pytest

from program.adapters.adapter_names import ADAPTERS, has_one_order
from program.adapters.choice import adapter_named
from program.adapters.sections import AT_THE_TOP, Order
from program.errors import UserError
from signatures.code import AnalyseFailure, FixCode, SolveDirectly, WriteCode
from signatures.plan import ProposeSolutions, RankSolutions
from signatures.tests import WriteTests
from signatures.understand import ExplainTests, ReflectOnProblem
from tests.support.stage_values import VALUES, by_name

STATEMENT = "Double\n\n" + "Print twice the number that is given. " * 40
STAGES = [ReflectOnProblem, ExplainTests, ProposeSolutions, RankSolutions, WriteTests, WriteCode]
STAGES += [AnalyseFailure, FixCode]
OURS = pytest.mark.parametrize("kind", ["lean", "yaml"])


def shared_prefix(prompts) -> float:
    """The share of all characters that a prefix cache would serve: those that begin an earlier prompt too."""
    texts = ["".join(f"{message['role']}\n{message['content']}\n" for message in prompt) for prompt in prompts]
    shared = [max((common(text, each) for each in texts[:number]), default=0) for number, text in enumerate(texts)]
    return sum(shared) / sum(map(len, texts))


def common(one: str, other: str) -> int:
    return next((n for n, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), len(one))


def rollout(name: str, order: Order = "stage-first", problem: str = STATEMENT, demos=()) -> list[list[dict]]:
    """The prompts of all stages of one problem."""
    adapter, prompts = adapter_named(name, order), []
    for signature in STAGES:
        inputs = {**VALUES[signature][0], "problem": problem}
        prompts.append(adapter.format(signature, [demo for demo in demos if fits(demo, signature)], inputs))
    return prompts


def demo(signature) -> dspy.Example:
    inputs, outputs = VALUES[signature]
    return dspy.Example(**{**inputs, "problem": "Another\n\n" + "Print three times the number. " * 40}, **outputs)


def fits(demo: dspy.Example, signature) -> bool:
    return set(signature.fields) <= set(demo.keys())


@OURS
def test_problem_first_shares_most_of_a_rollout_and_stage_first_next_to_nothing(kind):
    assert shared_prefix(rollout(kind)) < 0.05
    assert shared_prefix(rollout(kind, "problem-first")) > 0.6


@OURS
def test_across_problems_it_is_the_other_way_round(kind):
    def across(order: Order, demos=()):
        both = zip(*(rollout(kind, order, problem, demos) for problem in (STATEMENT, STATEMENT[::-1])), strict=True)
        return sum(shared_prefix(pair) for pair in both)

    demos = [demo(signature) for signature in (ReflectOnProblem, WriteTests, WriteCode)]
    assert across("stage-first") > across("problem-first")
    assert across("problem-first", demos) > 1.5 * across("problem-first")


def test_the_problem_leads_every_stage_with_the_same_message():
    firsts = {(each[0]["role"], each[0]["content"]) for each in rollout("lean", "problem-first")}
    assert firsts == {("system", f"## problem\n{STATEMENT.strip()}")}


def test_a_problem_first_prompt_to_the_letter():
    inputs = {"problem": "Double", "reflection": ["r"], "count": 2}
    assert adapter_named("lean", "problem-first").format(WriteTests, [], inputs) == [
        {"role": "system", "content": "## problem\nDouble"},
        {
            "role": "user",
            "content": f"## reflection\n- r\n\n## count\n2\n\n## task\n{WriteTests.instructions}\n\n"
            "Answer with a JSON object and nothing else, in this form:\n"
            '{"tests": [{"input": "the exact text of standard input", "output": "the exact text a right program '
            'prints", "explanation": "what this test checks"}, "…"]}',
        },
    ]


def test_demonstrations_in_a_conversation_bring_their_own_problem_and_the_request_repeats_its():
    lead, asked, answer, last = adapter_named("lean", "conversation").format(
        SolveDirectly, [dspy.Example(problem="Another", code="print(1)\n")], {"problem": "Double"}
    )
    assert lead == {"role": "system", "content": "## problem\nDouble"}
    task = f"## task\n{SolveDirectly.instructions}"
    assert asked["content"].startswith(f"## problem\nAnother\n\n{task}") and asked["role"] == "user"
    assert answer == {"role": "assistant", "content": "```python\nprint(1)\n```"}
    assert last["content"].startswith(f"## problem\nthe one at the very top:\n\nDouble\n\n{task}")


@OURS
@pytest.mark.parametrize("order", get_args(Order))
@pytest.mark.parametrize("signature", STAGES)
def test_the_last_message_has_the_problem_in_every_order_if_demonstrations_have_other_problems(kind, order, signature):
    inputs = VALUES[signature][0] | {"problem": STATEMENT}
    prompt = adapter_named(kind, order).format(signature, [demo(signature)], inputs)
    assert STATEMENT.strip() in prompt[-1]["content"]


@OURS
@by_name(VALUES)
def test_a_problem_first_stage_with_demonstrations_is_asked_stage_first(kind, signature):
    inputs, orders = VALUES[signature][0] | {"problem": STATEMENT}, ("problem-first", "stage-first")
    for demos in ([], [demo(signature)]):
        one, two = (adapter_named(kind, order).format(signature, demos, inputs) for order in orders)
        assert (one == two) == bool(demos)


@pytest.mark.parametrize("name", [name for name in ADAPTERS if has_one_order(name)])
@pytest.mark.parametrize("order", ["problem-first", "conversation"])
def test_an_order_that_the_adapter_cannot_have_is_refused(name, order):
    with pytest.raises(UserError, match=f"^order={order}: prompts of the adapter {name} are DSPy's, whose order is st"):
        adapter_named(name, order)
    assert adapter_named(name, "stage-first").format(SolveDirectly, [], {"problem": "Double"})


@OURS
@by_name(VALUES)
def test_every_order_holds_the_same_parts(kind, signature):
    inputs, outputs = VALUES[signature]
    demos = [dspy.Example(**inputs, **outputs)]

    def lines(adapter) -> set[str]:
        return {line for message in adapter.format(signature, demos, inputs) for line in message["content"].split("\n")}

    stage_first, conversation = lines(adapter_named(kind)), lines(adapter_named(kind, "conversation"))
    assert conversation - stage_first == {"## task", AT_THE_TOP}
    assert stage_first <= conversation


def test_what_has_no_problem_is_asked_stage_first():
    class Propose(dspy.Signature):
        """Propose an instruction."""

        data: str = dspy.InputField()
        instruction: str = dspy.OutputField(desc="the instruction")

    orders: list[Order] = ["stage-first", "problem-first"]
    asked = [adapter_named("lean", order).format(Propose, [], {"data": "d"}) for order in orders]
    assert asked[0] == asked[1]
