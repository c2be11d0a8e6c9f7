// The runs of a folder, each with a link to its report.

function runColumns() {
  const best = (run) => Math.max(-1, ...run.arms.map(([, share]) => share?.[0] ?? -1));
  return [
    { name: "run", key: (run) => run.name, cell: (run) => make("a", { href: run.report }, run.name) },
    { name: "solved (95 % CI)", down: true, key: best, cell: (run) => make("div", { class: "arms" }, run.arms.map(armLine)) },
    { name: "last rollout", down: true, key: (run) => run.changed, cell: (run) => run.changed },
    { name: "model", key: (run) => run.lm, cell: (run) => run.lm },
    { name: "data", key: (run) => run.data, cell: (run) => run.data },
    { name: "problems", down: true, key: (run) => run.problems, cell: (run) => `${run.problems} × ${run.samples}` },
    { name: "rollouts", key: (run) => run.missing, cell: (run) => (run.missing ? `${run.done} of ${run.done + run.missing}` : `${run.done}`) },
    { name: "cost", down: true, key: (run) => run.dollars, cell: (run) => money(run.dollars) },
  ];
}

const SHARES = shareScale([0, 1]);

function armLine([name, share], index) {
  return make(
    "div",
    { class: `arm-${index % 8}` },
    make("span", { class: "name", title: name }, name),
    share ? estimate(SHARES, share, "full") : make("span"),
    make("span", {}, share ? `${percent(share[0])} (${interval(share[1], share[2])})` : "nothing was judged"),
  );
}

const data = JSON.parse(document.getElementById("overview").textContent);
const { table, refill } = sortedTable("runs", "order");
const count = make("p", { class: "quiet", role: "status" });

function showRuns() {
  const wanted = (chosen.name ?? "").toLowerCase();
  const words = (run) => [run.name, run.lm, run.data, ...run.arms.map(([name]) => name)].join("\n").toLowerCase();
  const shown = data.runs.filter((run) => words(run).includes(wanted));
  count.textContent = `${shown.length} of ${plural(data.runs.length, "run")}`;
  refill(runColumns(), shown);
}

showRuns();
document.getElementById("page").replaceChildren(
  make("h1", {}, data.title),
  make(
    "div",
    { class: "filters" },
    make(
      "label",
      {},
      "Run, model, data or program ",
      make("input", { type: "search", id: "filter-name", value: chosen.name ?? "", input: (event) => (choose("name", event.target.value), showRuns()) }),
    ),
  ),
  count,
  wide("Runs", table),
  data.others.length
    ? make("details", { class: "part" }, make("summary", {}, `${plural(data.others.length, "folder")} left out`), make("ul", {}, data.others.map(([name, why]) => make("li", {}, make("b", {}, name), `: ${why}`))))
    : "",
);
