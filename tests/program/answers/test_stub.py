"""A function that is given back without a body is no program of the model's."""

import pytest

from program.answers.programs import STUB, programs_in
from program.answers.scopes import is_stub

DOCSTRING = '    """ Sum of all. """\n'


@pytest.mark.parametrize(
    ("code", "entry_point", "expected"),
    [
        (f"def f(a):\n{DOCSTRING}", "f", True),
        (f"def f(a):\n{DOCSTRING}    pass\n", "f", True),
        ("def f(a): ...\n", "f", True),
        (f"class Solution:\n    def f(self, a):\n    {DOCSTRING}", "Solution.f", True),
        (f"def f(a):\n{DOCSTRING}    return a\n", "f", False),
        ("def f(a):\n    return a\ndef g():\n    pass\n", "f", False),
        ("def f(a):\n    pass\ndef f(a):\n    return a\n", "f", False),
        ("f = len\n", "f", False),
        ("def g(a):\n    pass\n", "f", False),
        ("class Solution:\n    def f(self):\n        raise ValueError\n", "Solution.f", False),
    ],
)
def test_a_stub_is_the_function_without_a_body(code, entry_point, expected):
    assert is_stub(code, entry_point) is expected
    (found,) = programs_in(f"```python\n{code}```", entry_point=entry_point)
    assert (STUB in found.doubts) is expected
