// Problems lie packed in the page (JSON, gzip, base64) and are unpacked when they are opened.

let sharedChunks;

async function unpack(id) {
  const bytes = Uint8Array.from(atob(document.getElementById(id).textContent), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

// The story of a problem; `text(number)` puts a text together from its chunks.
async function readStory(number) {
  sharedChunks ??= unpack("shared");
  const [shared, story] = await Promise.all([sharedChunks, unpack(`problem-${number}`)]);
  const chunk = (index) => (typeof story.chunks[index] === "number" ? shared[story.chunks[index]] : story.chunks[index]);
  return { ...story, text: (index) => story.texts[index].map(chunk).join("\n") };
}
