"""Examples and limits are read out of statements as the sites write them; notes and sections are no data."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from program.statement import examples_in, memory_in, seconds_in

SUM = [("1 2\n", "3\n"), ("10\n-4 5\n", "1\nYES\n")]

CODEFORCES_COPIED = """
A. Sum
time limit per test1 second
memory limit per test256 megabytes
inputstandard input
outputstandard output
Print the sum of some numbers.

Input
The first line has two integers a and b.

Output
Print the sum.

Examples
InputCopy
1 2
OutputCopy
3
InputCopy
10
-4 5
OutputCopy
1
YES
Note
In the first example the sum is 3.

It is 1 2 3.
"""
CODEFORCES_COPIED_APART = """
A. Sum
time limit per test
1.5 seconds
memory limit per test
512 megabytes

Input
Two integers.
Output
Their sum.
Examples
Input
Copy
1 2
Output
Copy
3
Input
Copy
10
-4 5
Output
Copy
1
YES
"""
CODECONTESTS = """Print the sum.

Input

Two integers.

Output

The sum.

Examples

Input

1 2


Output

3


Input

10
-4 5


Output

1
YES

Note

In the first example 1 2 gives 3."""
CODEFORCES_OLD = """
Sample test(s)
input
1 2
output
3
input
10
-4 5
output
1
YES
"""
CODEFORCES_HTML = """
<div class="header"><div class="title">A. Sum</div><div class="time-limit"><div class="property-title">time limit per
test</div>2.5 seconds</div><div class="memory-limit"><div class="property-title">memory limit per test</div>64 megabytes
</div></div><div><p>Print the sum if a &lt; b.</p></div><div class="input-specification"><div class="section-title">
Input</div><p>Two integers.</p></div><div class="output-specification"><div class="section-title">Output</div><p>
One.</p></div>
<div class="sample-tests"><div class="section-title">Examples</div><div class="sample-test"><div class="input">
<div class="title">Input</div><pre>
1 2
</pre></div><div class="output"><div class="title">Output</div><pre>
3
</pre></div><div class="input"><div class="title">Input<div
title="Copy">Copy</div></div><pre><div class="test-example-line">10</div><div
class="test-example-line test-example-line-odd">-4 5</div></pre></div><div class="output"><div class="title">Output
</div><pre>1<br />YES</pre></div></div></div><div class="note"><div class="section-title">Note</div><p>3.</p></div>
"""
ATCODER_COPIED = """
A - Sum

Time Limit: 2 sec / Memory Limit: 1024 MiB

Score : 100 points

Problem Statement
Print the sum.

Constraints
1 ≤ a ≤ 10

Input
The input is given from Standard Input in the following format:

a b

Output
Print the sum.

Sample Input 1
Copy
1 2
Sample Output 1
Copy
3
The sum of 1 and 2 is 3, so 3 should be printed.

Sample Input 2
Copy
10
-4 5
Sample Output 2
Copy
1
YES

It may be negative.

-4 + 5 = 1.
"""
ATCODER_MARKDOWN = """
# A - Sum

Time Limit: 2 sec / Memory Limit: 1024 MB

## Input

Input is given in the following format:

```
a b
```

## Output

Print the sum.

### Sample Input 1

```
1 2
```

### Sample Output 1

```
3
```

The format above has `a b`.

```
1 + 2 = 3
```

### Sample Input 2

~~~text
10
-4 5
~~~

### Sample Output 2

````
1
YES
````
"""
ATCODER_HTML = """
<section><h3>Input</h3><p>Given as:</p><pre><var>a</var> <var>b</var>
</pre></section><section><h3>Output</h3><p>The sum.</p></section><hr />
<section><h3>Sample Input 1</h3><pre>1 2
</pre></section><section><h3>Sample Output 1</h3><pre>3
</pre><p>The sum is 3:</p><pre>1 + 2</pre></section><section><h3>Sample Input 2</h3><pre>10
-4 5
</pre></section><section><h3>Sample Output 2</h3><pre>1
YES
</pre></section>
"""
ATCODER_JAPANESE = """
入力
a b

