// The headline: what was run, what must be known of it, and what is shown.

function headline(data) {
  const lms = [...new Set(data.arms.map((arm) => arm.lm))];
  const runs = `${data.runs.length === 1 ? "run" : "runs"} ${data.runs.join(", ")}`;
  return make(
    "section",
    {},
    make("h1", {}, data.title),
    make("p", { class: "quiet" }, [lms.join(", "), data.subtitle, runs].join("; ")),
    data.live && make("p", { class: "note live", role: "status" }, liveText(data.live)),
    data.notes.map((note) => make("p", { class: "note", role: "note" }, note)),
    data.findings.map((finding) => make("p", { class: "finding" }, finding)),
  );
}

function liveText({ written, seconds }) {
  return (
    `The run was not finished when this was written (${written}). This first page reloads itself every ` +
    `${duration(seconds)} while nothing on it is open or edited.`
  );
}
