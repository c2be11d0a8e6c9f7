// All programs: what each solves and how it differs from the first, as a plot and as a table.

function forest(data) {
  const judged = data.arms.filter((arm) => arm.solved);
  if (!judged.length) return undefined;
  const against = data.arms.filter((arm) => arm.against);
  const shares = { name: "solved", scale: shareScale(judged.flatMap((arm) => arm.solved)), text: (tick) => `${Math.round(tick * 100)} %` };
  const differences = [
    [`solved, against ${data.arms[0].name}`, "solved"],
    [`hidden tests passed, against ${data.arms[0].name}`, "hidden"],
  ].map(([name, measure]) => {
    const scale = shareScale(against.flatMap((arm) => arm.against[measure].interval).filter(known));
    return { name, measure, scale, text: (tick) => (Math.abs(tick) < 1e-9 ? "0" : `${tick < 0 ? "−" : "+"}${Math.round(Math.abs(tick) * 100)}`) };
  });
  const columns = against.length ? [shares, ...differences] : [shares];
  return make(
    "section",
    {},
    make(
      "table",
      { id: "forest" },
      make(
        "thead",
        {},
        make("tr", {}, make("th", { scope: "col" }, "program"), columns.map(({ name }) => make("th", { scope: "col" }, name))),
        make("tr", { class: "axes" }, make("td", {}), columns.map(({ name, scale, text }) => make("td", { "data-name": name }, axis(scale, text)))),
      ),
      make("tbody", {}, data.arms.map((arm, index) => forestRow(arm, index, columns))),
    ),
    make(
      "p",
      { class: "quiet" },
      "Lines are 95 % intervals. ",
      against.length ? "A difference is in points; it is drawn full where it is shown (p at most 0.05 after correction), else hollow." : "",
    ),
  );
}

function forestRow(arm, index, columns) {
  const cells = columns.map(({ name, measure, scale }) => {
    const cell = make("td", { "data-name": name });
    if (!measure) {
      const [value, low, high] = arm.solved ?? [];
      return arm.solved
        ? fill(cell, {}, [estimate(scale, arm.solved, "full"), make("p", {}, make("b", {}, percent(value)), ` (${interval(low, high)})`)])
        : fill(cell, {}, ["nothing was judged"]);
    }
    const found = arm.against?.[measure];
    if (!found) return fill(cell, {}, [index ? "no problem in common" : "baseline of the comparisons"]);
    const text = `${found.value} points (${found.ends}), p ${found.p.startsWith("<") ? "" : "= "}${found.p}`;
    return fill(cell, {}, [estimate(scale, found.interval, found.shown ? "full" : "hollow"), make("p", {}, found.shown ? make("b", {}, text) : text)]);
  });
  return make("tr", { class: `arm-${index % 8}` }, make("th", { scope: "row" }, swatch(index), " ", arm.name), cells);
}

// A number with its interval on a separate line.
function figure(value, [low, high]) {
  return [value, make("small", {}, interval(low, high))];
}

const shareFigure = (share) => (share ? figure(percent(share[0]), share.slice(1)) : UNKNOWN);

function differenceFigure(found) {
  if (!found) return UNKNOWN;
  return [make(found.shown ? "b" : "span", {}, found.value), make("small", {}, found.ends)];
}

// Columns for k samples per problem: solved with an oracle, without one, and by any sample.
function severalSamples(k) {
  if (k < 2) return [];
  return [
    [`pass@${k}`, (arm) => shareFigure(arm.best_of === k && arm.pass_at_k)],
    [`1@${k}`, (arm) => shareFigure(arm.best_of === k && arm.one_at_k)],
    ["solved by any sample", (arm) => shareFigure(arm.solved_by_any)],
  ];
}

const AGAINST = [
  ["solved, against the first", (arm) => differenceFigure(arm.against?.solved)],
  ["p", (arm) => arm.against?.solved.p ?? UNKNOWN],
  ["problems better, worse", (arm) => (arm.against ? `${arm.against.better}, ${arm.against.worse}` : UNKNOWN)],
  ["hidden tests, against the first", (arm) => differenceFigure(arm.against?.hidden)],
  ["p", (arm) => arm.against?.hidden.p ?? UNKNOWN],
  ["power for +10 points", (arm) => (known(arm.against?.power) ? percent(arm.against.power) : UNKNOWN)],
];

function comparisonTable(data) {
  const most = Math.max(0, ...data.arms.map((arm) => arm.best_of));
  const columns = [
    ["program", (arm) => arm.name],
    ["solved", (arm) => shareFigure(arm.solved)],
    ...severalSamples(most),
    ["hidden tests passed", (arm) => shareFigure(arm.hidden)],
    ["all public passed", (arm) => percent(arm.public)],
    ...(data.family ? AGAINST : []),
    ["rollouts judged", (arm) => `${arm.samples} of ${arm.samples + arm.not_judged}`],
  ];
  const rows = data.arms.map((arm) => make("tr", {}, columns.map(([, value], i) => make(i ? "td" : "th", {}, value(arm)))));
  return section(
    "Programs compared",
    wide("Programs compared", make("table", { id: "comparison" }, make("tr", {}, columns.map(([name]) => make("th", {}, name))), rows)),
    data.remarks.map((said) => make("p", { class: "quiet" }, said)),
    make("p", { class: "quiet" }, `${data.family} Intervals are 95 % intervals over problems; docs/reference/eval.md describes them.`),
  );
}
