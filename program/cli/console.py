"""The console command `alphacodium` of an installed wheel: `alphacodium eval.run …` is `python -m eval.run …`."""

from __future__ import annotations

import runpy
import sys

# Commands by module; the --help of each says more.
COMMANDS = {
    "program.solve": "solve one problem",
    "program.handwritten": "write the hand-written artifacts",
    "eval.run": "evaluate programs on hidden tests",
    "eval.compare": "compare evaluated programs, paired by problem",
    "eval.summarize": "print the numbers of a run, per arm",
    "eval.show": "print a run, or one of its problems",
    "eval.report": "write runs as an HTML page",
    "eval.export": "write a run as a table or as JUnit XML",
    "eval.replication": "compare zero-shot and flow with published figures",
    "eval.judge": "judge programs from elsewhere",
    "eval.rescore": "judge the stored programs of a run again",
    "eval.audit": "check a dataset by its own known programs",
    "eval.serve_simulated": "serve the simulated model",
    "optimize.compile": "compile a program",
    "optimize.study": "compile, evaluate and compare",
    "optimize.show": "print an artifact, or its difference to another one",
    "optimize.parts": "write the shape and the words of a compiled program as artifacts",
    "optimize.reference": "print the generated pages of the reference",
}


def main() -> None:
    """Run the command named by the first argument with the remaining arguments."""
    _, *given = sys.argv
    if not given or given[0] in ("-h", "--help"):
        wide = max(map(len, COMMANDS))
        listed = "\n".join(f"  {name:{wide}}  {said}" for name, said in COMMANDS.items())
        print(f"usage: alphacodium COMMAND …\n\n{listed}\n\nalphacodium COMMAND --help shows the options of a command.")
        return
    name, *rest = given
    if name not in COMMANDS:
        from program.errors import did_you_mean

        print(f"error: unknown command {name}{did_you_mean(name, COMMANDS)} (--help lists all)", file=sys.stderr)
        sys.exit(2)
    sys.argv = [name, *rest]
    runpy.run_module(name, run_name="__main__", alter_sys=True)
