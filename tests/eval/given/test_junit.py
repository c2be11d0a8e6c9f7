"""Runs as JUnit XML, read back by an XML parser."""

from xml.etree import ElementTree

from eval.given.run_table import export
from tests.support.rollouts import rollout, store


def test_a_suite_has_the_rollouts_of_an_arm_and_why_they_failed(tmp_path):
    run = store(
        tmp_path / "run",
        [
            rollout("apple", arm="plain"),
            rollout("apple", 0.5, arm="plain", sample=1, public=0.0),
            rollout("pear\x1b[31m", None, arm="flow"),
        ],
    )
    suites = ElementTree.fromstring(export(run, "junit"))
    assert (suites.get("tests"), suites.get("failures"), suites.get("errors")) == ("3", "1", "1")
    plain, flow = suites.findall("testsuite")
    assert (plain.get("name"), plain.get("tests"), flow.get("errors")) == ("plain", "2", "1")
    right, wrong = plain.findall("testcase")
    assert right.get("name") == "apple" and right.find("failure") is None
    failure = wrong.find("failure")
    assert wrong.get("name") == "apple [sample 1]" and failure is not None
    assert "public tests: 0 of" in str(failure.get("message"))
    (lost,) = flow.findall("testcase")
    assert lost.find("error") is not None and "\x1b" not in str(lost.get("name"))
