// Colours for Python: a program as lines, each a list of words and texts between them. Nothing depends on it being right.

const PYTHON_TOKENS = new RegExp(
  [
    /(?<comment>#[^\n]*)/,
    /(?<string>(?:\b[rbfuRBFU]{1,2})?(?:"""(?:\\[\s\S]|(?!""")[^\\])*(?:"""|$)|'''(?:\\[\s\S]|(?!''')[^\\])*(?:'''|$)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?))/,
    /(?<number>\b\d[\w.]*)/,
    /(?<word>[^\W\d]\w*)/,
  ]
    .map(({ source }) => source)
    .join("|"),
  "g",
);
const KEYWORDS = new Set(
  ("False None True and as assert async await break case class continue def del elif else except finally for from global if " +
    "import in is lambda match nonlocal not or pass raise return try while with yield").split(" "),
);

// The lines of a program, whether it ends with a line feed or not; the report counts lines in the same way where it
// finds changes.
function linesOf(code) {
  return code.replace(/\n$/, "").split("\n");
}

function paintedLines(code) {
  const lines = [[]];
  const add = (text, kind) => {
    text.split("\n").forEach((part, index) => {
      if (index) lines.push([]);
      if (part) lines.at(-1).push(kind ? make("span", { class: `py-${kind}` }, part) : part);
    });
  };
  const whole = code.replace(/\n$/, "");
  let end = 0;
  let before = "";
  for (const found of whole.matchAll(PYTHON_TOKENS)) {
    const [text] = found;
    const { comment, string, number } = found.groups;
    add(whole.slice(end, found.index));
    end = found.index + text.length;
    const isName = before === "def" || before === "class";
    add(text, comment ? "comment" : string ? "string" : number ? "number" : KEYWORDS.has(text) ? "keyword" : isName ? "name" : "");
    before = text;
  }
  add(whole.slice(end));
  return lines;
}
