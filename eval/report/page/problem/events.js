// The trace: one line an event, which opens to its prompt and answer, or to its program and test runs.

function trace(story, rollout) {
  const end = Math.max(rollout.seconds, ...rollout.events.map((event) => (event.started ?? 0) + (event.seconds ?? 0)), 0.001);
  const seen = new Set();
  return make(
    "div",
    { class: "trace" },
    rollout.events.map((event) => {
      const isNew = event.version !== undefined && !seen.has(event.version);
      seen.add(event.version);
      return eventRow(story, rollout, event, end, isNew);
    }),
  );
}

function eventRow(story, rollout, event, end, isNew) {
  const [title, facts, bad] = EVENTS[event.kind](event);
  const head = [
    make("span", { class: "at" }, duration(event.started ?? 0)),
    make("span", { class: "what" }, title),
    make("span", { class: "facts" }, facts),
    timeBar(event, end),
  ];
  const kind = { class: `event ${event.kind}${bad ? " bad" : ""}` };
  if (event.kind === "call") return unfolding(kind, head, () => callBody(story, event));
  if (event.kind === "judge") return unfolding(kind, head, () => judgeBody(story, rollout, event));
  if (event.kind === "best" && isNew) return unfolding(kind, head, () => program(story, rollout.versions, event.version));
  return make("div", kind, make("div", { class: "head" }, head));
}

// What a line says: title, facts, and whether something went wrong.
const EVENTS = {
  call: (event) => {
    const outcome = event.outcome ?? "ok";
    const facts = [
      outcome === "ok" ? "" : outcome,
      event.from_cache ? "from cache" : `${amount(event.prompt_tokens ?? 0)} + ${amount(event.completion_tokens ?? 0)} tokens`,
      known(event.dollars) ? money(event.dollars) : "",
      event.retries ? `${event.retries} retried` : "",
      event.repair ? "repair" : "",
      event.read?.length ? `read with tolerance: ${event.read.join(", ")}` : event.salvaged ? "salvaged" : "",
      duration(event.seconds ?? 0),
    ];
    return [event.stage, facts.filter((fact) => fact).join(" · "), outcome !== "ok"];
  },
  judge: (event) => {
    const passed = event.verdicts.filter((verdict) => verdict === "AC").length;
    const verdicts = event.verdicts.map((each) => [verdict(each), " "]);
    const facts = [`${passed} of ${event.verdicts.length} pass: `, verdicts, `· ${duration(event.seconds ?? 0)}`];
    return [`Program ${event.version} on ${event.tests === "ai" ? "AI" : event.tests} tests`, facts, passed < event.verdicts.length];
  },
  decided: (event) => [event.what, "", false],
  decision: (event) => [event.what, "", false], // of runs stored before decisions had types
  "new program": (event) => [`Program ${event.version}: ${event.what}`, "", false],
  best: (event) => {
    const hidden = event.hidden && (event.hidden[0] ? "solves it" : `hidden tests ${percent(event.hidden[1])}`);
    const spent = `after ${plural(event.calls ?? 0, "call")}, ${amount(event.tokens ?? 0)} tokens`;
    return [`Best is now program ${event.version}`, [spent, hidden].filter((fact) => fact).join(" · "), false];
  },
};

function timeBar(event, end) {
  const bar = make("span", { class: "time" }, make("i"));
  bar.firstChild.style.left = `${((event.started ?? 0) / end) * 100}%`;
  bar.firstChild.style.width = `${((event.seconds ?? 0) / end) * 100}%`;
  return bar;
}

function callBody(story, event) {
  if (!event.prompt.length && !story.text(event.answer)) return make("p", { class: "quiet" }, "The texts were not stored.");
  return [
    event.detail && make("p", { class: "note" }, event.detail),
    story.text(event.thought) && unfolding({ class: "message" }, "Thought", () => make("pre", {}, story.text(event.thought))),
    make("h4", {}, "Answer"),
    copiedText(story.text(event.answer)),
    make("h4", {}, "Parsed answer"),
    make("pre", {}, story.text(event.outputs) || "(nothing)"),
    make("h4", {}, "Prompt"),
    event.prompt.map(([role, text]) =>
      unfolding({ class: "message" }, `${role}, ${amount(story.text(text).length)} characters`, () =>
        copiedText(story.text(text)),
      ),
    ),
    make("p", { class: "quiet" }, event.model ?? ""),
  ]
    .flat()
    .filter((part) => part);
}

function copiedText(text) {
  return text ? make("div", { class: "copied" }, copyButton(text), make("pre", {}, text)) : make("pre", {}, "(nothing)");
}

function judgeBody(story, rollout, event) {
  return [
    program(story, rollout.versions, event.version),
    event.runs.map(([given, ...texts], index) =>
      make(
        "div",
        { class: `run ${given === "AC" ? "" : "bad"}` },
        make("h4", {}, `Test ${index + 1}: `, verdict(given)),
        make(
          "div",
          { class: "columns" },
          event.headings
            .map((name, place) => [name, texts[place]])
            .filter(([name, text]) => name !== "error" || story.text(text))
            .map(([name, text]) => make("div", {}, make("h5", {}, name), make("pre", {}, story.text(text)))),
        ),
      ),
    ),
  ].flat();
}
