"""Programs that know some answers by heart and nothing else."""

from __future__ import annotations


def memorizing(answers: dict[str, str], entry_point: str = "") -> str:
    """A program that gives the answers it knows, and elsewhere "?", which is right nowhere.

    Args:
        answers: outputs by input, without the blank lines around it.
        entry_point: of the function it defines: "f", "Solution.f"; empty for one that reads standard input.
    """
    if not entry_point:
        return f"import sys\nanswers = {answers!r}\nprint(answers.get(sys.stdin.read().strip(), '?'), end='')\n"
    kind, _, name = entry_point.rpartition(".")
    pairs = ", ".join(f"(_call({given}), {output.strip()})" for given, output in answers.items())
    code = "inf, nan = float('inf'), float('nan')\n\n\ndef _call(*given, **named):\n    return given, named\n\n\n"
    code += f"answers = [{pairs}]\n\n\ndef {name}(*given, **named):\n"
    code += "    return next((value for known, value in answers if known == _call(*given, **named)), '?')\n"
    return f"{code}\n\nclass {kind}:\n    {name} = staticmethod({name})\n" if kind else code
