"""Problems that bring a checker: CodeContests+ and Kattis problem packages, from the files to the verdicts."""

import json
import logging
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from eval.data.layouts.statement_text import text_of_html, text_of_latex
from eval.data.load import load_problems
from eval.data.problem_set import DataError, Facts
from eval.data.rules import Rules
from eval.given.dataset_audit import examine
from eval.given.judged_programs import judged
from eval.numbers.groups import groups
from eval.rollouts.score import score
from judge.checker import DEEPMIND, STRICT
from judge.checkers import compiled
from judge.checkers.checker_program import CheckerProgram
from judge.checkers.token_checker import TokenChecker
from judge.judge import judge
from judge.verdict import TestCase
from tests.support.paths import FIXTURES

PLUS, KATTIS = FIXTURES / "code_contests_plus.jsonl", FIXTURES / "kattis"
FACTORS, PAIR, HALVES, THIRD = "9001_B. Two Factors", "pairsum. Pair with a Sum", "halves. Halves", "third. A Third"


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path_factory):
    monkeypatch.setenv("ALPHACODIUM_CACHE", str(tmp_path_factory.getbasetemp() / "checkers"))
    monkeypatch.setenv("CPATH", str(FIXTURES))


@pytest.fixture(scope="module")
def plus():
    return load_problems(str(PLUS), "train")


@pytest.fixture(scope="module")
def kattis():
    return load_problems(str(KATTIS), "test")


def solved(problems, name, program):
    return score(program, problems.problem(name), problems).solved


def test_code_contests_plus_gives_public_and_hidden_tests_and_known_programs(plus):
    problem = plus.problem(FACTORS)
    assert problem.tests() == [TestCase("6\n", "2 3\n")]
    assert plus.hidden(FACTORS).generated == (TestCase("35\n", "5 7\n"), TestCase("1\n", "1 1\n"))
    assert (problem.seconds, problem.memory_bytes) == (2.0, 256 * 2**20)
    assert len(plus.known(FACTORS).right) == 2 and plus.known(FACTORS).wrong == ("print(1, 1)",)
    assert plus.facts(FACTORS) == Facts(
        tags=("codeforces",), contest=9001, index="B", answers="several, with a checker"
    )
    assert plus.problem("p99999. Echo").seconds == 2.0 and plus.facts("p99999. Echo").contest is None


def test_its_checker_decides_where_there_is_one(plus):
    for program in plus.known(FACTORS).right:
        assert solved(plus, FACTORS, program)
    assert not solved(plus, FACTORS, plus.known(FACTORS).wrong[0])
    assert solved(plus, "p99999. Echo", "print(input())")
    assert [plus.facts(problem.name).answers for problem in plus.problems] == ["several, with a checker", "one"]
    line = judged({"name": FACTORS, "solution": "print(1, input())", "status": ""}, plus)
    assert line["passed"] and line["checker"].startswith("testlib c++ ")


def test_another_rule_leaves_the_checker_out(plus):
    by_deepmind = plus.judged_by(Rules(checker="deepmind"))
    assert by_deepmind.checker_for(by_deepmind.problem(FACTORS)) is DEEPMIND
    assert not solved(by_deepmind, FACTORS, "print(1, input())")
    assert plus.checker_for(plus.problem("p99999. Echo")) == STRICT


def test_a_program_sees_no_checker(plus, kattis):
    for problems in (plus, kattis):
        for problem in problems.problems:
            assert not {"checker", "validator"} & {*problem.model_dump()}
            for word in ("registerTestlibCmd", "judgemessage", "validate.h", "float_tolerance"):
                assert word not in problem.text() + problem.model_dump_json()


def test_another_checker_is_other_data(tmp_path, plus):
    rows = [json.loads(line) for line in PLUS.read_text().splitlines()]
    rows[0]["checker"] += "// changed"
    (tmp_path / "rows.json").write_text(json.dumps(rows))
    assert load_problems(str(tmp_path / "rows.json"), "train").fingerprint != plus.fingerprint


def test_an_interactive_problem_is_left_out(tmp_path):
    rows = [json.loads(line) for line in PLUS.read_text().splitlines()]
    rows[0]["checker"] = "int main(int argc, char *argv[]) { registerInteraction(argc, argv); }"
    (tmp_path / "rows.json").write_text(json.dumps(rows))
    assert dict(load_problems(str(tmp_path / "rows.json"), "train").left_out) == {"9001_B": "is interactive"}


