// Two programs problem by problem: the problems that only one of them solves.

function flips(data) {
  if (data.arms.length < 2) return undefined;
  const holder = make("div");
  const names = data.arms.map((arm, index) => [`${index}`, arm.name]);
  const most = data.arms.reduce((best, arm, index) => (flipped(arm) > flipped(data.arms[best]) ? index : best), 1);
  const pair = () => [chosen.one ?? "0", chosen.two ?? `${most}`].map(Number);
  const show = () => holder.replaceChildren(...flipParts(data, ...pair()));
  const set = (key) => (value) => (choose(key, value), show());
  show();
  return section(
    "Problems that only one of them solves",
    make(
      "div",
      { class: "filters" },
      choice("Between", names, chosen.one ?? "0", set("one"), "flips-one"),
      choice("and", names, chosen.two ?? `${most}`, set("two"), "flips-two"),
    ),
    holder,
  );
}

const flipped = (arm) => (arm.against ? arm.against.better + arm.against.worse : 0);

function flipParts(data, one, two) {
  const both = data.problems
    .map((name, number) => ({ name, number, shares: [one, two].map((arm) => judgedShare(data.cells[number][arm])) }))
    .filter(({ shares }) => shares.every(known));
  const single = both.every(({ shares }) => shares.every((share) => share === 0 || share === 1));
  const only = (place) => both.filter(({ shares }) => shares[place] > shares[1 - place]);
  const same = both.filter(({ shares }) => shares[0] === shares[1]);
  const [names, found] = [[one, two].map((arm) => data.arms[arm].name), [only(1), only(0)]];
  const both_solve = same.filter(({ shares }) => shares[0] > 0).length;
  const counts = single
    ? `Both solve ${both_solve}, neither ${same.length - both_solve}, of ${plural(both.length, "problem")} that both have.`
    : `Equally often: ${same.length} of ${plural(both.length, "problem")} that both have.`;
  const said = make("p", {}, counts, " This list is not a test; see above for whether a difference is shown.");
  if (one === two) return [make("p", { class: "quiet" }, "These are the same program.")];
  const columns = [1, 0].map((place, at) => {
    const title = single ? `only ${names[place]} (${found[at].length})` : `${names[place]} more often (${found[at].length})`;
    const rows = found[at].map(({ name, number }) =>
      make(
        "tr",
        {},
        make("th", {}, make("a", { href: pairAddress(data, number, one, two) }, name)),
        [one, two].map((arm) => make("td", {}, cell(data.cells[number][arm], name, number, arm, data.arms[arm].name))),
      ),
    );
    const heads = ["problem", ...names].map((name) => make("th", { scope: "col" }, name));
    return make(
      "div",
      { class: "flips" },
      make("h3", {}, title),
      rows.length ? wide(title, make("table", {}, make("thead", {}, make("tr", {}, heads)), make("tbody", {}, rows))) : make("p", { class: "quiet" }, "none"),
    );
  });
  return [said, make("div", { class: "columns" }, columns)];
}

// The share of the judged samples that are solved; null where none was judged.
function judgedShare(samples) {
  const judged = samples.filter(([state]) => state !== "n");
  return judged.length ? judged.filter(([state]) => state === "s").length / judged.length : null;
}

function pairAddress(data, number, one, two) {
  const [first, second] = [one, two].map((arm) => data.cells[number][arm][0][1]);
  return `${address(number, one, first)}&with=${two}&other=${second}`;
}
