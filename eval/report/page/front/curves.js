// Solved against budget, one plot per unit of cost. Programs differ in colour and dash.

const WIDTH = 360;
const HEIGHT = 220;
const LEFT = 38;
const BOTTOM = 28;
const DASHES = ["none", "7 3", "2 3", "8 3 2 3", "none", "7 3", "2 3", "8 3 2 3"];
const UNIT_NAMES = { calls: "LM calls", tokens: "tokens", dollars: "dollars", seconds: "seconds" };

function curves(data) {
  const drawings = Object.entries(data.curves).filter(([, each]) => each.some((curve) => curve));
  if (!drawings.length) return undefined;
  const figures = drawings.map(([unit, each]) => drawing(unit, each, data.arms));
  const hidden = new Set(chosen.hidden ?? []);
  const show = () => figures.forEach(({ show }) => show(hidden));
  const toggles = data.arms.map((arm, index) => {
    const toggle = make("button", { type: "button", class: "toggle", "aria-pressed": `${!hidden.has(index)}` }, swatch(index), " ", arm.name);
    toggle.addEventListener("click", () => {
      if (!hidden.delete(index)) hidden.add(index);
      toggle.setAttribute("aria-pressed", `${!hidden.has(index)}`);
      choose("hidden", [...hidden]);
      show();
    });
    return toggle;
  });
  show();
  return make(
    "section",
    {},
    make("h2", {}, "Solved against budget"),
    make("div", { class: "legend", role: "group", "aria-label": "Programs shown" }, toggles),
    make("div", { class: "curves" }, figures.map(({ element }) => element)),
    make(
      "p",
      { class: "quiet" },
      "Every program samples a problem again until a program passes all public tests or the budget is spent. " +
        "Faint: a lower bound, because the stored samples ran out. Bars are 95 % intervals. To read a plot, point at it or use the arrow keys.",
    ),
  );
}

function swatch(index) {
  const line = draw("line", { x1: 0, y1: 5, x2: 30, y2: 5, class: "line", "stroke-dasharray": DASHES[index % 8] });
  return draw("svg", { width: 30, height: 10, class: `arm-${index % 8}`, "aria-hidden": "true" }, line);
}

// One plot, which shows the values of the curves at the selected budget. `show` hides the programs in a set.
function drawing(unit, each, arms) {
  const budgets = [...new Set(each.flatMap((curve) => curve?.steps.map(([budget]) => budget) ?? []))].sort((a, b) => a - b);
  const x = scale(Math.min(...budgets.filter((budget) => budget > 0), 1e9), budgets.at(-1), unit === "calls");
  const y = (share) => HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - 10);
  const spent = (budget) => (unit === "dollars" ? money(budget) : budget < 100 ? `${+budget.toPrecision(3)}` : amount(budget));
  const ends = each.map((curve, i) => curve && `${arms[i].name} ${percent(curve.steps.at(-1)[1])}`);
  const label = `Solved against ${UNIT_NAMES[unit]}. At the end: ${ends.filter((end) => end).join(", ")}`;
  const lines = each.map((curve, index) => curve && line(curve, index, x.at, y));
  const pointer = draw("line", { class: "pointer", y1: 10, y2: HEIGHT - BOTTOM, x1: -9, x2: -9 });
  const readout = make("div", { class: "readout" });
  let hidden = new Set();
  let place = budgets.length - 1;
  const svg = draw(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "slider", tabindex: "0", "aria-label": label, "aria-valuemin": 0, "aria-valuemax": place },
    [0, 0.25, 0.5, 0.75, 1].map((share) => rule(share, y(share))),
    x.ticks.map((tick) => mark(x.at(tick), unit === "dollars" ? money(tick) : tick < 1 ? `${tick}` : amount(tick))),
    lines,
    pointer,
  );
  const read = () => {
    const budget = budgets[place];
    const found = each
      .map((curve, index) => [index, curve?.steps.findLast(([at]) => at <= budget)?.[1] ?? 0, curve])
      .filter(([index, , curve]) => curve && !hidden.has(index))
      .sort(([, one], [, two]) => two - one);
    const bound = (curve) => (known(curve.open) && budget > curve.open ? "at least " : "");
    const rows = found.map(([index, share, curve]) => make("li", {}, swatch(index), ` ${arms[index].name} ${bound(curve)}`, make("b", {}, percent(share))));
    readout.replaceChildren(make("p", {}, `up to ${spent(budget)} ${UNIT_NAMES[unit]} per problem`), make("ul", {}, rows));
    pointer.setAttribute("x1", x.at(budget));
    pointer.setAttribute("x2", x.at(budget));
    svg.setAttribute("aria-valuenow", place);
    svg.setAttribute("aria-valuetext", readout.textContent);
  };
  const go = (to) => {
    place = Math.max(0, Math.min(budgets.length - 1, to));
    read();
  };
  svg.addEventListener("pointermove", (event) => {
    const area = svg.getBoundingClientRect();
    const at = ((event.clientX - area.left) / area.width) * WIDTH;
    go(budgets.findLastIndex((budget) => x.at(budget) <= at));
  });
  svg.addEventListener("keydown", (event) => {
    const moves = { ArrowLeft: place - 1, ArrowRight: place + 1, PageDown: place - 10, PageUp: place + 10, Home: 0, End: budgets.length - 1 };
    if (moves[event.key] === undefined) return;
    event.preventDefault();
    go(moves[event.key]);
  });
  const show = (left_out) => {
    hidden = left_out;
    lines.forEach((each, index) => each?.classList.toggle("off", hidden.has(index)));
    read();
  };
  return { element: make("figure", {}, make("figcaption", {}, UNIT_NAMES[unit]), svg, readout), show };
}

