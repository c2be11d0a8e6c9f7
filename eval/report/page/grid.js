// Programs by problems: one mark a sample, told apart by form and by colour; a cell opens the problem's story.

const MARKS = { s: ["●", "solved"], f: ["○", "failed"], n: ["–", "not judged"] };

const STATES = [
  ["any", "any", () => true],
  ["solved", "solved at least once", (samples) => samples.some(([state]) => state === "s")],
  ["unsolved", "never solved", (samples) => !samples.some(([state]) => state === "s")],
  ["failed", "failed at least once", (samples) => samples.some(([state]) => state === "f")],
  ["unjudged", "not judged at least once", (samples) => samples.some(([state]) => state === "n")],
  ["differ", "programs differ", (samples, row) => new Set(row.map(solvedShare)).size > 1],
];

const filters = { name: "", state: "any", arm: "all" };

function solvedShare(samples) {
  return samples.filter(([state]) => state === "s").length / Math.max(1, samples.length);
}

function grid(data) {
  const table = make("table", { id: "grid" });
  const count = make("p", { id: "count", class: "quiet", role: "status" });
  const refresh = () => fillGrid(data, table, count);
  const set = (key) => (event) => {
    filters[key] = event.target.value;
    refresh();
  };
  const arms = [["all", "all"], ...data.arms.map((arm, index) => [`${index}`, arm.name])];
  refresh();
  return make(
    "section",
    {},
    make("h2", {}, "Problems"),
    make(
      "div",
      { class: "filters" },
      make("label", {}, "Name ", make("input", { type: "search", id: "filter-name", input: set("name") })),
      fill(choice("Status", STATES, set("state")), { id: "filter-state" }, []),
      fill(choice("Program", arms, set("arm")), { id: "filter-arm" }, []),
    ),
    make("p", { class: "quiet" }, Object.values(MARKS).map(([sign, name]) => `${sign} ${name} `).join(" ")),
    count,
    make("div", { class: "wide" }, table),
  );
}

function fillGrid(data, table, count) {
  const arms = data.arms.map((_, index) => index).filter((index) => filters.arm === "all" || filters.arm === `${index}`);
  const [, , fits] = STATES.find(([value]) => value === filters.state);
  const wanted = filters.name.toLowerCase();
  const shown = data.problems
    .map((name, number) => ({ name, number, row: data.cells[number] }))
    .filter(({ name, row }) => name.toLowerCase().includes(wanted) && fits(arms.flatMap((arm) => row[arm]), row));
  count.textContent = `${shown.length} of ${plural(data.problems.length, "problem")}`;
  table.replaceChildren(
    make("tr", {}, make("th", {}, "problem"), arms.map((arm) => make("th", {}, data.arms[arm].name))),
    ...shown.map(({ name, number, row }) => {
      const cells = arms.map((arm) => make("td", {}, cell(row[arm], name, number, arm, data.arms[arm].name)));
      return make("tr", {}, make("th", {}, make("a", { href: address(number, arms[0], 0) }, name)), cells);
    }),
  );
}

function cell(samples, name, number, arm, armName) {
  if (!samples.length) return "·";
  const solved = samples.filter(([state]) => state === "s").length;
  const first = samples.findIndex(([state]) => state !== "s"); // of interest is what went wrong
  const label = `${armName} on ${name}: ${solved} of ${samples.length} solved`;
  return make(
    "a",
    { href: address(number, arm, samples[Math.max(0, first)][1]), class: "cell", "aria-label": label },
    samples.map(([state, sample, passed, total]) => {
      const told = state === "n" ? "" : `, hidden tests ${passed} of ${total}`;
      return make("span", { class: `mark ${state}`, title: `sample ${sample}: ${MARKS[state][1]}${told}` }, MARKS[state][0]);
    }),
  );
}

function address(problem, arm, sample) {
  return `#problem=${problem}&arm=${arm}&sample=${sample}`;
}
