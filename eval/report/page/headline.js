// The headline and the table of all programs, each figure with its interval.

function headline(data) {
  return make(
    "section",
    {},
    make("h1", {}, data.title),
    make("p", { class: "quiet" }, `${data.subtitle}; ${data.runs.length === 1 ? "run" : "runs"} ${data.runs.join(", ")}`),
    data.notes.map((note) => make("p", { class: "note", role: "note" }, note)),
    make("div", { class: "cards" }, data.arms.map((arm, index) => card(arm, index, data.arms[0]))),
  );
}

function card(arm, index, first) {
  return make(
    "div",
    { class: `card arm-${index % 8}` },
    make("h2", {}, arm.name),
    make("p", { class: "figure" }, arm.solved ? percent(arm.solved[0]) : UNKNOWN, make("span", {}, " solved")),
    make("p", {}, arm.solved ? `95 % CI ${interval(arm.solved[1], arm.solved[2])}` : "nothing was judged"),
    arm.against && make("p", {}, comparison(arm.against, first.name)),
    make("p", { class: "quiet" }, arm.lm),
  );
}

function comparison(against, first) {
  const [gain, low, high] = against.difference;
  const shown = low > 0 || high < 0 ? "" : ": not shown at this size";
  const bounds = `95 % CI ${signed(low)} to ${signed(high)}`;
  return `${signed(gain)} points against ${first}, ${bounds}${shown}`;
}

const COLUMNS = [
  ["program", (arm) => arm.name],
  ["solved", (arm) => (arm.solved ? percent(arm.solved[0]) : UNKNOWN)],
  ["95 % CI", (arm) => (arm.solved ? interval(arm.solved[1], arm.solved[2]) : UNKNOWN)],
  ["hidden tests passed", (arm) => (arm.hidden ? percent(arm.hidden[0]) : UNKNOWN)],
  ["95 % CI", (arm) => (arm.hidden ? interval(arm.hidden[1], arm.hidden[2]) : UNKNOWN)],
  ["all public passed", (arm) => percent(arm.public)],
  ["against the first, points", (arm) => (arm.against ? signed(arm.against.difference[0]) : UNKNOWN)],
  ["95 % CI", (arm) => (arm.against ? arm.against.difference.slice(1).map(signed).join(" to ") : UNKNOWN)],
  ["problems better, worse", (arm) => (arm.against ? `${arm.against.better}, ${arm.against.worse}` : UNKNOWN)],
  ["McNemar p", (arm) => (known(arm.against?.p) ? arm.against.p.toFixed(3) : UNKNOWN)],
  ["LM calls", (arm) => plain(arm.calls)],
  ["failed calls", (arm) => plain(arm.failed_calls, 2)],
  ["prompt tokens (cached)", (arm) => `${amount(arm.prompt_tokens)} (${amount(arm.cached_tokens)})`],
  ["answer tokens", (arm) => amount(arm.answer_tokens)],
  ["seconds", (arm) => plain(arm.seconds)],
  ["dollars", (arm) => money(arm.dollars)],
  ["rollouts judged", (arm) => `${arm.samples} of ${arm.samples + arm.not_judged}`],
];

function comparisonTable(data) {
  const rows = data.arms.map((arm) => make("tr", {}, COLUMNS.map(([, value], i) => make(i ? "td" : "th", {}, value(arm)))));
  return make(
    "section",
    {},
    make("h2", {}, "Programs compared"),
    make(
      "div",
      { class: "wide", tabindex: "0", role: "region", "aria-label": "Programs compared" },
      make("table", { id: "comparison" }, make("tr", {}, COLUMNS.map(([name]) => make("th", {}, name))), rows),
    ),
    make("p", { class: "quiet" }, "Intervals are 95 % bootstrap intervals over problems; costs are means over rollouts."),
  );
}