入力例 1
1 2
出力例 1
3

入力例 2
10
-4 5
出力例 2
1
YES
"""
KATTIS_COPIED = """
Sum
Print the sum.

Input
Two integers.

Output
The sum.

Sample Input 1\tSample Output 1

1 2
\t
3

Sample Input 2\tSample Output 2

10
-4 5
\t
1
YES

Hide
CPU Time limit
1 second
Memory limit
1024 MB
"""
KATTIS_WITHOUT_LINES = """
Sample Input 1 \tSample Output 1
1 2\t3

Sample Input 2 \tSample Output 2
10
-4 5\t1
YES
"""
KATTIS_HTML = """
<table class="sample"><tbody><tr><th>Sample Input 1</th><th>Sample Output 1</th></tr>
<tr><td><pre>1 2
</pre></td><td><pre>3
</pre></td></tr></tbody></table>
<table class="sample"><tbody><tr><th>Sample Input 2</th><th>Sample Output 2</th></tr>
<tr><td><pre>10
-4 5
</pre></td><td><pre>1
YES
</pre></td></tr></tbody></table>
"""
KATTIS_MARKDOWN = """
| Sample Input 1 | Sample Output 1 |
| --- | --- |
| 1 2 | 3 |

| Sample Input 2 | Sample Output 2 |
| --- | --- |
| ` 10 `<br/>`-4 5` | 1 <br> YES |
"""
KATTIS_CONVERTED = """
Input
-----

Two integers.

| Sample Input 1 | Sample Output 1 |
| --- | --- |
|
```
1 2

```
 |
```
3

```
 |


| Sample Input 2 | Sample Output 2 |
| --- | --- |
|
```
10
-4 5

```
 |
```
1
YES

```
 |

- CPU Time limit: 1 second
"""
SETEXT = """
Sample Input 1
--------------

1 2

Sample Output 1
---------------

3

---

Sample Input 2
--------------

10
-4 5

Output for the Sample Input 2
-----------------------------

1
YES

Time-Limit: 2 sec
"""
TABLE_OF_EXAMPLES = """
| Input | Output |
|:--|--:|
| `1 2` | `3` |
| 10<br>-4 5 | 1<br/>YES |

Notes after it.
"""
MARKDOWN_WITH_EMPHASIS = """
## Examples

**Input:**
```
1 2
```
**Output:**
```
3
```
**Explanation:** 1 and 2 are 3.

**Input**

```
10
-4 5
```

**Output**

```
1
YES
```
"""
MARKDOWN_INDENTED = """
### Sample Input 1

    1 2

### Sample Output 1

    3

The sum of both.

### Sample Input 2

    10
    -4 5

### Sample Output 2

    1
    YES

## Source

