// One problem: why it ended as it did, the score, the statement, and the trace of the rollout that is looked at.

function problemPage(data, story, number, arm, sample) {
  const rollout =
    story.rollouts.find((each) => each.arm === arm && each.sample === sample) ?? story.rollouts.find((each) => each.arm === arm);
  return make(
    "article",
    {},
    make("nav", {}, make("a", { href: "#", id: "back" }, "← all problems"), neighbours(data, number, arm)),
    make("h1", {}, story.name),
    chooser(data, story, number, rollout),
    rollout ? rolloutParts(data, story, rollout) : make("p", { class: "note" }, "This program has no rollout here."),
  );
}

function neighbours(data, number, arm) {
  const link = (to, text) => (data.problems[to] === undefined ? undefined : make("a", { href: address(to, arm, 0) }, text));
  return [link(number - 1, "← previous"), link(number + 1, "next →")];
}

function chooser(data, story, number, rollout) {
  const rows = data.arms.map((arm, index) => {
    const links = story.rollouts
      .filter((each) => each.arm === index)
      .map((each) => {
        const [sign, name] = MARKS[{ solved: "s", failed: "f", "not judged": "n" }[each.status]];
        const label = `${arm.name}, sample ${each.sample}: ${name}`;
        const current = each === rollout ? "page" : undefined;
        const attributes = { href: address(number, index, each.sample), "aria-label": label, "aria-current": current };
        return make("a", { ...attributes, class: `sample ${each.status.replace(" ", "-")}` }, `${sign} ${each.sample}`);
      });
    return make("div", { class: "chooser" }, make("span", { class: "name" }, arm.name), links.length ? links : "no rollout");
  });
  return make("div", { class: "choosers" }, rows);
}

function rolloutParts(data, story, rollout) {
  return [
    make(
      "section",
      { id: "why", class: rollout.status.replace(" ", "-") },
      make("h2", {}, `${data.arms[rollout.arm].name}, sample ${rollout.sample}: ${rollout.status}`),
      make("ul", {}, rollout.why.map((sentence) => make("li", {}, sentence))),
      rollout.score && scoreTable(rollout.score),
      make("p", { class: "quiet" }, spending(rollout)),
    ),
    story.statement && unfolding({ class: "part", id: "statement" }, "Statement", () => statement(story)),
    rollout.answer && unfolding({ class: "part", id: "answer" }, `Answer: program ${rollout.answer}`, () => answer(story, rollout)),
    make("h2", {}, "Trace"),
    traceNote(rollout),
    trace(story, rollout),
  ];
}

function spending(rollout) {
  if (!known(rollout.calls)) return "What it cost is not known.";
  const price = known(rollout.dollars) ? [money(rollout.dollars)] : [];
  return [plural(rollout.calls, "LM call"), `${amount(rollout.tokens)} tokens`, ...price, duration(rollout.seconds)].join(" · ");
}

function traceNote(rollout) {
  if (rollout.whole) return undefined;
  const told = rollout.events.length ? "The texts of this trace were not kept." : "No trace of this rollout was kept.";
  return make("p", { class: "note" }, told);
}

function scoreTable(score) {
  const sets = [["public", score.public], ["private (hidden)", score.private], ["generated (hidden)", score.generated]];
  return make(
    "table",
    { class: "score" },
    make("tr", {}, ["tests", "passed", "verdict"].map((name) => make("th", {}, name))),
    sets
      .filter(([, result]) => result.total)
      .map(([name, result]) =>
        make("tr", {}, make("th", {}, name), make("td", {}, `${result.passed} of ${result.total}`), make("td", {}, result.verdict)),
      ),
  );
}

function statement(story) {
  const { text, headings, tests, seconds, memory_bytes: bytes } = story.statement;
  const limits = [seconds ? `${seconds} s` : "", bytes ? `${Math.round(bytes / 2 ** 20)} MiB` : ""].filter((limit) => limit);
  return [
    make("pre", {}, story.text(text)),
    limits.length ? make("p", { class: "quiet" }, `Limits: ${limits.join(", ")}`) : undefined,
    tests.map(([input, output], index) =>
      make(
        "div",
        { class: "columns" },
        make("div", {}, make("h5", {}, `public test ${index + 1}: ${headings[0]}`), make("pre", {}, story.text(input))),
        make("div", {}, make("h5", {}, headings[1]), make("pre", {}, story.text(output))),
      ),
    ),
  ]
    .flat()
    .filter((part) => part);
}

function answer(story, rollout) {
  const { code } = rollout.versions.find((version) => version.number === rollout.answer);
  return wholeProgram(linesOf(story.text(code)));
}