def test_without_a_compiler_loading_says_so_in_one_line(monkeypatch, tmp_path, caplog):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    with caplog.at_level(logging.WARNING):
        problems = load_problems(str(PLUS), "train")
    assert [message for message in caplog.messages if "no compiler" in message] == [
        f"{PLUS} train: 1 problems have checkers in C++, but there is no compiler (c++, g++, clang++): "
        "they cannot be judged"
    ]
    monkeypatch.setattr(compiled, "_made", type(compiled._made)())
    line = judged({"name": FACTORS, "solution": "print(1, ' ', input())", "status": ""}, problems)
    assert line["status"] == "not judged" and "no compiler here" in line["error"]


def test_packages_give_tests_limits_and_known_programs(kattis):
    assert [problem.name for problem in kattis.problems] == [HALVES, PAIR, THIRD]
    pair = kattis.problem(PAIR)
    assert pair.tests() == [TestCase("5\n", "2 3\n")] and (pair.seconds, pair.memory_bytes) == (1.0, 512 * 2**20)
    assert kattis.hidden(PAIR).private == (TestCase("2\n", "1 1\n"), TestCase("100\n", "50 50\n"))
    assert len(kattis.known(PAIR).right) == 2 and len(kattis.known(THIRD).wrong) == 2
    assert kattis.problem(THIRD).seconds == 2.5 and kattis.facts(PAIR).tags == ("search",)
    assert kattis.name_of("halves") == HALVES


def test_what_packages_cannot_be_asked_here_is_said(kattis, caplog):
    assert dict(kattis.left_out) == {"guess": "is interactive", "drawn": "has a PDF as its statement"}
    with pytest.raises(DataError, match="is interactive"):
        load_problems(str(KATTIS / "guess"), "test")


@pytest.mark.parametrize("name", [HALVES, PAIR, THIRD])
def test_the_validators_of_packages_know_their_submissions(kattis, name):
    known = kattis.known(name)
    assert [solved(kattis, name, program) for program in known.right] == [True] * len(known.right)
    assert [solved(kattis, name, program) for program in known.wrong] == [False] * len(known.wrong)


def test_validators_are_what_the_package_says(kattis):
    pair, halves = (kattis.checker_for(kattis.problem(name)) for name in (PAIR, HALVES))
    assert isinstance(pair, CheckerProgram) and isinstance(halves, CheckerProgram)
    assert (pair.language, pair.flags, pair.limits.seconds) == ("python", ("exact",), 4.0)
    assert (halves.language, [name for name, _ in halves.files]) == ("c++", ["validate.cc", "validate.h"])
    assert kattis.checker_for(kattis.problem(THIRD)) == TokenChecker(absolute=1e-3, relative=1e-3)


def changed(tmp_path: Path, package: str, files: Mapping[str, str | bytes | None]) -> str:
    """A copy of a package with these files, and without those that are None."""
    folder = tmp_path / package
    shutil.copytree(KATTIS / package, folder)
    for name, text in files.items():
        path = folder / name
        if text is None:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode() if isinstance(text, str) else text)
    return str(folder)


