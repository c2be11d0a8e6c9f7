// In what the prompts of the programs differ from those of the first.

function prompts(data) {
  if (data.arms.length < 2 || typeof DecompressionStream === "undefined") return undefined;
  return section(
    "Prompts",
    data.settings && make("p", { class: "note" }, data.settings),
    unfolding({ class: "part", id: "prompt-differences" }, `What differs from ${data.arms[0].name}`, async () => {
      const against = await unpack("prompts");
      return against.map(([lines, diff], index) => [
        make("h3", {}, data.arms[index + 1].name),
        lines.length ? make("ul", {}, lines.map((line) => make("li", {}, line))) : make("p", {}, "The prompts are the same."),
        diff && unfolding({ class: "message" }, "Instructions, line by line", () => listing(diffLines(diff))),
      ]);
    }),
  );
}

// The lines of a unified diff for a listing; the two headings of a file become one gap.
function diffLines(diff) {
  const lines = diff.split("\n");
  const isHead = (at) => lines[at]?.startsWith("--- ") && lines[at + 1]?.startsWith("+++ ") && lines[at + 2]?.startsWith("@@");
  return lines.flatMap((line, at) => {
    if (isHead(at - 1)) return [];
    if (isHead(at)) return [{ sign: "gap", parts: line.slice(4) }];
    if (line.startsWith("@@")) return [{ sign: "gap", parts: line }];
    return [{ sign: { "+": "+", "-": "−" }[line[0]] ?? " ", parts: line.slice(1) }];
  });
}
