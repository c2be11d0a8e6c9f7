"""The report in a real browser, opened from disk: it opens, filters, drills down, and what is hostile in it stays text.

`make test-browser` runs these; they need Debian's `chromium` and the dependency group `browser`.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from eval.report.write import write_report
from tests.support.rollouts import store, traced

playwright = pytest.importorskip("playwright.sync_api", reason="no playwright: uv sync --inexact --group browser")
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt-get install chromium"),
]
HOSTILE = (
    "</script><script>document.title = 'taken'</script><img src=x onerror=\"document.title='taken'\"> ]]> --> "
    "<svg onload=\"document.title='taken'\"> javascript:alert(1) {{script}} ${script} \u2028 " + "long" * 200
)
PHONE = {"width": 360, "height": 780}
PATIENCE = 120_000  # milliseconds; busy machines are slow, and nothing here is about speed


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> Path:
    """Two arms on three problems, one of them hostile in every text and in its name."""
    folder = tmp_path_factory.mktemp("report")
    hostile = f"Hostile {HOSTILE}"
    rollouts = [
        *(traced("plain", "Double", sample, end) for sample, end in enumerate(("solved", "failed"))),
        *(traced("tuned", "Double", sample, end) for sample, end in enumerate(("solved", "reverted"))),
        *(traced("plain", "Halve", sample, "failed") for sample in range(2)),
        *(traced("tuned", "Halve", sample, "not judged") for sample in range(2)),
        *(traced(arm, hostile, sample, "failed", HOSTILE) for arm in ("plain", "tuned") for sample in range(2)),
    ]
    run = store(folder / "run", rollouts, data=HOSTILE)
    write_report([run], folder / "report.html")
    return folder / "report.html"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM, timeout=PATIENCE)
        yield opened
        opened.close()


@pytest.fixture
def page(browser, report) -> Iterator[Any]:
    """The report, opened from disk without network; no test may leave an error in the console."""
    context = browser.new_context(offline=True)
    context.set_default_timeout(PATIENCE)
    opened = context.new_page()
    complaints: list[str] = []
    requests: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("request", lambda request: requests.append(request.url))
    opened.goto(report.as_uri())
    opened.wait_for_selector("#grid")
    yield opened
    assert complaints == []
    assert {url.partition("#")[0] for url in requests} == {report.as_uri()}
    context.close()


def rows(page: Any) -> list[str]:
    return [name[:6] for name in page.locator("#grid tr th:first-child a").all_inner_texts()]


def open_everything(page: Any) -> None:
    closed = page.locator("details:not([open]) > summary")
    while closed.count():
        closed.first.click()


def no_sideways_scroll(page: Any) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_it_opens_with_headline_table_and_curves(page):
    assert page.locator("h1").inner_text() == "2 programs on 3 problems"
    assert page.locator(".card .figure").all_inner_texts() == ["16.7 % solved", "25.0 % solved"]
    assert page.locator("#comparison tr").count() == 3
    assert page.locator("figure svg path.line").count() == 8
    assert "CI" in page.locator(".card").nth(1).inner_text()


def test_headline_and_table_say_what_several_samples_solve(page):
    plain = page.locator(".card").first.inner_text()
    assert "pass@2: 33.3 % (" in plain and "1@2: 16.7 % (" in plain
    heads = page.locator("#comparison th").all_inner_texts()
    assert heads[3:6] == ["pass@2", "1@2", "solved by any sample"]
    cells = page.locator("#comparison tr").nth(1).locator("td").all_inner_texts()
    assert [cell.split(" (")[0] for cell in cells[2:5]] == ["33.3 %", "16.7 %", "33.3 %"]


def test_the_grid_shows_a_mark_a_sample(page):
    cell = page.get_by_label("tuned on Double: 1 of 2 solved")
    assert cell.inner_text() == "●○"
    assert page.get_by_label("tuned on Halve: 0 of 2 solved").inner_text() == "––"


def test_the_grid_is_filtered_by_name_status_and_program(page):
    assert rows(page) == ["Double", "Halve", "Hostil"]
    page.fill("#filter-name", "hal")
    assert rows(page) == ["Halve"] and page.locator("#count").inner_text() == "1 of 3 problems"
    page.fill("#filter-name", "")
    page.select_option("#filter-state select", "solved")
    assert rows(page) == ["Double"]
    page.select_option("#filter-state select", "unjudged")
    assert rows(page) == ["Halve"]
    page.select_option("#filter-arm select", label="plain")
    assert rows(page) == []
    page.select_option("#filter-state select", "any")
    assert page.locator("#grid tr").first.inner_text().split() == ["problem", "plain"]


def test_three_clicks_lead_to_why_and_to_the_prompt(page):
    page.get_by_label("tuned on Double").click()
    why = page.locator("#why")
    why.wait_for()
    assert "tuned, sample 1: failed" in why.inner_text()
    assert "On the first of them it prints “2” instead of “4”." in why.inner_text()
    assert "passes everything; the flow went on to another" in why.inner_text()
    page.locator(".event.call summary", has_text="WriteCode").click()
    assert "print(n)" in page.locator(".event[open] pre").first.inner_text()
    page.locator(".event[open] .message summary", has_text="user").click()
    assert "## problem" in page.locator(".event[open] .message[open] pre").inner_text()


def test_the_trace_is_in_order_and_a_later_program_is_shown_as_a_difference(page):
    page.get_by_label("plain on Double").click()
    titles = page.locator(".trace .what")
    titles.first.wait_for()
    assert titles.all_inner_texts() == [
        *("ReflectOnProblem", "ReflectOnProblem", "WriteCode", "Program 1 on public tests", "Best is now program 1"),
        *("FixCode", "Program 2 on public tests", "fix kept", "Best is now program 2"),
    ]
    page.locator(".event.judge summary").nth(1).click()
    changed = page.locator(".event.judge[open] .code-line.added, .event.judge[open] .code-line.removed")
    assert [line.split() for line in changed.all_inner_texts()] == [["−", "print(n)"], ["3", "+", "print(n", "*", "2)"]]
    page.get_by_role("button", name="whole program").click()
    assert page.locator(".event.judge[open] .code-line").count() == 3
    assert page.locator(".event.judge[open] .run h4").all_inner_texts() == ["Test 1: AC", "Test 2: AC"]


def test_what_is_not_opened_is_not_built(page):
    page.get_by_label("plain on Double").click()
    page.locator(".trace").wait_for()
    assert page.locator(".trace pre").count() == 0


def test_the_address_leads_to_a_rollout_and_back(page, report):
    page.goto(f"{report.as_uri()}#problem=0&arm=1&sample=0")
    page.locator("#why", has_text="tuned, sample 0: solved").wait_for()
    page.locator(".sample", has_text="1").last.click()
    page.locator("#why", has_text="tuned, sample 1: failed").wait_for()
    page.get_by_role("link", name="next").click()
    page.locator("h1", has_text="Halve").wait_for()
    page.locator("#back").click()
    page.locator("#grid").wait_for()
    page.go_back()
    page.locator("h1", has_text="Halve").wait_for()


def test_a_rollout_that_was_not_judged_says_so(page):
    page.get_by_label("tuned on Halve").click()
    assert "Not judged: JudgeError: lost." in page.locator("#why").inner_text()
    assert page.locator(".note", has_text="No trace").count() == 1


def test_a_story_whose_texts_are_gone_still_has_its_events(browser, tmp_path):
    run = store(tmp_path / "run", [traced()])
    for trace in run.rglob("*.jsonl.gz"):
        trace.unlink()
    write_report([run], tmp_path / "report.html")
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"{(tmp_path / 'report.html').as_uri()}#problem=0&arm=0&sample=0")
    page.locator(".note", has_text="The texts of this trace were not kept.").wait_for()
    page.locator(".event.judge summary").first.click()
    assert page.locator(".event[open] p").inner_text() == "The text of this program was not kept."
    page.close()


def test_hostile_names_and_texts_are_shown_and_do_nothing(page):
    title = page.title()
    page.get_by_label("tuned on Hostile").click()
    page.locator(".trace").wait_for()
    assert page.locator("h1").inner_text().startswith("Hostile </script><script>document.title = 'taken'</script><img")
    open_everything(page)
    shown = page.locator(".message pre").last.inner_text()
    assert "<img src=x onerror=\"document.title='taken'\">" in shown
    assert page.locator("img").count() == 0
    assert page.title() == title != "taken"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_needs_no_sideways_scroll(page, scheme):
    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme=scheme)
    assert no_sideways_scroll(page)
    page.get_by_label("tuned on Hostile").click()
    page.locator(".trace").wait_for()
    open_everything(page)
    assert no_sideways_scroll(page)


def test_dark_mode_is_dark(page):
    page.emulate_media(color_scheme="dark")
    red, green, blue = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")[:3]
    assert max(red, green, blue) < 60