OWN = "output_validators"
NONE: dict[str, str | None] = {f"{OWN}/pair.py": None}


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({f"{OWN}/second.py": "x"}, "has several output validators"),
        ({**NONE, f"{OWN}/pair.java": "x"}, "neither in Python nor in C"),
        ({**NONE, f"{OWN}/v/build": "x", f"{OWN}/v/run": "x"}, "scripts"),
        ({**NONE, f"{OWN}/v/a.py": "x", f"{OWN}/v/b.py": ""}, "several files"),
        ({"problem.yaml": "type: scoring"}, "gives scores"),
        ({"problem.yaml": "type: [multi-pass, pass-fail]"}, "several passes"),
        ({"data/secret/testdata.yaml": "output_validator_flags: other"}, "some of its tests only"),
        ({"data/secret/01.yaml": "output_validator_args: [other]"}, "some of its tests only"),
        ({"problem.yaml": "type: submit-answer"}, "asks for answers and not for a program"),
        ({"data/secret/01.yaml": "args: [one]"}, "gives its programs files or arguments"),
        ({"data/secret/01.files/words.txt": "one"}, "gives its programs files or arguments"),
        ({"problem_statement/problem.en.md": b"Caf\xe9"}, "not text in UTF-8"),
        ({"data/sample/1.in": b"\xe9"}, "not text in UTF-8"),
        ({"data/secret/01.ans": b"\xe9"}, "not text in UTF-8"),
        ({"problem.yaml": "a: [b"}, "problem 'pairsum' does not .*problem.yaml: while parsing"),
        ({"problem.yaml": b"name: Caf\xe9"}, "problem 'pairsum' does not .*problem.yaml: unacceptable character"),
        ({"problem.yaml": "- a list"}, "problem 'pairsum' does not .*problem.yaml has no keys"),
        ({"data/testdata.yaml": "a: [b"}, "problem 'pairsum' does not .*data/testdata.yaml: while parsing"),
        ({"data/secret/test_group.yaml": "- a list"}, "data/secret/test_group.yaml has no keys"),
        ({"problem.yaml": "validator_flags: no_such_flag"}, "no_such_flag"),
        ({"data/secret/01.ans": None}, "problem 'pairsum' does not .*there is no data/secret/01.ans"),
    ],
)
def test_packages_that_are_refused_say_why(tmp_path, files, said):
    with pytest.raises(DataError, match=said):
        load_problems(changed(tmp_path, "pairsum", files), "test")


@pytest.mark.parametrize(
    "files",
    [
        {"data/testdata.yaml": "output_validator_flags: case_sensitive"},
        {f"data/{kind}/test_group.yaml": "output_validator_args: [case_sensitive]" for kind in ("sample", "secret")},
        {f"data/{kind}/1.yaml": "output_validator_args: [case_sensitive]" for kind in ("sample", "secret")},
        {
            "data/sample/1.yaml": "output_validator_args: [case_sensitive]",
            "data/secret/test_group.yaml": "output_validator_args: [space_change_sensitive]",
            "data/secret/1.yaml": "output_validator_args: [case_sensitive]\nhint: for its test only",
        },
    ],
)
def test_flags_of_all_tests_count(tmp_path, files):
    folder = changed(tmp_path, "third", files)
    problems = load_problems(folder, "test")
    assert problems.checker_for(problems.problem(THIRD)) == TokenChecker(True, False, 1e-3, 1e-3)


def test_the_format_of_2023_is_read_as_well(tmp_path):
    text = (KATTIS / "pairsum" / "output_validators" / "pair.py").read_text().replace('["exact"]', "[]")
    statement = (KATTIS / "pairsum" / "problem_statement" / "problem.en.md").read_text()
    files: dict[str, str | None] = {
        "problem.yaml": "problem_format_version: 2023-07-draft\ntype: pass-fail\nname: Pair with a Sum\n",
        **{"output_validators/pair.py": None, "output_validator/pair.py": text, "statement/problem.en.md": statement},
        **{"problem_statement/problem.en.md": None, "problem_statement/problem.sv.md": None},
    }
    folder = changed(tmp_path, "pairsum", files)
    problems = load_problems(folder, "test")
    assert solved(problems, PAIR, "print(1, int(input()) - 1)") and not solved(problems, PAIR, "print(1)")


def test_programs_in_python_2_are_not_known_here(tmp_path, kattis):
    folder = changed(tmp_path, "pairsum", {"submissions/accepted/old.py": "#!/usr/bin/env python2\nprint 1\n"})
    assert load_problems(folder, "test").known(PAIR) == kattis.known(PAIR)


@pytest.mark.parametrize("name", ["data/secret/2.in", "data/secret/more", "output_validators"])
@pytest.mark.parametrize("target", ["secret", "folder", "nothing"])
def test_a_link_out_of_a_package_brings_nothing_in_and_is_reported(tmp_path, name, target):
    (tmp_path / "secret").write_text("kept")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "2.in").write_text("kept")
    folder = changed(tmp_path, "third", {})
    (Path(folder) / name).symlink_to(tmp_path / target)
    with pytest.raises(DataError, match="has links to files that are not in the package"):
        load_problems(folder, "test")


def test_links_inside_a_package_are_followed(tmp_path):
    folder = changed(tmp_path, "third", {"data/secret/2.in": "30\n"})
    (Path(folder) / "data" / "secret" / "2.ans").symlink_to("1.ans")
    (Path(folder) / "data" / "secret" / "shown").symlink_to("../sample")
    problems = load_problems(folder, "test")
    assert len(problems.hidden(THIRD).private) == 3
    assert problems.hidden(THIRD).private[-1] == problems.problem(THIRD).tests()[0]


