"""No hidden test leaves the evaluation: canaries in every one of them are looked for wherever compiling and evaluating
leave anything behind."""

import gzip
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import eval.run
import optimize.compile
from eval.data.load import load_problems
from eval.rollouts.run_folder import read_rollouts
from optimize.job.examples import examples
from optimize.optimizers.table import NAMES
from program.models.scripted import ScriptedEngine
from tests.support.packs import Task, answer_rule, call, isolate, use_lm, write_pack, write_start
from tests.support.proposals import is_proposal, proposal

ARMS = (("direct", "bootstrap"), *(("alphacodium", name) for name in NAMES))
SMALL = {
    "mipro": ["--tune", "trials=2", "--tune", "data_aware=true", "--tune", "program_aware=true"],
    "gepa": ["--tune", "metric_calls=24", "--tune", "minibatch=2"],
    "simba": ["--tune", "steps=1"],
    "copro": ["--tune", "breadth=2", "--tune", "batch=2", "--only", "WriteCode", "WriteTests"],
    "bootstrap_rs": ["--tune", "candidates=1"],
}
PUBLIC, HIDDEN = 2, 6
FATES = {"Echo Line": "right", "Mirror Line": "fixed", "Halves Swapped": "wrong", "Last First": "broken"}


def canary(task: str, number: int) -> str:
    """24 characters that occur nowhere else."""
    return hashlib.sha256(f"{task} {number}".encode()).hexdigest()[:24]


def text_task(name: str, expression: str, change: Callable[[str], str]) -> Task:
    """A task that changes a line. Its wrong program knows that public lines are longer; its broken one dies with the
    line in its error message."""
    lines = [canary(name, number) + ("public" if number < PUBLIC else "") for number in range(PUBLIC + HIDDEN)]
    return Task(
        name=name,
        right=f"t = input()\nprint({expression})\n",
        wrong=f"t = input()\nprint({expression} if len(t) > 24 else t[:5])\n",
        broken="t = input()\nprint('got', t)\nraise ValueError(t)\n",
        inputs=tuple(f"{line}\n" for line in lines),
        answer=lambda text: f"{change(text.strip())}\n",
        public=PUBLIC,
    )


def tasks_of(split: str) -> tuple[Task, ...]:
    return (
        text_task(f"Echo Line {split}", "t", lambda t: t),
        text_task(f"Mirror Line {split}", "t[::-1]", lambda t: t[::-1]),
        text_task(f"Halves Swapped {split}", "t[9:] + t[:9]", lambda t: t[9:] + t[:9]),
        text_task(f"Last First {split}", "t[-1] + t[:-1]", lambda t: t[-1] + t[:-1]),
    )


@dataclass
class Traces:
    """Everything that was sent or written, as bytes, by where it was."""

    requests: dict[str, bytes]
    artifact: dict[str, bytes]
    lm_cache: dict[str, bytes]
    run: dict[str, bytes]
    printed: bytes
    hidden: list[bytes]
    public: list[bytes]

    def all(self) -> dict[str, bytes]:
        return {**self.requests, **self.artifact, **self.lm_cache, **self.run, "output": self.printed}


def files_below(folder: Path) -> dict[str, bytes]:
    return {str(path): plain_bytes(path) for path in sorted(folder.rglob("*")) if path.is_file()}


def plain_bytes(path: Path) -> bytes:
    """What a file holds, unpacked where it is a trace."""
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def holders(needles: list[bytes], where: dict[str, bytes]) -> set[str]:
    """Where any half of a needle occurs: a data base may keep a text in two pieces."""
    pieces = [piece for needle in needles for piece in (needle[:12], needle[-12:])]
    return {name for name, content in where.items() if any(piece in content for piece in pieces)}


