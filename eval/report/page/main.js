// What is shown follows the address: nothing behind the # is the overview, #problem=…&arm=…&sample=… a problem.

const data = JSON.parse(document.getElementById("overview").textContent);
const page = document.getElementById("page");
const front = [headline(data), comparisonTable(data), costTable(data), curves(data), grid(data)].filter((part) => part);
let frontScroll = 0;
let onFront = true;

async function show() {
  const place = new URLSearchParams(location.hash.slice(1));
  const number = Number(place.get("problem") ?? -1);
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
  page.replaceChildren(problemPage(data, story, number, Number(place.get("arm") ?? 0), Number(place.get("sample") ?? 0)));
  window.scrollTo(0, 0);
}

window.addEventListener("hashchange", show);
show();