@pytest.mark.parametrize(
    ("version", "used"), [("", False), ("problem_format_version: legacy\n", False), ("2023-07-draft", True)]
)
def test_in_newer_formats_the_folder_of_a_validator_says_that_it_is_used(tmp_path, version, used):
    settings = f"problem_format_version: {version}\n" if version.startswith("2") else version
    text = (KATTIS / "pairsum" / "output_validators" / "pair.py").read_text()
    files = {"problem.yaml": f"name: Third\n{settings}", "output_validators/v/check.py": text}
    problems = load_problems(changed(tmp_path, "third", files), "test")
    assert isinstance(problems.checker_for(problems.problems[0]), CheckerProgram) is used


def test_files_next_to_a_validator_are_no_validators(tmp_path):
    more = {"README": "x", "notes.md": "x", ".gitignore": "x", "__pycache__/pair.pyc": b"\xff", "testlib.h": "x"}
    folder = changed(tmp_path, "pairsum", {f"output_validators/{name}": text for name, text in more.items()})
    problems = load_problems(folder, "test")
    assert solved(problems, PAIR, "print(1, int(input()) - 1)") and not solved(problems, PAIR, "print(1)")


def test_constants_are_filled_in_where_the_format_says(tmp_path):
    settings = "problem_format_version: 2025-09\nname: Third\nconstants: {most: 100, code: 42}\n"
    files = {
        "problem.yaml": settings,
        "problem_statement/problem.en.html": None,
        "statement/problem.en.tex": "At most $\\constant{most}$, {{most}}, {{least}}.",
        "output_validator/check.py": "import sys\nsys.exit({{code}})\n",
        "data/secret/2.in": "{{most}}\n",
        "data/secret/2.ans": "1\n",
    }
    problems = load_problems(changed(tmp_path, "third", files), "test")
    (problem,) = problems.problems
    assert problem.description == "At most $100$, 100, {{least}}."
    assert problems.hidden(problem.name).private[1].input == "{{most}}\n"
    assert solved(problems, problem.name, "print(1)")


def test_an_audit_believes_the_checker(plus):
    finding = examine(plus.problem(FACTORS), plus, plus.known(FACTORS).right, plus.known(FACTORS).wrong)
    assert (finding.right_accepted, finding.wrong_rejected, finding.reasons) == (2, 1, ())


def test_without_a_checker_an_audit_says_that_several_answers_are_right(tmp_path):
    rows = [{**json.loads(line), "checker": None} for line in PLUS.read_text().splitlines()]
    (tmp_path / "rows.json").write_text(json.dumps(rows))
    bare = load_problems(str(tmp_path / "rows.json"), "train")
    finding = examine(bare.problem(FACTORS), bare, bare.known(FACTORS).right, bare.known(FACTORS).wrong)
    assert finding.right_accepted == 0 and len(finding.reasons) == 3
    assert "the statement accepts several answers, one is stored" in finding.reasons
    facts = {problem.name: bare.facts(problem.name) for problem in bare.problems}
    found = groups(facts, "answers")
    assert found == {
        **{"one": ["p99999. Echo"], "several, one stored": [FACTORS]},
        **{"all": [*facts], "without several, one stored": ["p99999. Echo"]},
    }


def test_statements_become_text(kattis):
    halves = kattis.problem(HALVES).description
    assert halves.startswith("Split a word of even length into two halves, in any order: $n \\le 100$...")
    assert '50% of "all"' in halves and "## Input\n\n  - one word" in halves and "comment" not in halves
    third = kattis.problem(THIRD).description
    assert third.startswith("## A Third\n\nPrint a third of n, n < 10^9.") and "- one" in third
    assert "```\na  b\n c\n```" in third
    assert text_of_latex(r"$a\%b$ 5\% % gone") == r"$a\%b$ 5%"
    assert text_of_html("a<br>b<!-- c -->") == "a\n\nb"


