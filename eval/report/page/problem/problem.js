// One problem: why it ended as it did, the score, the statement, and the trace of the rollout that is looked at.

// `other` is the rollout beside it, as [arm, sample]; null where only one is looked at.
function problemPage(data, story, number, [arm, sample], other) {
  const rollout = rolloutOf(story, arm, sample);
  const second = other && rolloutOf(story, ...other);
  const parts = !rollout
    ? make("p", { class: "note" }, "This program has no rollout here.")
    : second
      ? pair(data, story, rollout, second)
      : [rolloutHead(data, rollout), statementPart(story), rolloutRest(story, rollout)];
  return make(
    "article",
    {},
    make("nav", {}, make("a", { href: "#", id: "back" }, "← all problems"), neighbours(data, number, arm)),
    make("h1", {}, story.name),
    facts(data.facts[number]),
    chooser(data, story, number, rollout),
    rollout && pairChooser(data, story, number, rollout, second),
    parts,
    legend(),
  );
}

function rolloutOf(story, arm, sample) {
  return story.rollouts.find((each) => each.arm === arm && each.sample === sample) ?? story.rollouts.find((each) => each.arm === arm);
}

function facts([difficulty, tags, rating]) {
  const said = [difficulty && `difficulty ${difficulty}`, rating && `rating ${rating}`, tags.length && `tags: ${tags.join(", ")}`].filter((each) => each);
  return said.length ? make("p", { class: "quiet" }, said.join("; ")) : undefined;
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
        const [sign, name] = MARKS[STATUS_LETTERS[each.status]];
        const label = `${arm.name}, sample ${each.sample}: ${name}`;
        const current = each === rollout ? "page" : undefined;
        const attributes = { href: address(number, index, each.sample), "aria-label": label, "aria-current": current };
        return make("a", { ...attributes, class: `sample ${each.status.replace(" ", "-")}` }, `${sign} ${each.sample}`);
      });
    return make("div", { class: "chooser" }, make("span", { class: "name" }, arm.name), links.length ? links : "no rollout");
  });
  return make("div", { class: "choosers" }, rows);
}

function rolloutHead(data, rollout) {
  return make(
    "section",
    { class: `why ${rollout.status.replace(" ", "-")}` },
    make("h2", {}, `${data.arms[rollout.arm].name}, sample ${rollout.sample}: ${rollout.status}`),
    make("ul", {}, rollout.why.map((sentence) => make("li", {}, sentence))),
    rollout.score && scoreTable(rollout.score),
    make("p", { class: "quiet" }, spending(rollout)),
  );
}

function statementPart(story) {
  return story.statement && unfolding({ class: "part", id: "statement" }, "Statement", () => statement(story));
}

function rolloutRest(story, rollout) {
  return [
    rollout.answer && unfolding({ class: "part answer" }, `Answer: program ${rollout.answer}`, () => wholeProgram(answerOf(story, rollout))),
    make("h2", {}, "Trace"),
    traceNote(rollout),
    trace(story, rollout),
  ];
}

function answerOf(story, rollout) {
  const found = rollout.versions.find((version) => version.number === rollout.answer);
  return found ? story.text(found.code) : "";
}

function spending(rollout) {
  if (!known(rollout.calls)) return "The cost is unknown.";
  const price = known(rollout.dollars) ? [money(rollout.dollars)] : [];
  return [plural(rollout.calls, "LM call"), `${amount(rollout.tokens)} tokens`, ...price, duration(rollout.seconds)].join(" · ");
}

function traceNote(rollout) {
  if (rollout.whole) return undefined;
  const note = rollout.events.length ? "The texts of this trace were not stored." : "No trace of this rollout was stored.";
  return make("p", { class: "note" }, note);
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
        make("tr", {}, make("th", {}, name), make("td", {}, `${result.passed} of ${result.total}`), make("td", {}, verdict(result.verdict))),
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