function rule(share, y) {
  return draw(
    "g",
    { class: "rule" },
    draw("line", { x1: LEFT, y1: y, x2: WIDTH, y2: y }),
    draw("text", { x: LEFT - 4, y: y + 4, "text-anchor": "end" }, `${share * 100}%`),
  );
}

function mark(x, text) {
  return draw("text", { x, y: HEIGHT - BOTTOM + 16, "text-anchor": "middle", class: "tick" }, text);
}

// Linear from 0 for counts, else logarithmic; the ticks are round numbers.
function scale(low, high, linear) {
  const room = WIDTH - LEFT - 18;
  if (linear) {
    const step = [1, 2, 5, 10, 20, 50, 100, 200, 500].find((size) => high / size <= 6) ?? high;
    const ticks = Array.from({ length: Math.floor(high / step) + 1 }, (_, i) => i * step);
    return { at: (value) => LEFT + (value / Math.max(high, 1)) * room, ticks };
  }
  const [from, to] = [Math.log10(low) - 0.05, Math.max(Math.log10(high), Math.log10(low) + 0.1)];
  const at = (value) => LEFT + ((Math.log10(Math.max(value, low)) - from) / (to - from)) * room;
  const decades = Array.from({ length: 24 }, (_, i) => 10 ** (i - 9));
  const ticks = decades.flatMap((ten) => (to - from < 2 ? [ten, 2 * ten, 5 * ten] : [ten]));
  return { at, ticks: ticks.map((tick) => +tick.toPrecision(1)).filter((tick) => tick >= low && tick <= high) };
}

function line(curve, index, x, y) {
  const reach = known(curve.open) ? x(curve.open) : Infinity; // beyond it the curve is a lower bound
  const paths = { line: `M ${x(0)} ${y(0)}`, "line faint": "" };
  let at = 0;
  let held = 0;
  const walk = (to, share) => {
    if (at <= reach && to > reach) {
      paths.line += ` H ${reach}`;
      paths["line faint"] = `M ${reach} ${y(held)}`;
    }
    paths[to > reach ? "line faint" : "line"] += ` H ${to} V ${y(share)}`;
    [at, held] = [to, share];
  };
  for (const [budget, share] of curve.steps) walk(x(budget), share);
  walk(WIDTH - 18, held);
  const bars = curve.intervals.map(([budget, low, high]) => {
    const at = x(budget) + (index % 4) * 2; // beside each other where programs meet
    return draw("path", { d: `M ${at - 3} ${y(low)} h 6 m -3 0 V ${y(high)} m -3 0 h 6`, class: "bar" });
  });
  return draw(
    "g",
    { class: `arm-${index % 8}` },
    bars,
    Object.entries(paths)
      .filter(([, path]) => path)
      .map(([name, path]) => draw("path", { d: path, class: name, "stroke-dasharray": DASHES[index % 8] })),
  );
}
