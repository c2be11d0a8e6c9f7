"""Programs are found in every dress, best guess first, and prose is none."""

import html
import json
import re
import textwrap
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from program.answers import programs
from program.answers.languages import language_of
from program.answers.programs import programs_in
from program.answers.unreadable import NoAnswer

CODE = (
    'import sys\n\n\ndef main():\n    a, b = map(int, sys.stdin.read().split())\n    print(a + b, "```")\n\n\nmain()\n'
)
SMALL = "n = int(input())\nfor i in range(n):\n    print(i)\n"


def indented(code, by):
    return textwrap.indent(code, by)


def escaped(code):
    return html.escape(code, quote=False)


DRESSES = {
    "fence": lambda c: f"```python\n{c}```",
    "py": lambda c: f"Here:\n\n``` py\n{c}\n```\nDone.",
    "no name": lambda c: f"```\n{c}```\n",
    "attributes": lambda c: f'```python title="a.py" linenums="1"\n{c}```',
    "braces": lambda c: f"```{{.python .numberLines}}\n{c}```",
    "tilde": lambda c: f"~~~python\n{c}~~~",
    "four": lambda c: f"````python\n{c}````",
    "in markdown": lambda c: f"````markdown\n# Answer\n\n```python\n{c}```\n````",
    "in a list": lambda c: f"1. Read.\n2. Print:\n\n   ```python\n{indented(c, '   ')}   ```\n",
    "after a list's mark": lambda c: f"- ```python\n{indented(c, '  ')}  ```\n",
    "tab": lambda c: f"\t```python\n{indented(c, chr(9))}\t```\n",
    "quoted": lambda c: "\n".join(f"> {line}" for line in f"```python\n{c}```".split("\n")),
    "never closed": lambda c: f"```python\n{c}",
    "tilde, never closed": lambda c: f"~~~python\n{c}",
    "never closed, words after": lambda c: f"```python\n{c}\nThis program reads both numbers.\nIt prints the sum.",
    "language line": lambda c: f"```\npython\n{c}```",
    "language line twice": lambda c: f"```python\npython3\n{c}```",
    "words before the fence": lambda c: f"The solution: ```python\n{c}```",
    "bare": lambda c: c,
    "bare, words around": lambda c: f"Here is the program:\n\n{c}\nIt runs in O(n).",
    "bare, indented": lambda c: f"The code:\n\n{indented(c, '    ')}\nThat is all.",
    "json": lambda c: json.dumps({"code": c}),
    "json in a fence": lambda c: f"```json\n{json.dumps({'why': 'x', 'code': c}, indent=1)}\n```",
    "json, another name": lambda c: json.dumps({"explanation": "It adds.", "solution": c}),
    "json, wrapped": lambda c: json.dumps({"answer": {"code": c}}),
    "json, lines": lambda c: json.dumps({"code": c.split("\n")}),
    "json, fence inside": lambda c: json.dumps({"code": f"```python\n{c}```"}),
    "json, raw lines": lambda c: '{"code": "' + c.replace("\\", "\\\\").replace('"', '\\"') + '"}',
    "a text of JSON": lambda c: json.dumps(c),
    "three quotes": lambda c: f"'''python\n{c}'''",
    "one back quote": lambda c: f"`{c}`",
    "carriage returns": lambda c: f"```python\n{c}```".replace("\n", "\r\n"),
    "odd blanks": lambda c: f"```python\n{c.replace('    ', chr(160) * 4)}```",
    "html": lambda c: f"```python\n{c.replace('>', '&gt;').replace('<', '&lt;').replace(chr(34), '&quot;')}# &gt;\n```",
    "tags": lambda c: f"<pre><code>{escaped(c)}</code></pre>",
    "tags with attributes, words around": lambda c: f'So:\n<pre><code class="language-python">{c}</code></pre>\nDone.',
    "margin": lambda c: f"```python\n{indented(c, '    ')}```",
}


def without_mark(code):
    """Without the comment that makes a program in HTML's escapes need them."""
    return re.sub(r"# (?:>|&gt;)\n\Z", "", code)


