"""Whatever a file or an option holds, a command is done or says in one line what is wrong: exit 0 or 2.

Valid files of every kind are damaged at random, and options get values that nobody foresaw. Each command is called in
this process, as its `main` with the arguments of a user.
"""

import argparse
import contextlib
import gzip
import io
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import eval.audit
import eval.compare
import eval.export
import eval.judge
import eval.replication
import eval.report.__main__
import eval.rescore
import eval.run
import eval.serve_simulated
import eval.show
import eval.summarize
import optimize.compile
import optimize.show
import optimize.study
import program.solve
from judge.verdict import Report, TestCase, TestResult, Verdict
from program.models.scripted import scripted_lm
from tests.support.packs import VALID, answer_rule, call, isolate, printed, write_pack, write_start

EXAMPLES = 120
JUDGES = (
    "eval.rollouts.score",
    "eval.given.judged_programs",
    "eval.given.dataset_audit",
    "program.bench.workbench",
    "optimize.compilation.compile_session",
)
ODD_TEXTS = [
    "",
    "x",
    "\x1b]0;title\x07",
    "\u202eabc",
    "..",
    "../x",
    "=1+1",
    "\0",
    "a\nb",
    "9" * 30,
    "ä" * 300,
    "1",
    "0",
]
ODD = [None, True, False, -1, 0, 1, 7, 10**18, 10**30, 1.5, -0.5, 1e300, float("nan"), float("inf"), [], {}, [[]], [{}]]
ODD += [{"": {}}, {"x": 1}, [None], ["x"], [1], [["x"]], {"input": "x", "output": "y"}, *ODD_TEXTS]
# What may become of the bytes of a file.
SPOILT: list[Callable[[bytes], bytes]] = [
    lambda content: b"",
    lambda content: content[: len(content) // 2],
    lambda content: b"\xef\xbb\xbf" + content,
    lambda content: content.decode("utf-8", "replace").encode("utf-16"),
    lambda content: content + b"\xff\xfe\xfa",
    lambda content: content[: len(content) // 3] + b"\xe9" + content[len(content) // 3 :],
    lambda content: content.replace(b'"', b"'"),
    lambda content: content.replace(b"\n", b"\r\n"),
    lambda content: b"[" * 100_000 + content,
    lambda content: b"[" * 300 + b"]" * 300,
    lambda content: b'{"a":' * 100_000,
    lambda content: b"a = " + b"[" * 20_000,
    lambda content: b"null\n",
    lambda content: b"[]\n",
    lambda content: b"[[]]\n",
    lambda content: b"{}\n",
    lambda content: b"3\n",
    lambda content: b'"\\ud800"\n',
    lambda content: b"\0" * 50,
    lambda content: gzip.compress(content),
    lambda content: b"1e999\n" + content,
    lambda content: content.replace(b"e", b"\\udead", 3),
    lambda content: content + content,
]
ODD_TOML = [
    "[]",
    "{}",
    "nan",
    "-inf",
    "-1",
    "0",
    "true",
    '""',
    '"\\u0000"',
    "1979-05-27",
    "[[[]]]",
    "{ x = 1 }",
    "1e400",
    "9" * 18,
]
ODD_ARGUMENTS = [
    *("", "x", "-1", "0", "1", "2", "nan", "inf", "1e400", "9" * 25, "/", "//", "..", ".", "nosuch/", "start", "run"),
    *("\x1b]0;t\x07", "a=b", "=", "a=", "a.b.c=1", "budget=3", "a=2001-99-99", "a=" + "[" * 5000, "skills=1"),
    *("skills.seed=x", "http://[", "http://127.0.0.1:99999/v1", "ftp://x", "127.0.0.1", "local/", "local/nosuch"),
    *("/dev/null", "{}", "(", "a,b", ",", "problem.json", "config.toml", "\udcff", "ä" * 300, "simulated"),
]

RUN = "run"
LM = ("--lm", "scripted/lm")
VALID_DATA = ("--data", "data", "--split", "valid")
SOLVE = (program.solve.main, ("problem.json", "--artifact", "start", *LM))
EVALUATE = (eval.run.main, ("start", *VALID_DATA, "--out", "ran", *LM))
COMPILE = (optimize.compile.main, ("--start", "start", *VALID_DATA, "--out", "made2", "--dry-run", *LM))
AUDIT = (eval.audit.main, (*VALID_DATA, "--out", "audited.json"))
SHOW = (optimize.show.main, ("start", "--prompts"))
DIFFERENCE = (optimize.show.main, ("start", "other"))
BY = ("--by", "difficulty", "tag", "rating", "contest", "answers")
COMPARE = (eval.compare.main, (RUN, *BY, "--budget", "calls", "--prompts"))
SUMMARIZE = (eval.summarize.main, (RUN,))
REPLICATE = (eval.replication.main, (RUN,))
OVERVIEW = (eval.show.main, (RUN,))
STORY = (eval.show.main, (RUN, "Twice", "--prompts"))
EXPORT = (eval.export.main, (RUN,))
INSPECT = (eval.export.main, (RUN, "--format", "inspect", "--out", "logs"))
REPORT = (eval.report.__main__.main, (RUN, "--out", "out.html"))
RESCORE = (eval.rescore.main, (RUN, "--out", "again"))
STUDY = (optimize.study.main, ("config.toml", "--out", "studied", "--dry-run"))
READERS = (COMPARE, SUMMARIZE, REPLICATE, OVERVIEW, STORY, EXPORT, INSPECT, REPORT, RESCORE)
STARTS = (SHOW, DIFFERENCE, EVALUATE, COMPILE)
FROM_FILE = (optimize.compile.main, ("config.toml", "--out", "made2", "--dry-run"))
EXCLUDING = tuple((main, (*words, "--exclude", "exclude.json")) for main, words in (COMPARE, EVALUATE, EXPORT))


def judging(file: str):
    """The commands that read programs from a file."""
    return (
        (eval.judge.main, ("--solutions", file, *VALID_DATA, "--out", "judged.jsonl")),
        (eval.judge.main, ("--solutions", file, *VALID_DATA, "--run", "judged")),
        (eval.audit.main, ("--solutions", file, *VALID_DATA, "--out", "audited.json")),
    )


# Of every kind of file that somebody else may have written, the commands that read it.
KINDS = {
    "problem.json": (SOLVE,),
    "problems.json": ((eval.run.main, ("start", "--data", "problems.json", "--out", "ran", *LM)),),
    "data/data/valid.jsonl": (EVALUATE, AUDIT, COMPILE),
    "start/manifest.json": STARTS,
    "start/program.json": STARTS,
    f"{RUN}/config.json": READERS,
    f"{RUN}/rollouts.jsonl": READERS,
    f"{RUN}/artifacts/start/manifest.json": (*READERS[:3], REPORT),
    f"{RUN}/artifacts/start/program.json": (*READERS[:3], REPORT),
    "TRACE": (STORY, REPORT, RESCORE),
    "report/report.json": ((optimize.show.main, ("report", "--report")),),
    "config.toml": (FROM_FILE, STUDY),
    "exclude.json": EXCLUDING,
    "samples.jsonl": judging("samples.jsonl"),
    "livecodebench.json": judging("livecodebench.json")[:2],
    "alphacodium.json": judging("alphacodium.json")[:2],
    "evalplus.jsonl": judging("evalplus.jsonl")[:2],
    "judged.jsonl": judging("samples.jsonl")[:1],
    "audited.findings.jsonl": (AUDIT,),
}
COMMANDS = {
    **{f"{main.__module__}": (main, words) for main, words in (SOLVE, EVALUATE, COMPILE, AUDIT, COMPARE, SUMMARIZE)},
    **{f"{main.__module__}": (main, words) for main, words in (REPLICATE, STORY, EXPORT, REPORT, RESCORE, STUDY, SHOW)},
    "eval.judge": judging("samples.jsonl")[1],
    "eval.serve_simulated": (eval.serve_simulated.main, ("--data", "data")),
}
MADE = ("ran", "again", "logs", "made2", "judged", "studied", "out.html", "audited.json", "artifacts")


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Iterator[Path]:
    """A folder with a valid file of every kind, in which commands run, with a judge and an LM that are quick."""
    folder, asked = tmp_path_factory.mktemp("world"), scripted_lm(answers_all)
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        isolate(patched, folder / "cache")
        for module in JUDGES:
            patched.setattr(f"{module}.judge", quick_judge)
        patched.setattr("program.models.open._any", lambda model: asked)
        patched.setattr("program.models.open._openai_compatible", lambda model, address: asked)
        patched.setattr("program.models.open._checked", lambda lm, *_: lm)
        patched.setattr("program.models.weights.find_weights", lambda *_: folder)
        patched.setattr("program.models.llama_server.serve", serving_nothing)
        patched.setattr("eval.simulated.server.SimulatedServer.serve_forever", lambda *_: None)
        patched.setattr("eval.numbers.intervals.RESAMPLES", 20)
        write_files(folder, patched)
        yield folder


def answers_all(prompt: str) -> str:
    """Also what asks for no problem that we know."""
    try:
        return answer_rule()(prompt)
    except (IndexError, KeyError):
        return "```python\nprint(1)\n```"


def quick_judge(source: str, tests: list[TestCase], *_: Any, **__: Any) -> Report:
    return Report([TestResult(Verdict.AC, output=test.output) for test in tests], len(tests), "none")


@contextlib.contextmanager
def serving_nothing(*_: Any, **__: Any) -> Iterator[str]:
    yield "http://127.0.0.1:9/v1"


def write_files(folder: Path, patched: pytest.MonkeyPatch) -> None:
    few, programs = VALID[:2], {task.name: task.right for task in VALID[:2]}
    write_pack(folder / "data", few, VALID[2:])
    write_start(folder / "start", "direct")
    write_start(folder / "other", "direct", {"max_code_tokens": 99})
    dump(folder / "problem.json", few[0].row())
    dump(folder / "problems.json", [task.row() for task in few])
    dump(folder / "exclude.json", {"data": "data", "split": "valid", "exclude": {"Square": ["interactive"]}})
    dump(folder / "samples.jsonl", *({"name": n, "solution": code, "correct": True} for n, code in programs.items()))
    dump(folder / "evalplus.jsonl", *({"task_id": n, "solution": code} for n, code in programs.items()))
    outputs = [{"question_id": n, "code_list": [code], "graded_list": [True]} for n, code in programs.items()]
    dump(folder / "livecodebench.json", outputs)
    counts = {"test_passed_private": 1, "test_failed_private": 0, "test_passed_generate": 1}
    done = {n: {"iteration_0": {"solution": code, **counts}} for n, code in programs.items()}
    dump(folder / "alphacodium.json", {"valid": done})
    demo = {"problem": "Twice", "sample": 0, "credit": 1.0, "evidence": ["it is the answer"]}
    (folder / "report").mkdir()
    dump(folder / "report" / "report.json", {"optimizer": "verified", "evidence": {"solve.predict": [demo]}})
    (folder / "config.toml").write_text(
        'start = "start"\ndata = "data"\nsplit = "valid"\nlm = "scripted/lm"\noptimizer = "bootstrap"\nseed = 3\n'
        'demos = 2\nthreshold = 0.5\nmax_calls = 100\nretries = 2\nonly = ["SolveDirectly"]\nlimit = 2\n'
        "[settings]\nmax_code_tokens = 300\n[lm_settings]\ntop_p = 0.9\n"
        '[study]\nsplit = "test"\nn = 1\nagainst = ["other"]\n'
    )
    printed(patched, EVALUATE[0], "start", "other", *VALID_DATA, "--out", RUN, *LM)
    printed(patched, judging("samples.jsonl")[0][0], *judging("samples.jsonl")[0][1])
    printed(patched, *[AUDIT[0], *AUDIT[1]])


def dump(file: Path, *values: Any) -> None:
    file.write_text("".join(f"{json.dumps(value)}\n" for value in values))


def ends_well(patched: pytest.MonkeyPatch, main: Callable[[], None], *words: str) -> None:
    """Call a command; it must be done, or say in one line what is wrong."""
    printed_too, said = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(printed_too), contextlib.redirect_stderr(said):
        status = call(patched, main, *words)
    shown = said.getvalue()
    called = f"{main.__module__} {words}: {status}"
    assert status in (0, 2), f"{called} {shown[-3000:]}"
    assert "Traceback" not in shown and "unexpected error" not in shown, f"{called} {shown[-3000:]}"
    if status == 2:
        last = shown.rstrip("\n").rpartition("\n")[2]
        assert last.startswith("error: ") or ": error: " in last, f"{called} {shown[-3000:]}"
    assert not any(char in printed_too.getvalue() for char in "\x1b\x07\u202e"), called


def places(value: Any) -> list[Any]:
    """The containers of a JSON value."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    here = [value] if isinstance(value, dict | list) else []
    return here + [place for each in inner for place in places(each)]


def with_odd_value(text: str, data: st.DataObject) -> str:
    """The JSON value or lines with another value in one place, or a place less, or another key."""
    lines = text.rstrip("\n").split("\n")
    many = len(lines) > 1 and lines[0].startswith("{") and lines[0].endswith("}")
    at = data.draw(st.integers(0, len(lines) - 1)) if many else 0
    value = json.loads(lines[at] if many else text)
    place, odd = data.draw(st.sampled_from(places(value))), data.draw(st.sampled_from(ODD))
    keys = sorted(place) if isinstance(place, dict) else range(len(place))
    what = data.draw(st.sampled_from(["change", "remove", "add"]))
    if keys and what != "add":
        key = data.draw(st.sampled_from(list(keys)))
        if what == "remove":
            del place[key]
        else:
            place[key] = odd
    elif isinstance(place, dict):
        place[data.draw(st.sampled_from(ODD_TEXTS))] = odd
    else:
        place.append(odd)
    return "\n".join([*lines[:at], json.dumps(value), *lines[at + 1 :]]) if many else json.dumps(value)


def with_odd_line(text: str, data: st.DataObject) -> str:
    """The TOML with another value of a key, a key of another kind, or a line less."""
    lines = text.splitlines()
    at, odd = data.draw(st.integers(0, len(lines) - 1)), data.draw(st.sampled_from(ODD_TOML))
    keys = ["budget", "rates", "tuning", "study", "settings", "lm_settings", "rollouts", "max_usd", "first_wait"]
    match data.draw(st.sampled_from(["change", "remove", "add"])):
        case "change":
            lines[at] = f"{lines[at].partition(' = ')[0]} = {odd}"
        case "remove":
            del lines[at]
        case "add":
            lines.insert(0, f"{data.draw(st.sampled_from(keys))} = {odd}")
    return "\n".join(lines)


def damaged(content: bytes, name: str, data: st.DataObject) -> bytes:
    packed = name == "TRACE"
    text = gzip.decompress(content) if packed else content
    if data.draw(st.integers(0, 3)) == 0:
        spoilt = data.draw(st.sampled_from(SPOILT))(text)
        return gzip.compress(spoilt) if packed and data.draw(st.booleans()) else spoilt
    changed = (with_odd_line if name.endswith(".toml") else with_odd_value)(text.decode(), data).encode()
    return gzip.compress(changed) if packed else changed


def cleared(folder: Path) -> None:
    for name in MADE:
        shutil.rmtree(folder / name, ignore_errors=True) if (folder / name).is_dir() else (folder / name).unlink(True)


@pytest.mark.parametrize("name", KINDS)
@settings(max_examples=EXAMPLES // 5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_file_is_read_or_refused_in_a_line(name, world, monkeypatch, data):
    file = next(world.glob(f"{RUN}/traces/start/Twice*")) if name == "TRACE" else world / name
    whole = file.read_bytes()
    main, words = data.draw(st.sampled_from(KINDS[name]))
    try:
        file.write_bytes(damaged(whole, name, data))
        ends_well(monkeypatch, main, *words)
    finally:
        file.write_bytes(whole)
        cleared(world)


@pytest.mark.parametrize("name", KINDS)
def test_the_files_are_valid(name, world, monkeypatch):
    for main, words in KINDS[name]:
        printed(monkeypatch, main, *words)
        cleared(world)


def options_of(main: Callable[[], None], patched: pytest.MonkeyPatch) -> list[argparse.Action]:
    """The options of a command, but those that end it at once."""
    found: list[argparse.Action] = []

    def see(parser: argparse.ArgumentParser, *_: Any) -> None:
        found.extend(each for each in parser._actions if each.dest not in ("help", "mlflow"))

    with patched.context() as inner:
        inner.setattr(f"{main.__module__}.run_command", see)
        main()
    return found


@pytest.mark.parametrize("name", COMMANDS)
@settings(max_examples=EXAMPLES // 3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_an_odd_option_is_taken_or_refused_in_a_line(name, world, monkeypatch, data):
    main, words = COMMANDS[name]
    options = options_of(main, monkeypatch)
    chosen = data.draw(st.sampled_from(options))
    # Should a command write where it must not, it shall not be to this machine. `eval.report /` would read every run on
    # it, and write a report into each.
    writes = chosen.dest == "out" or (main is eval.report.__main__.main and chosen.dest == "runs")
    outside = ("/", "..") if writes else ()
    inside = [each for each in ODD_ARGUMENTS if not each.startswith(outside)]
    odd = data.draw(st.sampled_from(inside))
    given_too = [] if chosen.nargs == 0 else [odd]
    words = (*words, chosen.option_strings[0], *given_too) if chosen.option_strings else (*given_too, *words[1:])
    before = {file: file.read_bytes() for file in world.rglob("*") if file.is_file()}
    try:
        ends_well(monkeypatch, main, *words)
    finally:
        cleared(world)
        for file, content in before.items():
            if not file.is_file() or file.read_bytes() != content:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
