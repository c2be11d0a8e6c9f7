// A program of a rollout: what changed since the one before, or the whole of it.

const CONTEXT = 3; // unchanged lines shown around a change

function program(story, versions, number) {
  const index = versions.findIndex((version) => version.number === number);
  const code = story.text(versions[index].code);
  if (!code) return make("p", { class: "quiet" }, "The text of this program was not stored.");
  if (index === 0) return make("div", { class: "program" }, wholeProgram(code));
  const changed = () => changes(story.text(versions[index - 1].code), code, versions[index].changes);
  const holder = make("div", {}, changed());
  const toggle = make("button", { type: "button" }, "whole program");
  toggle.addEventListener("click", () => {
    const showsWhole = toggle.textContent === "whole program";
    toggle.textContent = showsWhole ? "changes only" : "whole program";
    holder.replaceChildren(showsWhole ? wholeProgram(code) : changed());
  });
  const title = `Changes since program ${number - 1}: ${tally(versions[index].changes)} `;
  return make("div", { class: "program" }, make("p", {}, title, toggle), holder);
}

function wholeProgram(code) {
  const lines = paintedLines(code).map((parts, i) => ({ sign: " ", parts, number: i + 1 }));
  return make("div", { class: "copied" }, copyButton(code), listing(lines));
}

// What became of one program in another: `opcodes` as `lineChanges` and the report give them.
function changes(before, after, opcodes) {
  return listing(differences(paintedLines(before), paintedLines(after), opcodes));
}

function tally(changes) {
  const added = changes.reduce((sum, [, , from, to]) => sum + to - from, 0);
  const removed = changes.reduce((sum, [from, to]) => sum + to - from, 0);
  return `+${added} −${removed}`;
}

// Changed lines with some around them; a gap says how many were left out.
function differences(before, after, changes) {
  const shown = [];
  let next = 0;
  const keep = (from, to) => {
    for (let i = from; i < to; i++) shown.push({ sign: " ", parts: after[i], number: i + 1 });
  };
  const skip = (count) => count > 0 && shown.push({ sign: "gap", parts: `${plural(count, "line")} unchanged` });
  for (const [from, to, added, end] of changes) {
    const start = Math.max(next, added - CONTEXT);
    const tail = next ? Math.min(next + CONTEXT, start) : 0;
    keep(next, tail);
    skip(start - Math.max(next, tail));
    keep(start, added);
    before.slice(from, to).forEach((parts) => shown.push({ sign: "−", parts }));
    for (let i = added; i < end; i++) shown.push({ sign: "+", parts: after[i], number: i + 1 });
    next = end;
  }
  const tail = Math.min(next + CONTEXT, after.length);
  keep(next, tail);
  skip(after.length - tail);
  return shown;
}

const LINE_CLASSES = { "+": "added", "−": "removed", gap: "gap", " ": "same" };

function listing(lines) {
  const rows = lines.map(({ sign, parts, number }) =>
    make(
      "span",
      { class: `code-line ${LINE_CLASSES[sign]}` },
      make("span", { class: "number" }, sign === "gap" ? "" : `${number ?? ""}`),
      make("span", { class: "sign" }, sign === "gap" ? "…" : sign),
      make("span", { class: "code-text" }, parts, "\n"),
    ),
  );
  return make("pre", { class: "code" }, rows);
}