@pytest.mark.parametrize(
    "words", ["Complexity: O(1)", "Done", "[DONE]", "Note: works", "Example\n3\n6", "Input\n3\nOutput\n6"]
)
def test_words_next_to_a_program_without_a_fence_are_no_part_of_it(words):
    """They compile, so together with the program they are Python."""
    (last,), (first,) = programs_in(f"{SMALL}\n{words}"), programs_in(f"{words}\n\n{SMALL}")
    assert last.code == first.code == SMALL


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ('print(f"{" ".join(map(str, a))}")', """print(f"{' '.join(map(str, a))}")"""),
        ("print(f'{d['k']} {{x}} {d['l']}')", """print(f'{d["k"]} {{x}} {d["l"]}')"""),
        ("""print(f"{a} 'b'", 'c', f"{"d"}")""", """print(f"{a} 'b'", 'c', f"{'d'}")"""),
    ],
)
def test_quotes_inside_an_f_string_may_be_those_of_a_newer_python(line, read):
    code = "a, d = input().split(), {'k': 1, 'l': 2}\n{}\n"
    (found,) = programs_in(f"```python\n{code.replace('{}', line, 1)}```")
    expected = code.replace("{}", read, 1)
    assert found.plausible and found.code == expected and found.how == ("other quotes inside an f-string",)


@pytest.mark.parametrize(
    "tag",
    [
        *("python3.12", "python3.8", "py3.11", "PyPy3.10", "pypy3.9", "main.py", "solution.py", "file=main.py"),
        *("language-python", "lang-python", "python-3", "python_3", "pycon", "cpython", "Python 3", "whatever"),
    ],
)
def test_a_tag_may_name_python_in_many_ways(tag):
    assert programs_in(f"```python\n{CODE}```\nBetter:\n```{tag}\n{SMALL}```")[0].code == SMALL


def test_the_last_program_of_many_is_seen():
    drafts = "".join(f"Step {n}:\n```python\nprint({n})\n```\n" for n in range(60))
    assert programs_in(f"{drafts}Final:\n```python\n{SMALL}```\n")[0].code == SMALL


def test_a_program_between_tags_is_found_after_many_headings():
    steps = "".join(f"### Step {n}\n\nWe think about {n}.\n\n" for n in range(40))
    assert programs_in(f"{steps}<answer>\n{SMALL}</answer>")[0].code == SMALL
    assert programs_in(f"{steps}<answer>\n{SMALL}</answer>\nThat is it.")[0].code == SMALL


def test_a_draft_does_not_keep_blocks_that_need_each_other_from_being_joined():
    draft = "def f(a):\n    return 0"
    parts = ["def helper(a):\n    return sum(a)", "def f(a):\n    return helper(a)"]
    answer = "\n\n".join(f"```python\n{part}\n```" for part in (draft, *parts))
    assert any(all(part in each.code for part in parts) for each in programs_in(answer, entry_point="f"))


@pytest.mark.parametrize("code", [CODE, SMALL], ids=["main", "small"])
@pytest.mark.parametrize("dress", DRESSES)
def test_a_program_is_found_in_every_dress(dress, code):
    best = programs_in(DRESSES[dress](code))[0]
    assert without_mark(best.code) == code and best.plausible and not best.cut


def two(first, second):
    return f"First:\n```python\n{first}```\nNo:\n```python\n{second}```\n"


def test_of_equals_the_last_leads_and_all_are_there():
    assert [each.code for each in programs_in(two(CODE + "# much longer\n", SMALL))] == [
        SMALL,
        CODE + "# much longer\n",
    ]


FAST, SLOW = CODE + "# fast\n", SMALL


def versions(*parts: str) -> list[str]:
    """The programs of an answer that introduces one and then another."""
    return [each.code for each in programs_in("{}\n```python\n{}```\n{}\n\n```python\n{}```\n".format(*parts))]


