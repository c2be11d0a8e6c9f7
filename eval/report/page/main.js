// What is shown follows the address: nothing behind the # is the first page, #problem=…&arm=…&sample=… a problem, with
// &with=…&other=… two rollouts of it side by side.

const data = JSON.parse(document.getElementById("overview").textContent);
const page = document.getElementById("page");
const front = [headline, forest, comparisonTable, costs, curves, flips, funnels, prompts, problemList, legend]
  .map((part) => part(data))
  .filter((part) => part);
front.splice(1, 0, jumps(front));
let frontScroll = chosen.scroll ?? 0;
let onFront = false;

// Buttons that lead to the sections of the first page; an address behind the # would be another page.
function jumps(parts) {
  const heads = parts.map((part) => part.querySelector("h2")).filter((head) => head);
  const go = (head) => () => {
    head.tabIndex = -1;
    head.scrollIntoView();
    head.focus({ preventScroll: true });
  };
  const buttons = heads.map((head) => make("button", { type: "button", class: "jump", click: go(head) }, head.textContent));
  return make("nav", { class: "jumps", "aria-label": "Sections" }, buttons);
}

async function show() {
  const place = new URLSearchParams(location.hash.slice(1));
  const number = Number(place.get("problem") ?? -1);
  const at = (arm, sample) => [Number(place.get(arm) ?? 0), Number(place.get(sample) ?? 0)];
  if (onFront) frontScroll = window.scrollY;
  onFront = data.problems[number] === undefined;
  if (onFront) {
    page.replaceChildren(...front);
    window.scrollTo(0, frontScroll);
    return;
  }
  if (typeof DecompressionStream === "undefined") {
    page.replaceChildren(make("p", { class: "note" }, "This browser is too old to unpack the stories of problems."));
    return;
  }
  const address = location.hash;
  const story = await readStory(number);
  if (location.hash !== address) return; // somebody went on while it was unpacked
  page.replaceChildren(problemPage(data, story, number, at("arm", "sample"), place.has("with") ? at("with", "other") : null));
  window.scrollTo(0, 0);
}

// Nothing is taken from under the hands of somebody who reads a problem, has a part open or writes into a field.
function reload() {
  if (!onFront || page.querySelector("details[open], input:focus, select:focus")) return;
  choose("scroll", window.scrollY);
  location.reload();
}

window.addEventListener("hashchange", show);
if (data.live) setInterval(reload, data.live.seconds * 1000);
show();