@pytest.fixture(scope="module", params=ARMS, ids="-".join)
def traces(request, tmp_path_factory) -> Traces:
    program, optimizer = request.param
    folder = tmp_path_factory.mktemp(f"canary-{optimizer}")
    valid, test = tasks_of("valid"), tasks_of("test")
    data = write_pack(folder / "data", valid, test)
    start = write_start(folder / "start", program)
    requests: list[str] = []
    answer = ScriptedEngine.complete

    def complete(self, asked):
        requests.append(repr(asked))
        return answer(self, asked)

    fates = {f"{name} {split}": fate for name, fate in FATES.items() for split in ("valid", "test")}
    answers = answer_rule((*valid, *test), **fates)

    def known(prompt: str) -> str:
        return proposal(prompt) if is_proposal(prompt) else answers(prompt)

    with pytest.MonkeyPatch.context() as patched, (folder / "output").open("w") as output:
        isolate(patched, folder / "cache")
        patched.setattr(ScriptedEngine, "complete", complete)
        patched.setattr("sys.stdout", output)
        patched.setattr("sys.stderr", output)
        use_lm(patched, known)
        compiling = ["--start", start, "--data", data, "--out", folder / "compiled", "--optimizer", optimizer]
        compiling += [*SMALL.get(optimizer, []), "--report"]
        assert call(patched, optimize.compile.main, *compiling) == 0
        assert call(patched, eval.run.main, start, folder / "compiled", "--data", data, "--out", folder / "run") == 0
    hidden, public = canaries(data)
    return Traces(
        requests={f"request {number}": text.encode() for number, text in enumerate(requests)},
        artifact=files_below(folder / "compiled"),
        lm_cache=files_below(folder / "cache" / "compile"),
        run=files_below(folder / "run"),
        printed=(folder / "output").read_bytes(),
        hidden=hidden,
        public=public,
    )


def canaries(data: Path) -> tuple[list[bytes], list[bytes]]:
    """The hidden inputs and outputs, then the public ones, as they are in the data."""
    hidden, public = [], []
    for split in ("valid", "test"):
        problems = load_problems(str(data), split)
        for problem in problems.problems:
            hidden += [
                text.strip().encode() for t in problems.hidden(problem.name).all() for text in (t.input, t.output)
            ]
            public += [text.strip().encode() for t in problem.tests() for text in (t.input, t.output)]
    return hidden, public


def test_every_hidden_input_and_output_is_a_canary(traces):
    assert len(traces.hidden) == 2 * 2 * len(FATES) * HIDDEN
    assert all(len(each) == 24 for each in traces.hidden)
    assert not holders(traces.hidden, {"public": b" ".join(traces.public)})


def test_no_hidden_test_is_in_any_request(traces):
    assert traces.requests and holders(traces.hidden, traces.requests) == set()


def test_no_hidden_test_is_in_the_artifact(traces):
    assert traces.artifact and holders(traces.hidden, traces.artifact) == set()


def test_no_hidden_test_is_in_the_lm_cache(traces):
    assert traces.lm_cache and holders(traces.hidden, traces.lm_cache) == set()


def test_no_hidden_test_is_in_the_run(traces):
    assert traces.run and holders(traces.hidden, traces.run) == set()


def test_no_hidden_test_is_printed(traces):
    assert traces.printed and holders(traces.hidden, {"output": traces.printed}) == set()


def test_public_tests_are_found_by_the_same_search(traces):
    """The search would find hidden tests too: every request shows public ones, and what is stored of them is found."""
    stages = {name: text for name, text in traces.requests.items() if b"[[ ## completed ## ]]" not in text}
    assert stages and holders(traces.public, stages) == set(stages)
    assert any(name.endswith("prompts.md") for name in traces.artifact)
    assert holders(traces.public, {**traces.artifact, **traces.lm_cache})
    assert any(name.endswith(".gz") for name in holders(traces.public, traces.run))
    assert any(b"t = input()" in content for content in traces.lm_cache.values()), (
        "the cache holds answers as plain text"
    )


def test_the_rollouts_that_could_tell_did_happen(traces):
    """Hidden tests were run, and programs failed on them with the input on their standard error."""
    (rollouts,) = (Path(name) for name in traces.run if name.endswith("rollouts.jsonl"))
    found = {(each.arm, each.problem): each for each in read_rollouts(rollouts.parent)}
    assert len(found) == 2 * len(FATES)
    for (_, problem), each in found.items():
        assert each.score is not None and each.score.private.total + each.score.generated.total == HIDDEN
        if problem.startswith("Last First"):
            assert each.score.private.verdict == "RE"
        if problem.startswith("Halves Swapped"):
            assert each.score.public.passed == PUBLIC and each.score.hidden_rate == 0
        if problem.startswith("Echo Line"):
            assert each.status == "solved"


def test_an_example_of_the_training_set_holds_nothing_but_the_problem(tmp_path):
    """Whatever else an optimizer does with examples, it cannot show what they do not have."""
    problems = load_problems(str(write_pack(tmp_path / "data", tasks_of("valid"), tasks_of("test"))), "valid")
    for example, problem in zip(examples(problems.problems), problems.problems, strict=True):
        assert example.toDict().keys() == {"problem"} == example.inputs().toDict().keys()
        hidden = [test.input.strip().encode() for test in problems.hidden(problem.name).all()]
        assert holders(hidden, {"example": repr(example).encode()}) == set()