def test_a_first_comment_may_say_that_a_program_is_there_to_compare_with():
    answer = f"```python\n{FAST}```\n\n```python\n# Brute force, for testing only\n{SLOW}```\n"
    assert programs_in(answer)[0].code == FAST
    assert programs_in(answer.replace("# Brute force, for testing only", "# brute force is too slow"))[0].code != FAST


@pytest.mark.parametrize(
    "introduced",
    [
        "For comparison, a brute-force version:",
        "### Naive version",
        "Here is the idea. A slower solution, which is easy to check:",
        "A simple implementation for verification:",
        "A brute force to verify the optimized solution:",
        "Brute force (too slow for the limits, but handy for testing):",
        "A slower, O(n^2) version (not recommended):",
        "**Unoptimized version, rather slow**",
        "### Brute force\n\nIt just adds 2.",
        "For stress testing, here is a brute force:",
    ],
)
def test_a_version_to_compare_with_comes_after_the_one_that_is_meant(introduced):
    assert versions("The solution:", FAST, introduced, SLOW) == [FAST, SLOW]


@pytest.mark.parametrize(
    "introduced",
    [
        "Instead of the naive loop we use the formula:",
        "That is too slow; the naive way is replaced by this:",
        "The naive version fails. Here is the right one:",
        "An efficient version:",
        "This is not brute force:",
        "That is slow for n = 10^18, so we use the formula:",
        "The above is inefficient; here is the final solution:",
        "Final solution, with comments for reference:",
        "Here is the full code for reference:",
        "Using binary search to check feasibility:",
        "We use a set to check membership:",
        "Since the naive loop is O(n), we use a formula:",
        "The brute force takes too long, so this sorts:",
    ],
)
def test_a_version_that_is_better_than_the_one_before_leads(introduced):
    assert versions("A naive solution:", SLOW, introduced, FAST) == [FAST, SLOW]


@pytest.mark.parametrize(
    "other",
    [
        "assert solve(1) == 2\nprint('fine')\n",
        "print(main2(3))\n",
        "5\n",
        "x = 5\n",
        "import io, sys\nsys.stdin = io.StringIO('1 2')\n",
        "a = input()\n",
        "def helper(a):\n    return a + 1\n",
        "for i in range(3) print(i)\n",
    ],
)
def test_what_is_less_plausible_comes_after(other):
    assert programs_in(two(SMALL, other))[0].code == SMALL
    assert programs_in(two(other, SMALL))[0].code == SMALL


def test_what_an_import_mends_is_plausible():
    code = "d = deque(input().split())\nprint(math.floor(len(d)))\n"
    assert programs_in(f"```python\n{code}```")[0].plausible


def test_blocks_that_need_each_other_are_joined():
    best = programs_in(two("def add(a, b):\n    return a + b\n", "print(add(*map(int, input().split())))\n"))[0]
    assert best.plausible and programs.JOINED in best.how


def test_a_program_in_steps_is_joined():
    first, rest = SMALL.split("\n", 1)
    best = programs_in(f"1. Read:\n```python\n{first}\n```\n2. Print:\n```python\n{rest}```\n")[0]
    assert best.plausible and best.code == f"{first}\n\n{rest}"


def test_an_entry_point_has_to_be_defined():
    answer = two("def add(a, b):\n    return a + b\n", "print(add(1, 2))\n")
    assert programs_in(answer, entry_point="add")[0].code.startswith("def add")
    assert programs.NO_ENTRY in programs_in(answer, entry_point="sub")[0].doubts


@pytest.mark.parametrize(
    "prose",
    [
        "if the expected output were 39, it would pass.",
        "h = 16, e = 3, l = 19\nSo 39 is right.",
        "n = 5",
        "For n = 3 the answer is 4.\nfor each x, print it.",
        "from the statement it follows that 3 is right.\nimport is not needed.",
        "print(39) is what it does.",
        "while this is so: nothing to do.",
        "return to the start; the class is O(n).",
        "I cannot solve this.",
        "```\n5\n```",
        "```text\n1 2 3\n```",
        '{"analysis": "the loop is wrong"}',
        "- a = 3\n- b = 4\n\nThe sum is 7.",
        "def is a keyword: it defines.",
        "The test is wrong (39 is right).\n\nNothing to fix = nothing to do.",
    ],
)
def test_prose_is_no_program(prose):
    with pytest.raises(NoAnswer) as raised:
        programs_in(prose)
    assert raised.value.kind == "no program"


