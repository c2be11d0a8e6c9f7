"""The console command `alphacodium` of an installed wheel: `alphacodium eval.run …` is `python -m eval.run …`."""

from __future__ import annotations

import runpy
import sys

# By module; what each does is in its own --help.
COMMANDS = {
    "program.solve": "solve one problem",
    "program.handwritten": "write the hand-written artifacts",
    "eval.run": "evaluate programs on hidden tests",
    "eval.compare": "compare evaluated programs, paired by problem",
    "eval.summarize": "the numbers of a run, arm by arm",
    "eval.show": "a run, or one of its problems, in the terminal",
    "eval.report": "runs as a page to look at",
    "eval.export": "a run as a table or as JUnit XML",
    "eval.replication": "zero-shot against flow, next to published figures",
    "eval.judge": "judge programs from elsewhere",
    "eval.rescore": "judge the stored programs of a run again",
    "eval.audit": "check a dataset by its own known programs",
    "eval.serve_simulated": "serve the simulated model",
    "optimize.compile": "compile a program",
    "optimize.study": "compile, evaluate and compare",
    "optimize.show": "an artifact, or what another one has that it has not",
    "optimize.reference": "the generated pages of the reference",
}


def main() -> None:
    """Run the command that the first argument names, with the others."""
    _, *given = sys.argv
    if not given or given[0] in ("-h", "--help"):
        wide = max(map(len, COMMANDS))
        listed = "\n".join(f"  {name:{wide}}  {said}" for name, said in COMMANDS.items())
        print(f"usage: alphacodium COMMAND …\n\n{listed}\n\nalphacodium COMMAND --help shows the options of a command.")
        return
    name, *rest = given
    if name not in COMMANDS:
        from program.errors import did_you_mean

        print(f"error: no command {name}{did_you_mean(name, COMMANDS)} (--help lists them)", file=sys.stderr)
        sys.exit(2)
    sys.argv = [name, *rest]
    runpy.run_module(name, run_name="__main__", alter_sys=True)
