"""The report in a real browser, opened from disk: it opens, filters, drills down, and what is hostile in it stays text.

`make test-browser` runs these; they need Debian's `chromium` and the dependency group `browser`.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from eval.report.runs_index import write_index
from eval.report.write import NOT_YET, write_report
from program import artifact
from tests.support.packs import write_start
from tests.support.rollouts import SECOND, store, traced

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
    return [name[:6] for name in page.locator("#grid tbody th a").all_inner_texts()]


def open_everything(page: Any) -> None:
    closed = page.locator("details:not([open]) > summary")
    while closed.count():
        closed.first.click()


def no_sideways_scroll(page: Any) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_it_opens_with_headline_forest_table_and_curves(page):
    assert page.locator("h1").inner_text() == "2 programs on 3 problems"
    assert page.locator(".finding").first.inner_text().startswith("It is not shown that tuned solves more or fewer")
    assert page.locator("#forest tbody tr").count() == 2 and page.locator("#forest circle").count() == 4
    assert page.locator("#forest .hollow").count() == 2
    assert page.locator("#forest tbody tr").nth(1).locator("b").first.inner_text() == "25.0 %"
    assert page.locator("#comparison tr").count() == 3
    assert page.locator("figure svg path.line").count() == 8


def test_every_section_is_one_key_away_from_the_top(page):
    page.get_by_role("navigation", name="Sections").get_by_role("button", name="Problems", exact=True).press("Enter")
    heading = page.get_by_role("heading", name="Problems", exact=True)
    assert heading.evaluate("head => head === document.activeElement")
    assert 0 <= heading.bounding_box()["y"] < page.viewport_size["height"]


def test_the_comparison_is_whole_on_a_usual_screen(page):
    page.set_viewport_size({"width": 1400, "height": 900})
    assert page.locator("#comparison").evaluate("table => table.scrollWidth <= table.parentElement.clientWidth")
    assert no_sideways_scroll(page)


def test_the_table_says_what_several_samples_solve(page):
    heads = page.locator("#comparison th").all_inner_texts()
    assert heads[1:5] == ["solved", "pass@2", "1@2", "solved by any sample"]
    cells = page.locator("#comparison tr").nth(1).locator("td").all_inner_texts()
    assert [cell.split("\n")[0] for cell in cells[:4]] == ["16.7 %", "33.3 %", "16.7 %", "33.3 %"]


def test_costs_are_of_a_rollout_or_of_a_solved_problem(page):
    shown = page.locator("#costs tbody tr").first.locator("td")
    assert shown.all_inner_texts() == ["4.0", "480", "$0.040", "4.5"]
    page.select_option("#cost-per", label="per solved problem")
    assert shown.all_inner_texts() == ["24.0", "2880", "$0.24", "27.0"]
    page.locator("summary", has_text="All kinds of cost per solved problem").click()
    heads = page.locator("#cost tr").first.locator("th")
    heads.first.wait_for()  # drawn when the block opens
    assert heads.all_inner_texts() == ["cost", "plain", "tuned"]


def test_curves_are_read_by_pointing_and_by_keys_and_are_switched_off(page):
    drawing = page.locator("figure", has_text="LM calls")
    area = drawing.locator("svg[role=slider]").bounding_box()
    page.mouse.move(area["x"] + area["width"] - 3, area["y"] + 40)
    said = drawing.locator(".readout")
    assert "up to 8 LM calls" in said.inner_text() and "16.7 %" in said.inner_text()
    assert said.locator("li").count() == 2
    drawing.locator("svg[role=slider]").focus()
    page.keyboard.press("Home")
    assert "up to 3 LM calls" in said.inner_text() and "16.7 %" not in said.inner_text()
    toggle = page.get_by_role("button", name="plain").first
    toggle.click()
    assert toggle.get_attribute("aria-pressed") == "false"
    assert said.locator("li").count() == 1 and "tuned" in said.inner_text()
    assert page.locator("figure g.arm-0.off").count() == 4
    page.reload()
    assert page.get_by_role("button", name="plain").first.get_attribute("aria-pressed") == "false"


def test_flips_are_listed_for_any_two_programs(page):
    assert (
        "Equally often: 2 of 2 problems that both have."
        in page.locator("section", has_text="only one of them").inner_text()
    )
    page.select_option("#flips-two", label="plain")
    assert "These are the same program." in page.locator("section", has_text="only one of them").inner_text()


def test_the_funnel_says_where_rollouts_and_answers_are_lost(page):
    cells = page.locator("#funnel tbody tr").nth(1).locator("td").all_inner_texts()
    assert cells == ["4", "4 (100.0 %)", "3 (75.0 %)", "1 (25.0 %)"]
    stages = page.locator("#stages tbody tr")
    assert stages.first.inner_text().split() == ["ReflectOnProblem", "12", "50.0", "%", "0", "0"]
    assert page.locator("#origins tr").nth(2).locator("td").last.inner_text().split("\n")[0] == "25.0 %"


def test_the_difference_of_the_prompts_is_shown_line_by_line(browser, tmp_path):
    run = store(tmp_path / "run", [traced("plain"), traced("tuned")])
    plain = write_start(run / "artifacts" / "plain", "direct")
    made, manifest = artifact.load(plain, {"temperature": 0.5})
    (predictor,) = made.predictors()
    kept, *_ = predictor.signature.instructions.splitlines()
    predictor.signature = predictor.signature.with_instructions(f"{kept}\n-- {HOSTILE}\n+++ end")
    artifact.save(run / "artifacts" / "tuned", made, manifest)
    write_report([run], tmp_path / "report.html")
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto((tmp_path / "report.html").as_uri())
    assert "NOT ONLY THE PROMPTS DIFFER: temperature" in page.locator(".note", has_text="NOT ONLY").inner_text()
    page.locator("#prompt-differences summary").first.click()
    page.locator("#prompt-differences summary", has_text="line by line").click()
    added = page.locator("#prompt-differences .code-line.added .code-text").all_inner_texts()
    assert added[0].startswith("-- </script><script>document.title") and added[-1].strip() == "+++ end"
    assert page.locator("#prompt-differences .code-line.gap").count() >= 2
    page.close()


def test_signs_are_explained_on_both_pages(page):
    for opened in (None, "tuned on Double"):
        if opened:
            page.get_by_label(opened).first.click()
            page.locator(".trace").wait_for()
        page.locator("summary", has_text="What the signs mean").click()
        assert "time limit exceeded" in page.locator("dl").inner_text()
    assert page.locator(".trace abbr", has_text="WA").first.get_attribute("title") == "wrong answer"


def test_problems_are_sorted_and_what_is_chosen_survives_a_reload(page):
    head = page.get_by_role("button", name="solved", exact=True)
    head.click()
    assert rows(page) == ["Double", "Halve", "Hostil"]
    head.click()
    assert rows(page) == ["Halve", "Hostil", "Double"]
    page.reload()
    assert rows(page) == ["Halve", "Hostil", "Double"]
    assert page.locator("#grid th[aria-sort=ascending]").inner_text().strip() == "solved"


def test_the_grid_shows_a_mark_a_sample(page):
    grid = page.locator("#grid")
    assert grid.get_by_label("tuned on Double: 1 of 2 solved").inner_text() == "●○"
    assert grid.get_by_label("tuned on Halve: 0 of 2 solved").inner_text() == "––"


def test_the_grid_is_filtered_by_name_status_and_program(page):
    assert rows(page) == ["Double", "Halve", "Hostil"]
    page.fill("#filter-name", "hal")
    assert rows(page) == ["Halve"] and page.locator("#count").inner_text() == "1 of 3 problems"
    page.fill("#filter-name", "")
    page.select_option("#filter-state", "solved")
    assert rows(page) == ["Double"]
    page.select_option("#filter-state", "unjudged")
    assert rows(page) == ["Halve"]
    page.select_option("#filter-arm", label="plain")
    assert rows(page) == []
    page.select_option("#filter-state", "any")
    assert page.locator("#grid thead th").all_inner_texts() == ["problem", "hidden tests passed", "solved", "plain"]


def test_three_clicks_lead_to_why_and_to_the_prompt(page):
    page.locator("#grid").get_by_label("tuned on Double").click()
    why = page.locator(".why")
    why.wait_for()
    assert "tuned, sample 1: failed" in why.inner_text()
    assert "On the first of them it prints “2” instead of “4”." in why.inner_text()
    assert "passes everything; the flow chose another program" in why.inner_text()
    page.locator(".event.call summary", has_text="WriteCode").click()
    assert "print(n)" in page.locator(".event[open] pre").first.inner_text()
    page.locator(".event[open] .message summary", has_text="user").click()
    assert "## problem" in page.locator(".event[open] .message[open] pre").inner_text()


def test_the_trace_is_in_order_and_a_later_program_is_shown_as_a_difference(page):
    page.locator("#grid").get_by_label("plain on Double").click()
    titles = page.locator(".trace .what")
    titles.first.wait_for()
    assert titles.all_inner_texts() == [
        *("ReflectOnProblem", "ReflectOnProblem", "WriteCode", "Program 1 on public tests"),
        *("Program 1: the first program", "Best is now program 1", "FixCode", "Program 2 on public tests"),
        *("Program 2: a fix", "fix kept: WA became AC", "Best is now program 2"),
    ]
    page.locator(".event.judge summary").nth(1).click()
    changed = page.locator(".event.judge[open] .code-line.added, .event.judge[open] .code-line.removed")
    changed.first.wait_for()  # it is drawn when the event opens
    assert [line.split() for line in changed.all_inner_texts()] == [["−", "print(n)"], ["3", "+", "print(n", "*", "2)"]]
    assert changed.nth(1).locator(".py-number").inner_text() == "2"
    page.get_by_role("button", name="whole program").click()
    assert page.locator(".event.judge[open] .code-line").count() == 3
    assert page.locator(".event.judge[open] .run h4").all_inner_texts() == ["Test 1: AC", "Test 2: AC"]


def test_what_is_not_opened_is_not_built(page):
    page.locator("#grid").get_by_label("plain on Double").click()
    page.locator(".trace").wait_for()
    assert page.locator(".trace pre").count() == 0


def test_the_address_leads_to_a_rollout_and_back(page, report):
    page.goto(f"{report.as_uri()}#problem=0&arm=1&sample=0")
    page.locator(".why", has_text="tuned, sample 0: solved").wait_for()
    page.locator(".sample", has_text="1").last.click()
    page.locator(".why", has_text="tuned, sample 1: failed").wait_for()
    page.get_by_role("link", name="next").click()
    page.locator("h1", has_text="Halve").wait_for()
    page.locator("#back").click()
    page.locator("#grid").wait_for()
    page.go_back()
    page.locator("h1", has_text="Halve").wait_for()


def test_a_rollout_that_was_not_judged_says_so(page):
    page.locator("#grid").get_by_label("tuned on Halve").click()
    assert "Not judged: JudgeError: lost." in page.locator(".why").inner_text()
    assert page.locator(".note", has_text="No trace").count() == 1


def test_a_story_whose_texts_are_gone_still_has_its_events(browser, tmp_path):
    run = store(tmp_path / "run", [traced()])
    for trace in run.rglob("*.jsonl.gz"):
        trace.unlink()
    write_report([run], tmp_path / "report.html")
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"{(tmp_path / 'report.html').as_uri()}#problem=0&arm=0&sample=0")
    page.locator(".note", has_text="The texts of this trace were not stored.").wait_for()
    page.locator(".event.judge summary").first.click()
    assert page.locator(".event[open] p").inner_text() == "The text of this program was not stored."
    page.close()


def test_hostile_names_and_texts_are_shown_and_do_nothing(page):
    title = page.title()
    page.locator("#grid").get_by_label("tuned on Hostile").click()
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
    page.locator("#grid").get_by_label("tuned on Hostile").click()
    page.locator(".trace").wait_for()
    open_everything(page)
    assert no_sideways_scroll(page)


def test_dark_mode_is_dark(page):
    page.emulate_media(color_scheme="dark")
    red, green, blue = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")[:3]
    assert max(red, green, blue) < 60


def test_a_live_page_loads_itself_again_but_not_under_somebodys_hands(browser, tmp_path):
    live = tmp_path / "report.html"
    run = store(tmp_path / "run", [traced("plain"), traced("tuned")])
    write_report([run], live, live=1)
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(live.as_uri())
    assert "This first page reloads itself" in page.locator(".live").inner_text()
    assert page.locator(".finding").all_inner_texts() == [NOT_YET]
    page.locator("summary", has_text="What the signs mean").click()
    page.evaluate("document.body.className = 'as it was opened'; reload()")
    assert page.locator("body.as").count() == 1
    page.locator("summary", has_text="What the signs mean").click()
    page.locator("body.as").wait_for(state="detached")
    write_report([run], live)
    page.locator(".live").wait_for(state="detached")
    assert page.locator("h1").inner_text() == "2 programs on 1 problem"
    page.close()


def test_the_index_lists_runs_sorts_and_leads_to_their_reports(browser, tmp_path):
    store(tmp_path / "runs" / "first", [traced("plain")], data=HOSTILE)
    store(tmp_path / "runs" / "second run#", [traced("tuned", end="failed")])
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(write_index(tmp_path / "runs").as_uri())
    names = page.locator("#runs tbody th a")
    assert names.all_inner_texts() == ["first", "second run#"]
    page.get_by_role("button", name="run", exact=True).click()
    assert names.all_inner_texts() == ["second run#", "first"]
    page.fill("#filter-name", "TUNED")
    assert names.all_inner_texts() == ["second run#"]
    page.set_viewport_size(PHONE)
    assert no_sideways_scroll(page)
    names.first.click()
    page.locator("h1", has_text="1 program on 1 problem").wait_for()
    page.close()


def test_two_programs_on_one_problem_stand_side_by_side(page):
    page.locator("#grid").get_by_label("plain on Double").click()
    page.locator(".trace").wait_for()
    page.locator(".sample", has_text="0").first.click()
    page.locator(".why", has_text="plain, sample 0: solved").wait_for()
    page.select_option("#pair", label="tuned, sample 1 ○")
    page.locator(".why", has_text="tuned, sample 1: failed").wait_for()
    assert page.locator(".why").count() == page.locator(".trace").count() == 2
    changed = page.locator("#difference .code-line.added, #difference .code-line.removed")
    assert [line.split() for line in changed.all_inner_texts()] == [["−", "print(n", "*", "2)"], ["3", "+", "print(n)"]]
    page.set_viewport_size(PHONE)
    assert no_sideways_scroll(page)
    page.select_option("#pair", label="nothing")
    page.locator(".pair").first.wait_for(state="detached")
    assert page.locator(".why").count() == 1


def test_lines_compared_in_the_page_are_those_that_differ(page):
    found = page.evaluate(
        """() => [["a b c d", "a c x d"], ["b", "b a"], ["a b", "a b"], ["a", "b"]].map(
        (texts) => lineChanges(...texts.map((text) => text.split(" "))))"""
    )
    assert found == [[[1, 2, 1, 1], [3, 3, 2, 3]], [[1, 1, 1, 2]], [], [[0, 1, 0, 1]]]


def test_a_program_is_coloured_and_copied_as_it_is(page):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("#grid").get_by_label("plain on Double").click()
    page.locator(".answer summary").click()
    page.locator(".answer .copy").click()
    page.locator(".answer .copy", has_text="copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == SECOND
    assert page.locator(".answer .py-number").all_inner_texts() == ["2"]


def test_colours_take_any_text_for_a_program_and_lose_none_of_it(page):
    shown = 'def f(x):  # why\n    """a\nb"""\n    return rb"x\\"" + 1e5'
    programs = [shown, "'" * 3 + "never closed\n if", '"a\\', HOSTILE.replace("\u2028", " "), "\n\n"]
    painted = page.evaluate(
        """(texts) => texts.map((text) => paintedLines(text).map(
        (line) => line.map((part) => part.textContent ?? part).join("")))""",
        programs,
    )
    assert painted == [program.removesuffix("\n").split("\n") for program in programs]
    kinds = page.evaluate(
        """(text) => paintedLines(text).flat().filter((part) => part.className)
        .map((part) => [part.className, part.textContent])""",
        shown,
    )
    assert kinds == [
        ["py-keyword", "def"],
        ["py-name", "f"],
        ["py-comment", "# why"],
        ["py-string", '"""a'],
        ["py-string", 'b"""'],
        ["py-keyword", "return"],
        ["py-string", 'rb"x\\""'],
        ["py-number", "1e5"],
    ]
    slow = "'" * 50_000 + '"' * 50_000 + "\\" * 50_000
    assert page.evaluate("(text) => paintedLines(text).length", slow) == 1
