"""A run as JUnit XML for CI systems: one suite per arm, one test case per rollout."""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.etree import ElementTree

from eval.rollouts.rollout import Rollout
from program.cli.output import harmless

NOT_XML = re.compile("[\ufffe\uffff]")  # besides control characters, XML does not allow these


def junit(run: str, lm: str, arms: Iterable[str], rollouts: Iterable[Rollout]) -> str:
    """The XML. A failed rollout is a failure; a rollout that was not judged is an error.

    Args:
        run: the name of the run.
        lm: the name of the model.
        arms: in their order.
        rollouts: of these arms.
    """
    rollouts = list(rollouts)
    suites = ElementTree.Element("testsuites", _attributes(run, rollouts))
    for arm in arms:
        own = [rollout for rollout in rollouts if rollout.arm == arm]
        suite = ElementTree.SubElement(suites, "testsuite", _attributes(arm, own))
        properties = ElementTree.SubElement(suite, "properties")
        ElementTree.SubElement(properties, "property", {"name": "lm", "value": _text(lm)})
        for rollout in own:
            suite.append(_case(rollout))
    ElementTree.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(suites, encoding="unicode") + "\n"


def _attributes(name: str, rollouts: list[Rollout]) -> dict[str, str]:
    counts = {status: sum(each.status == status for each in rollouts) for status in ("failed", "not judged")}
    return {
        "name": _text(name),
        "tests": str(len(rollouts)),
        "failures": str(counts["failed"]),
        "errors": str(counts["not judged"]),
        "time": f"{sum(each.seconds for each in rollouts):.3f}",
    }


def _case(rollout: Rollout) -> ElementTree.Element:
    name = rollout.problem if rollout.sample == 0 else f"{rollout.problem} [sample {rollout.sample}]"
    about = {"classname": _text(rollout.arm), "name": _text(name), "time": f"{rollout.seconds:.3f}"}
    case = ElementTree.Element("testcase", about)
    if rollout.status == "failed":
        ElementTree.SubElement(case, "failure", {"message": _text(_why(rollout))})
    elif rollout.status == "not judged":
        ElementTree.SubElement(case, "error", {"message": _text(rollout.error)})
    return case


def _why(rollout: Rollout) -> str:
    if rollout.score is None or not rollout.code:
        return rollout.error or "no program"
    sets = {name: getattr(rollout.score, name) for name in ("public", "private", "generated")}
    return ", ".join(
        f"{name} tests: {each.passed} of {each.total} pass ({each.verdict})"
        for name, each in sets.items()
        if each.total
    )


def _text(text: str) -> str:
    return NOT_XML.sub("\N{REPLACEMENT CHARACTER}", harmless(text))
