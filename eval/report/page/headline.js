// The headline and the table of all programs, each figure with its interval.

function headline(data) {
  return make(
    "section",
    {},
    make("h1", {}, data.title),
    make("p", { class: "quiet" }, `${data.subtitle}; ${data.runs.length === 1 ? "run" : "runs"} ${data.runs.join(", ")}`),
    data.notes.map((note) => make("p", { class: "note", role: "note" }, note)),
    make("div", { class: "cards" }, data.arms.map((arm, index) => card(arm, index))),
  );
}

function card(arm, index) {
  return make(
    "div",
    { class: `card arm-${index % 8}` },
    make("h2", {}, arm.name),
    make("p", { class: "figure" }, arm.solved ? percent(arm.solved[0]) : UNKNOWN, make("span", {}, " solved")),
    make("p", {}, arm.solved ? `95 % CI ${interval(arm.solved[1], arm.solved[2])}` : "nothing was judged"),
    severalSamples(arm.best_of).map(([name, share]) => make("p", {}, `${name}: ${share(arm)}`)),
    arm.against && make("p", {}, arm.against.sentence),
    make("p", { class: "quiet" }, arm.lm),
  );
}

const withInterval = (share) => (share ? `${percent(share[0])} (${interval(share[1], share[2])})` : UNKNOWN);

// Columns for k samples a problem: solved with an oracle, without one, and by any of all samples, however many there are.
function severalSamples(k) {
  if (k < 2) return [];
  return [
    [`pass@${k}`, (arm) => withInterval(arm.best_of === k && arm.pass_at_k)],
    [`1@${k}`, (arm) => withInterval(arm.best_of === k && arm.one_at_k)],
    ["solved by any sample", (arm) => withInterval(arm.solved_by_any)],
  ];
}

const COLUMNS = [
  ["program", (arm) => arm.name],
  ["solved", (arm) => (arm.solved ? percent(arm.solved[0]) : UNKNOWN)],
  ["95 % CI", (arm) => (arm.solved ? interval(arm.solved[1], arm.solved[2]) : UNKNOWN)],
  ["hidden tests passed", (arm) => (arm.hidden ? percent(arm.hidden[0]) : UNKNOWN)],
  ["95 % CI", (arm) => (arm.hidden ? interval(arm.hidden[1], arm.hidden[2]) : UNKNOWN)],
  ["all public passed", (arm) => percent(arm.public)],
  ["solved, against the first (95 % CI)", (arm) => arm.against?.solved[0] ?? UNKNOWN],
  ["p", (arm) => arm.against?.solved[1] ?? UNKNOWN],
  ["problems better, worse", (arm) => (arm.against ? `${arm.against.better}, ${arm.against.worse}` : UNKNOWN)],
  ["hidden tests passed, against the first (95 % CI)", (arm) => arm.against?.hidden[0] ?? UNKNOWN],
  ["p", (arm) => arm.against?.hidden[1] ?? UNKNOWN],
  ["power for +10 points solved", (arm) => (known(arm.against?.power) ? percent(arm.against.power) : UNKNOWN)],
  ["rollouts judged", (arm) => `${arm.samples} of ${arm.samples + arm.not_judged}`],
];

function comparisonTable(data) {
  const most = Math.max(0, ...data.arms.map((arm) => arm.best_of));
  const columns = [...COLUMNS.slice(0, 3), ...severalSamples(most), ...COLUMNS.slice(3)];
  const rows = data.arms.map((arm) => make("tr", {}, columns.map(([, value], i) => make(i ? "td" : "th", {}, value(arm)))));
  return make(
    "section",
    {},
    make("h2", {}, "Programs compared"),
    make(
      "div",
      { class: "wide", tabindex: "0", role: "region", "aria-label": "Programs compared" },
      make("table", { id: "comparison" }, make("tr", {}, columns.map(([name]) => make("th", {}, name))), rows),
    ),
    make("p", { class: "quiet" }, `${data.family} Intervals are 95 % intervals over problems; docs/reference/eval.md says which.`),
  );
}

function costTable(data) {
  const kinds = [...new Set(data.arms.flatMap((arm) => Object.keys(arm.costs)))];
  if (!kinds.length) return undefined;
  const heads = data.arms.flatMap((arm) => [`${arm.name}, a rollout`, `${arm.name}, a solved problem`]);
  const rows = kinds.map((kind) => {
    const cells = data.arms.flatMap((arm) => arm.costs[kind] ?? [null, null]);
    return make("tr", {}, make("th", {}, kind), cells.map((cell) => make("td", {}, cost(cell, kind))));
  });
  return make(
    "section",
    {},
    make("h2", {}, "Cost"),
    make(
      "div",
      { class: "wide", tabindex: "0", role: "region", "aria-label": "Cost" },
      make("table", { id: "cost" }, make("tr", {}, make("th", {}, "cost"), heads.map((name) => make("th", {}, name))), rows),
    ),
    make("p", { class: "quiet" }, "With 95 % intervals. A solved problem is charged with the failed rollouts too."),
  );
}

function cost(numbers, kind) {
  if (!numbers || !known(numbers[0])) return UNKNOWN;
  const shown = (number) => (!known(number) ? "?" : kind === "USD" ? money(number) : number < 100 ? plain(number) : amount(number));
  return `${shown(numbers[0])} (${shown(numbers[1])} to ${shown(numbers[2])})`;
}
