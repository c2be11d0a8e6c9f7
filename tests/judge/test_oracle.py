"""A fixed sample of the known programs through the judge and through a plain process per test: no difference.

`python -m benchmarks.judge.oracle` does this with all of them.
"""

import json
from dataclasses import replace

import pytest

from benchmarks.judge.oracle import ODD_PROGRAMS, SHARED, differences, odd_jobs, shared_jobs
from judge.judge import judge
from judge.sandbox.layers.guards import NAMESPACES, UID
from judge.sandbox.pool import Pool
from tests.support.rungs import layers_of

PROGRAMS, TESTS, SECONDS = 10, 4, 0.5

WITH_DATA = pytest.mark.skipif(not SHARED.is_dir(), reason=f"the shared data is not there: {SHARED}")
MENDED = [line["mended"] for line in map(json.loads, ODD_PROGRAMS.read_text().splitlines())]
ODD = [
    pytest.param(job, id=job.name, marks=[] if mended else [pytest.mark.long])
    for job, mended in zip(odd_jobs(), MENDED, strict=True)
]


@pytest.fixture(scope="module")
def pool():
    with Pool(1) as made:
        yield made


@pytest.mark.parametrize("job", ODD)
def test_odd_programs_run_as_in_a_plain_process(pool, job):
    if not {NAMESPACES, UID} <= layers_of(pool):
        pytest.skip(f"{pool.isolation()} has no place for a program's own files")
    _, _, found = differences(replace(job, limits=replace(job.limits, wall_factor=30.0)), pool)
    assert not found


@pytest.fixture(scope="module")
def sample():
    jobs = list(shared_jobs())
    jobs = jobs[:: len(jobs) // PROGRAMS][:PROGRAMS]
    for job in jobs:
        job.tests = job.tests[:: max(1, len(job.tests) // TESTS)][:TESTS]
    return jobs


@WITH_DATA
def test_the_judge_and_a_plain_process_say_the_same(sample):
    found: list[str] = []
    ran = 0
    with Pool(1) as pool:
        for job in sample:
            job = replace(job, limits=replace(job.limits, seconds=SECONDS, wall_factor=30.0))
            tests, _, differing = differences(job, pool)
            ran += tests
            found += differing
    assert ran >= TESTS * PROGRAMS // 2 and not found, "\n".join(found)


@WITH_DATA
def test_right_programs_pass(sample):
    """On the sampled tests; `correct` is a label on all of them, so wrong programs may pass here."""
    with Pool(1) as pool:
        wrong = [
            job.name
            for job in sample
            if job.correct and not judge(job.program, job.tests, job.limits, checker=job.checker, pool=pool).all_passed
        ]
    assert not wrong