def test_examples_are_compared_as_the_default_validator_does(tmp_path):
    """Otherwise a right program would fail the public tests."""
    files = dict.fromkeys(("data/sample/1.ans", "data/secret/1.ans"), "Impossible\n")
    for flags, passes in (("", True), ("case_sensitive", False)):
        settings = {"problem.yaml": f"name: A Third\nvalidator_flags: {flags}\n"}
        problems = load_problems(changed(tmp_path / (flags or "none"), "third", {**files, **settings}), "test")
        (problem,) = problems.problems
        report = judge("print('impossible')", problem.tests(), problem.limits(), checker=problem.checker())
        assert report.all_passed == passes == score("print('impossible')", problem, problems).solved


def test_a_checker_may_begin_with_a_byte_order_mark(tmp_path):
    text = (KATTIS / "pairsum" / f"{OWN}/pair.py").read_text()
    problems = load_problems(changed(tmp_path, "pairsum", {f"{OWN}/pair.py": f"\ufeff{text}"}), "test")
    (problem,) = problems.problems
    assert all(score(each, problem, problems).solved for each in problems.known(problem.name).right)


def test_without_testlib_loading_says_so_in_one_line(monkeypatch, caplog):
    monkeypatch.delenv("CPATH")
    load_problems(str(PLUS), "train")
    assert "need testlib.h: add the folder that has it to CPATH" in caplog.text


@pytest.mark.parametrize(
    ("read", "source", "text"),
    [
        (text_of_html, "<p>1 < n and m > 2, n<=m, a <b>bold</b> word</p>", "1 < n and m > 2, n<=m, a bold word"),
        (text_of_html, "2<sup>n-1</sup>, 10<sup>9</sup>, x<sup>-1</sup>", "2^(n-1), 10^9, x^-1"),
        (text_of_html, "a<sub>i+1</sub>, a<sub>i</sub>+1, a<sub>10</sub>", "a_(i+1), ai+1, a10"),
        (text_of_html, "<tr><td>1</td><td>2</td></tr>", "1 2"),
        (text_of_html, "b<c and d>e, but <em>a</em> <b>", "b<c and d>e, but a"),
        (text_of_latex, r"\texttt{x--} \lstinline|x--| \lstinline[language=C]{y--}", "x-- x-- y--"),
        (text_of_latex, r"\(a--b\) $a--b$ a--b", r"\(a--b\) $a--b$ a–b"),
        (text_of_html, "<pre>\n  a < b > c\n</pre>", "```\n  a < b > c\n```"),
        (text_of_latex, r"Print \verb|a%b~c--d| and \verb+e+.", "Print a%b~c--d and e."),
        (text_of_latex, "\\begin{verbatim}\n  %d --~ $x\n\\end{verbatim}\nnow % gone", "```\n  %d --~ $x\n```\n\nnow"),
        (text_of_latex, "\\begin{lstlisting}[language=C]\na % b;\n\\end{lstlisting}", "```\na % b;\n```"),
    ],
)
def test_nothing_of_a_statement_is_lost_as_markup(read, source, text):
    assert read(source) == text


CASES = [
    ("", "a b", "A  B\n", True),
    ("case_sensitive", "a b", "A b", False),
    ("", "a b", "a", False),
    ("", "a", "a b", False),
    ("", "1.0", "1", False),
    ("", "", " \n", True),
    ("space_change_sensitive", "a b\n", "a b\n", True),
    ("space_change_sensitive", "a b\n", "a  b\n", False),
    ("space_change_sensitive", "a b\n", "a b", False),
    ("space_change_sensitive", "a\n", "\na", False),
    ("space_change_sensitive", " a b", "a b ", False),
    ("space_change_sensitive", " a\n", " a\n", True),
    ("space_change_sensitive", "\n", "", False),
    ("float_tolerance 1e-6", "1.0", "1.0000001", True),
    ("float_tolerance 1e-6", "1000000", "1000000.5", True),
    ("float_absolute_tolerance 1e-6", "1000000", "1000000.5", False),
    ("float_relative_tolerance 1e-6", "1000000", "1000000.5", True),
    ("float_relative_tolerance 1e-6", "0", "1e-9", False),
    ("float_tolerance 1e-6", "1.0", "one", False),
    ("float_tolerance 1e-6", "one", "ONE", True),
    ("float_tolerance 1e-6", "1", "nan", False),
    ("float_tolerance 0", "2", "2.0", True),
]


@pytest.mark.parametrize(("flags", "expected", "actual", "right"), CASES)
def test_the_default_validator_compares_as_its_flags_say(flags, expected, actual, right):
    assert TokenChecker.of_flags(flags.split()).matches(actual, expected) is right
