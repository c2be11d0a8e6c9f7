// Solved against budget, one drawing a unit of cost. Programs differ in colour and in dash.

const WIDTH = 360;
const HEIGHT = 220;
const LEFT = 38;
const BOTTOM = 28;
const DASHES = ["none", "7 3", "2 3", "8 3 2 3", "none", "7 3", "2 3", "8 3 2 3"];
const UNIT_NAMES = { calls: "LM calls", tokens: "tokens", dollars: "dollars", seconds: "seconds" };

function curves(data) {
  const drawings = Object.entries(data.curves).filter(([, each]) => each.some((curve) => curve));
  if (!drawings.length) return undefined;
  return make(
    "section",
    {},
    make("h2", {}, "Solved against budget"),
    make("div", { class: "legend" }, data.arms.map((arm, index) => make("span", {}, swatch(index), " ", arm.name))),
    make("div", { class: "curves" }, drawings.map(([unit, each]) => drawing(unit, each, data.arms))),
    make(
      "p",
      { class: "quiet" },
      "Every program samples a problem again until a program passes all public tests or the budget is spent. " +
        "Faint: a lower bound, as the stored samples ran out. Bars are 95 % intervals.",
    ),
  );
}

function swatch(index) {
  const line = draw("line", { x1: 0, y1: 5, x2: 30, y2: 5, class: "line", "stroke-dasharray": DASHES[index % 8] });
  return draw("svg", { width: 30, height: 10, class: `arm-${index % 8}`, "aria-hidden": "true" }, line);
}

function drawing(unit, each, arms) {
  const budgets = each.flatMap((curve) => curve?.steps.map(([budget]) => budget) ?? []);
  const x = scale(Math.min(...budgets.filter((budget) => budget > 0), 1e9), Math.max(...budgets), unit === "calls");
  const y = (share) => HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - 10);
  const ends = each.map((curve, i) => curve && `${arms[i].name} ${percent(curve.steps.at(-1)[1])}`);
  const label = `Solved against ${UNIT_NAMES[unit]}. At the end: ${ends.filter((end) => end).join(", ")}`;
  return make(
    "figure",
    {},
    draw(
      "svg",
      { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label },
      [0, 0.25, 0.5, 0.75, 1].map((share) => rule(share, y(share))),
      x.ticks.map((tick) => mark(x.at(tick), unit === "dollars" ? money(tick) : tick < 1 ? `${tick}` : amount(tick))),
      each.map((curve, index) => curve && line(curve, index, x.at, y)),
    ),
    make("figcaption", {}, UNIT_NAMES[unit]),
  );
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
