// What a rollout costs, and a solved problem: the main kinds drawn, all kinds as a table.

const DRAWN = ["LM calls", "tokens", "USD", "seconds"];
const PER = [
  ["0", "per rollout"],
  ["1", "per solved problem"],
];

function costs(data) {
  const kinds = [...new Set(data.arms.flatMap((arm) => Object.keys(arm.costs)))];
  if (!kinds.length) return undefined;
  const holder = make("div");
  const show = () => holder.replaceChildren(costChart(data, kinds), costDetails(data, kinds));
  show();
  return section(
    "Cost",
    choice("show", PER, chosen.per ?? "0", (value) => (choose("per", value), show()), "cost-per"),
    holder,
    make("p", { class: "quiet" }, "The cost per solved problem includes failed rollouts. Intervals are 95 % intervals over problems."),
  );
}

const costOf = (arm, kind) => arm.costs[kind]?.[Number(chosen.per ?? 0)] ?? [null, null, null];

function costChart(data, kinds) {
  const drawn = DRAWN.filter((kind) => kinds.includes(kind));
  const most = Object.fromEntries(drawn.map((kind) => [kind, Math.max(...data.arms.map((arm) => costOf(arm, kind)[0] ?? 0))]));
  const rows = data.arms.map((arm, index) =>
    make(
      "tr",
      { class: `arm-${index % 8}` },
      make("th", { scope: "row" }, arm.name),
      drawn.map((kind) => {
        const [value, low, high] = costOf(arm, kind);
        const title = `${quantity(low, kind)} to ${quantity(high, kind)}`;
        const drawing = known(value) && most[kind] > 0 && bar([[value / most[kind], "spent", title]]);
        return make("td", { "data-name": kind }, measure(drawing, make("span", { title }, quantity(value, kind))));
      }),
    ),
  );
  const heads = drawn.map((kind) => make("th", { scope: "col" }, kind));
  return make("table", { id: "costs", class: "chart" }, make("thead", {}, make("tr", {}, make("th", {}, "program"), heads)), make("tbody", {}, rows));
}

function costDetails(data, kinds) {
  return unfolding({ class: "part" }, `All kinds of cost ${PER[Number(chosen.per ?? 0)][1]}, with intervals`, () => {
    const rows = kinds.map((kind) => {
      const cells = data.arms.map((arm) => {
        const [value, low, high] = costOf(arm, kind);
        return make("td", {}, quantity(value, kind), known(value) && make("small", {}, `${quantity(low, kind)} to ${quantity(high, kind)}`));
      });
      return make("tr", {}, make("th", {}, kind), cells);
    });
    const heads = data.arms.map((arm) => make("th", {}, arm.name));
    return wide("Cost", make("table", { id: "cost" }, make("tr", {}, make("th", {}, "cost"), heads), rows));
  });
}