Somewhere
"""
ONE_FENCE = """
### Example 1
```
Input:
1 2
Output:
3
```
### Example 2
```
Input:
10
-4 5
Output:
1
YES
Explanation: none
```
"""
BARE_FENCES = """
Example 1:
```
1 2
```
```
3
```
Example 2:
```
10
-4 5
```
```
1
YES
```
## Notes
```
7
```
"""
OWN_PROMPT = "Sum\n\nExample 1\nInput:\n1 2\nOutput:\n3\n\nExample 2\nInput:\n10\n-4 5\nOutput:\n1\nYES"
ONE_LINE = "Example 1:\n\nInput: 1 2\nOutput: 3\n\nExample 2:\n\nInput: 10\n-4 5\nOutput: 1\nYES\nNote: done."
WINDOWS = KATTIS_COPIED.replace("\n", "\r\n")
LAYOUTS = {name: text for name, text in globals().items() if name.isupper() and isinstance(text, str)}


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_examples_of_every_layout_are_found(name):
    assert examples_in(LAYOUTS[name]) == SUM


DOGS, FOX = "The dog has 3 legs.\nThe cat has 4 legs.\n", "the red fox ran home.\n"
STARS = "***\n*****\n\n---\n=====\n"
ROWS = "| Sample Input 1 | Sample Output 1 |\n|---|---|\n"
ODD = {
    "a line a row": (f"{ROWS}| 2 | 7 |\n| 3 4 | |", [("2\n3 4\n", "7\n")]),
    "an example or a line a row": (f"{ROWS}| 2 | 7 |\n| 3 | 8 |", []),
    "lines are lost": (f"{ROWS}| ``` 2 3 ``` | ``` 7 ``` |", []),
    "begins with a blank line": ("Example\nInput\n```\n\n1\n```\nOutput\n```text\n\n2\n```", [("1\n", "2\n")]),
    "none": ("Print a + b.", []),
    "sections": ("Input\n\nTwo integers.\n\nOutput\n\nThe sum.", []),
    "sections after it": (
        "Example\nInput\n1\nOutput\n2\nConstraints\nn < 5\nInput\nA number\nOutput\nOne",
        [("1\n", "2\n")],
    ),
    "prose": ("Example of a number: 15.\nInput\n3\nOutput\n4", []),
    "run together": ("Sample Input 1 Sample Output 1\n1 2\n3", []),  # nobody can tell where the input ends
    "no output": ("Sample Input\n\n1 2", []),
    "no input": ("Sample Input 1\n\nSample Output 1\n\nHello World!\n", [("", "Hello World!\n")]),
    "sentences": (f"Sample Input\n3\nSample Output\n{DOGS}", [("3\n", DOGS)]),
    "echoed": (f"Sample Input\n2\n{FOX}Sample Output\n1\n{FOX}", [(f"2\n{FOX}", f"1\n{FOX}")]),
    "blank lines": ("Sample Input\n1\n\n2\n\nSample Output\n3\n\n4\n", [("1\n\n2\n", "3\n\n4\n")]),
    "drawn like rules": (f"Sample Input\n3\nSample Output\n{STARS}", [("3\n", STARS)]),
    "drawn": ("Sample Input\n  *\n ***\nSample Output\n    4\n  2\n", [("  *\n ***\n", "    4\n  2\n")]),
    "grid": ("Examples\nInput\n#..#\n# .\nOutput\n1 &lt; 2", [("#..#\n# .\n", "1 < 2\n")]),
    "numbered from 0": ("Sample Input 0\n1\nSample Output 0\n2\nExplanation 0\nAdd.", [("1\n", "2\n")]),
    "cases": ("Sample Case 1 Input:\n1\nSample Case 1 Output:\n2\n", [("1\n", "2\n")]),
    "capitals": ("SAMPLE INPUT:\n\n1\n\nSAMPLE OUTPUT:\n\n2\n\nSOURCE: somewhere", [("1\n", "2\n")]),
    "not closed": ("Sample Input\n```\n1\n```\nSample Output\n```\n2\n", [("1\n", "2\n")]),
    "an explanation between": (
        "Examples\nInput\n1\nOutput\n2\nExplanation\nAdd.\nInput\n3\nOutput\n4",
        [("1\n", "2\n"), ("3\n", "4\n")],
    ),
}


@pytest.mark.parametrize(("text", "wanted"), ODD.values(), ids=list(ODD))
def test_odd_statements(text, wanted):
    assert examples_in(text) == wanted


@pytest.mark.parametrize(
    ("text", "seconds", "size"),
    [
        (CODEFORCES_COPIED, 1.0, 256 * 2**20),
        (CODEFORCES_COPIED_APART, 1.5, 512 * 2**20),
        (CODEFORCES_HTML, 2.5, 64 * 2**20),
        (ATCODER_COPIED, 2.0, 1024 * 2**20),
        (ATCODER_MARKDOWN, 2.0, 1024 * 2**20),
        (KATTIS_COPIED, 1.0, 1024 * 2**20),
        ("**Time limit:** 2s, **Memory limit:** 64M", 2.0, 64 * 2**20),
        ("| Time limit | 1500 ms |\n| Memory limit | 65536 KB |", 1.5, 64 * 2**20),
        ("Time Limit: 1,5 sec", 1.5, None),
        ("There is a time limit. 3 seconds later it ends.", None, None),
        ("time limit: 0 s; memory limit: 1 GiB", None, 2**30),
        (ATCODER_HTML, None, None),
    ],
)
def test_limits(text, seconds, size):
    assert (seconds_in(text), memory_in(text)) == (seconds, size)


@pytest.mark.parametrize(
    "form", ["-----{}-----", "====={}=====", "[{}]", "({})", "【{}】", "### {}", "**{}:**", "--- {} ---"]
)
@pytest.mark.parametrize(
    "labels", [("Sample Input", "Sample Output"), ("样例输入", "样例输出"), ("输入 #1", "输出 #1")]
)
def test_headings_may_be_decorated(form, labels):
    given, expected = map(form.format, labels)
    assert examples_in(f"Add them.\n\n{given}\n3\n1 2 3\n\n{expected}\n6\n") == [("3\n1 2 3\n", "6\n")]


def test_two_labels_directly_below_each_other_make_no_example():
    """In the copied text of a table, what follows are both, and where one ends nobody can tell."""
    assert examples_in("Sample 1:\nInput\nOutput\n3\n1 2 3\n6") == []
    assert examples_in("Sample Input:\n\nSample Output:\nHello") == [("", "Hello\n")]
    assert examples_in("Sample Input:\n(none)\n\nSample Output:\nHello") == [("", "Hello\n")]


def _fenced(text: str) -> str:
    return f"```\n{text}```\n"


# How an example may be written; each gets its number, the input and the output.
FORMS = [
    lambda n, i, o: f"Sample Input {n}\nCopy\n{i}Sample Output {n}\nCopy\n{o}\n",
    lambda n, i, o: f"Sample Input {n}\n\n{i}\nSample Output {n}\n\n{o}\n\nHere you see how it is done.\n\n",
    lambda n, i, o: f"### Sample Input {n}\n\n{_fenced(i)}\n### Sample Output {n}\n\n{_fenced(o)}\nNo more.\n\n",
    lambda n, i, o: f"Example {n}\nInputCopy\n{i}OutputCopy\n{o}",
    lambda n, i, o: f"Examples\n\nInput\n\n{i}\n\nOutput\n\n{o}\n\n",
    lambda n, i, o: f"Sample Input {n}\tSample Output {n}\n\n{i}\t\n{o}\n",
    lambda n, i, o: f"<b>Sample Input {n}</b><pre>{i}</pre><b>Sample Output {n}</b><pre>{o}</pre><p>Done.</p>",
]
# Without vowels nothing reads like a heading, and with few words a line like a sentence.
LINES = st.lists(st.from_regex(r"[-+(.#]?[bcdfghx0-9]{1,6}[)!]?", fullmatch=True), min_size=1, max_size=3).map(" ".join)
DATA = st.lists(LINES, min_size=1, max_size=4).map(lambda lines: "".join(f"{line}\n" for line in lines))
EXAMPLES = st.lists(st.tuples(DATA, DATA), min_size=1)


@given(EXAMPLES, st.sampled_from(FORMS))
def test_what_is_written_is_read(examples, form):
    shown = "".join(form(number, *example) for number, example in enumerate(examples, 1))
    statement = f"Sum\n\nPrint it.\n\nInput\n\nSome lines.\n\nOutput\n\nOthers.\n\n{shown}\nNote\n\nIt is 1 2 3.\n"
    assert examples_in(statement) == examples