@pytest.mark.parametrize(
    ("answer", "language"),
    [
        ("```cpp\nint main() {}\n```", "cpp"),
        ("```\n#include <iostream>\nint main() { std::cin >> a; }\n```", "cpp"),
        ("#include <bits/stdc++.h>\nusing namespace std;\nint main() {\n  int a; cin >> a;\n}", "cpp"),
        ("```java\nclass Main {}\n```", "java"),
        ("```\npublic class Main {\n  public static void main(String[] a) {\n  }\n}\n```", "java"),
        ("```js\nconst a = 1;\n```", "javascript"),
        ("```\nconst a = require('fs');\nconsole.log(a);\n```", "javascript"),
        ("```rust\nfn main() {\n}\n```", "rust"),
        ("```go\npackage main\n```", "go"),
        ("```\npackage main\n\nfunc main() {\n}\n```", "go"),
        ("```c#\nclass P {}\n```", "csharp"),
    ],
)
def test_another_language_is_named(answer, language):
    with pytest.raises(NoAnswer) as raised:
        programs_in(answer)
    assert (raised.value.kind, raised.value.language) == ("not Python", language)


@pytest.mark.parametrize("dress", ["```python\n{}", "{}", "Sure:\n```\n{}"])
def test_a_program_that_is_cut_off_is_said_to_be(dress):
    best = programs_in(dress.format(CODE[: CODE.index("print")] + "pri("))[0]
    assert best.cut and programs.BROKEN in best.doubts


def test_a_part_of_a_broken_program_comes_after_all_of_it():
    broken = SMALL + "for i in range(n) print(i)\nprint(n)\n"
    best, *others = programs_in(f"```python\n{broken}```")
    assert (best.code, best.doubts) == (broken, (programs.BROKEN,))
    assert others[0].code == SMALL and others[0].doubts == (programs.PART,)


def test_words_after_a_program_in_its_block_are_cut():
    (best, *_) = programs_in(f"```python\n{SMALL}\n## failure\nThe program prints a wrong answer.\nInput:\n5\n```")
    assert best.code.startswith(SMALL.strip()) and best.plausible and programs.WORDS_CUT in best.how


LINES = ["import sys", "n = int(input())", "print(n)", "for i in range(n):\n    print(i)", "x = '''\n~~~\n'''", "# a"]


# Their dress is another one where a fence or a margin stands in a text of the program.
CHANGING = {
    "three quotes",
    "tilde",
    "html",
    "bare, indented",
    "bare, words around",
    "margin",
    "odd blanks",
    "language line",
}


@settings(deadline=None, max_examples=60, database=None, derandomize=True)
@given(st.lists(st.sampled_from(LINES), min_size=1, max_size=5), st.sampled_from(sorted(DRESSES)))
def test_generated_programs_are_found(lines, dress):
    code = "n = int(input())\n" + "\n".join(line for line in lines if "~" not in line or dress not in CHANGING)
    code += "\nprint(n)\n"
    assert without_mark(programs_in(DRESSES[dress](code))[0].code) == code


@settings(deadline=None, max_examples=150, database=None, derandomize=True)
@given(st.text("`~ \n{}[]():=\"'abipython0#>", max_size=80))
def test_any_text_is_read_or_refused(text):
    try:
        found = programs_in(text)
    except NoAnswer:
        return
    assert found and all(each.code.strip() for each in found)


@pytest.mark.parametrize("text", ["I think the answer is this:", "```python\nprint(1)"])
def test_many_empty_lines_are_read_in_linear_time(text):
    def seconds(lines: int) -> float:
        begin = time.process_time()
        language_of(text + "\n" * lines)
        return time.process_time() - begin

    seconds(1000)
    assert seconds(64_000) < 40 * max(seconds(4_000), 1e-3)
