// Where rollouts and answers are lost on the way to a solved problem.

const STEPS = ["rollouts judged", "gave a program", "passes all public tests", "solved"];

function funnels(data) {
  const arms = data.arms.filter((arm) => arm.funnel.steps[0]);
  if (!arms.length) return undefined;
  return section("From rollouts to solved problems", steps(data), origins(data), stages(data));
}

function steps(data) {
  const rows = data.arms.map((arm, index) =>
    make(
      "tr",
      { class: `arm-${index % 8}` },
      make("th", { scope: "row" }, arm.name),
      arm.funnel.steps.map((count, step) => {
        const share = count / Math.max(1, arm.funnel.steps[0]);
        const text = step ? `${count} (${percent(share)})` : `${count}`;
        return make("td", { "data-name": STEPS[step] }, measure(bar([[share, "spent", text]]), make("span", {}, text)));
      }),
    ),
  );
  const heads = ["program", ...STEPS].map((name) => make("th", { scope: "col" }, name));
  return make("table", { id: "funnel", class: "chart" }, make("thead", {}, make("tr", {}, heads)), make("tbody", {}, rows));
}

// Which kind of program solved the problems; nothing where every program has only one kind.
function origins(data) {
  const kinds = [...new Set(data.arms.flatMap((arm) => arm.funnel.origins.map(([kind]) => kind)))];
  if (kinds.length < 2) return undefined;
  const rows = data.arms.map((arm) => {
    const found = new Map(arm.funnel.origins.map(([kind, ...numbers]) => [kind, numbers]));
    const cells = kinds.map((kind) => {
      const [rollouts, solved] = found.get(kind) ?? [];
      return make("td", {}, known(solved) ? percent(solved) : UNKNOWN, known(rollouts) && make("small", {}, `in ${plural(rollouts, "rollout")}`));
    });
    return make("tr", {}, make("th", { scope: "row" }, arm.name), cells);
  });
  return [
    make("h3", {}, "Which program solved it first"),
    wide("Which program solved it first", make("table", { id: "origins" }, make("tr", {}, ["program", ...kinds].map((name) => make("th", {}, name))), rows)),
    make("p", { class: "quiet" }, "Share of problems, and the number of rollouts with such a program. The shares of a program add up to its solved rate."),
  ];
}

function stages(data) {
  const having = data.arms.map((arm, index) => [`${index}`, arm.name]).filter(([index]) => data.arms[index].funnel.stages.length);
  if (!having.length) return undefined;
  const richest = having.reduce((best, each) => (stagesOf(data, each) > stagesOf(data, best) ? each : best));
  const holder = make("div");
  const show = (index) => holder.replaceChildren(stageTable(data, data.arms[index].funnel.stages));
  const start = having.some(([index]) => index === chosen.stages) ? chosen.stages : richest[0];
  show(start);
  return [
    make("h3", {}, "Outcomes of the answers"),
    choice("of", having, start, (value) => (choose("stages", value), show(value)), "stages-of"),
    make("p", { class: "legend" }, data.fates.map((fate, index) => make("span", {}, make("i", { class: `box fate-${index}` }), " ", fate))),
    holder,
  ];
}

const stagesOf = (data, [index]) => data.arms[index].funnel.stages.length;

function stageTable(data, found) {
  const rows = found.map(([stage, fates, givenUp]) => {
    const calls = fates.reduce((sum, count) => sum + count, 0);
    const share = (count) => count / Math.max(1, calls);
    const parts = fates.map((count, index) => [share(count), `fate-${index}`, `${data.fates[index]}: ${count} (${percent(share(count))})`]);
    const useful = share(fates[0] + fates[1] + fates[2]);
    return make(
      "tr",
      {},
      make("th", { scope: "row" }, stage),
      make("td", { "data-name": "calls" }, `${calls}`),
      make("td", { "data-name": "answers", class: "drawn" }, measure(bar(parts))),
      make("td", { "data-name": "read" }, calls ? percent(useful) : UNKNOWN),
      make("td", { "data-name": "cut off" }, `${fates[3]}`),
      make("td", { "data-name": "given up" }, `${givenUp}`),
    );
  });
  const heads = ["stage", "calls", "answers", "read", "cut off", "given up"].map((name) => make("th", { scope: "col" }, name));
  return make("table", { id: "stages", class: "chart" }, make("thead", {}, make("tr", {}, heads)), make("tbody", {}, rows));
}
