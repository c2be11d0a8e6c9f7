// All problems with what the data says of them and one mark a sample; a mark opens the problem's story.

const STATES = [
  ["any", "any", () => true],
  ["solved", "solved at least once", (samples) => samples.some(([state]) => state === "s")],
  ["unsolved", "never solved", (samples) => !samples.some(([state]) => state === "s")],
  ["failed", "failed at least once", (samples) => samples.some(([state]) => state === "f")],
  ["unjudged", "not judged at least once", (samples) => samples.some(([state]) => state === "n")],
  ["differ", "programs differ", (samples, row) => new Set(row.map(solvedShare)).size > 1],
];

function solvedShare(samples) {
  return samples.filter(([state]) => state === "s").length / Math.max(1, samples.length);
}

// The mean share of hidden tests passed of the judged samples; null where there is none.
function hiddenShare(samples) {
  const shares = samples.filter(([state, , , total]) => state !== "n" && total).map(([, , passed, total]) => passed / total);
  return shares.length ? shares.reduce((sum, share) => sum + share, 0) / shares.length : null;
}

function problemList(data) {
  const { table, refill } = sortedTable("grid", "order");
  const count = make("p", { id: "count", class: "quiet", role: "status" });
  const refresh = () => showProblems(data, refill, count);
  const set = (key) => (value) => (choose(key, value), refresh());
  const one = (key, label, options) => choice(label, options, chosen[key] ?? options[0][0], set(key), `filter-${key}`);
  const arms = [["all", "all"], ...data.arms.map((arm, index) => [`${index}`, arm.name])];
  const values = (of) => ["", ...new Set(data.facts.flatMap(of))].sort((a, b) => a.localeCompare(b, "en", { numeric: true })).map((each) => [each, each || "any"]);
  const [difficulties, tags] = [values(([difficulty]) => difficulty || []), values(([, tags]) => tags)];
  const name = make("input", { type: "search", id: "filter-name", value: chosen.name ?? "", input: (event) => set("name")(event.target.value) });
  refresh();
  return section(
    "Problems",
    make(
      "div",
      { class: "filters" },
      make("label", {}, "Name ", name),
      one("state", "Status", STATES),
      one("arm", "Program", arms),
      difficulties.length > 1 && one("difficulty", "Difficulty", difficulties),
      tags.length > 1 && one("tag", "Tag", tags),
    ),
    count,
    wide("Problems", table),
  );
}

function showProblems(data, refill, count) {
  const wanted = { name: "", state: "any", arm: "all", difficulty: "", tag: "", ...chosen };
  const arms = data.arms.map((_, index) => index).filter((index) => wanted.arm === "all" || wanted.arm === `${index}`);
  const [, , fits] = STATES.find(([value]) => value === wanted.state) ?? STATES[0];
  const shown = data.problems
    .map((name, number) => ({ name, number, row: data.cells[number], facts: data.facts[number] }))
    .map((each) => ({ ...each, samples: arms.flatMap((arm) => each.row[arm]) }))
    .filter(({ name }) => name.toLowerCase().includes(wanted.name.toLowerCase()))
    .filter(({ facts: [difficulty, tags] }) => (!wanted.difficulty || difficulty === wanted.difficulty) && (!wanted.tag || tags.includes(wanted.tag)))
    .filter(({ samples, row }) => fits(samples, row));
  count.textContent = `${shown.length} of ${plural(data.problems.length, "problem")}`;
  refill(problemColumns(data, arms), shown);
}

function problemColumns(data, arms) {
  const has = (place) => data.facts.some((facts) => (Array.isArray(facts[place]) ? facts[place].length : facts[place]));
  return [
    { name: "problem", key: ({ number }) => number, cell: ({ name, number }) => make("a", { href: address(number, arms[0], 0) }, name) },
    has(0) && { name: "difficulty", key: ({ facts }) => facts[0] || null, cell: ({ facts }) => facts[0] || UNKNOWN },
    has(2) && { name: "rating", key: ({ facts }) => facts[2] || null, cell: ({ facts }) => (facts[2] ? `${facts[2]}` : UNKNOWN) },
    has(1) && { name: "tags", key: ({ facts }) => facts[1].join(", "), cell: ({ facts }) => make("span", { class: "tags" }, facts[1].join(", ")) },
    { name: "hidden tests passed", down: true, key: ({ samples }) => hiddenShare(samples), cell: ({ samples }) => percent(hiddenShare(samples)) },
    { name: "solved", down: true, key: ({ samples }) => solvedShare(samples), cell: ({ samples }) => percent(judgedShare(samples)) },
    ...arms.map((arm) => ({
      name: data.arms[arm].name,
      down: true,
      key: ({ row }) => judgedShare(row[arm]),
      cell: ({ name, number, row }) => cell(row[arm], name, number, arm, data.arms[arm].name),
    })),
  ].filter((column) => column);
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
      const counts = state === "n" ? "" : `, hidden tests ${passed} of ${total}`;
      return make("span", { class: `mark ${state}`, title: `sample ${sample}: ${MARKS[state][1]}${counts}` }, MARKS[state][0]);
    }),
  );
}

function address(problem, arm, sample) {
  return `#problem=${problem}&arm=${arm}&sample=${sample}`;
}
