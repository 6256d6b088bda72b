// Reads a text/event-stream body by the rules of the HTML standard: any line end, a first byte order mark, fields until an
// empty line. EventSource is not used because it hides the status and loses the place after some errors.
// `heard` is called for whatever comes, also for what is no event yet.
export async function* events(body, heard = () => {}) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let event = fresh();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      heard();
      rest += value;
      let end;
      while ((end = lineEnd(rest)) !== null) {
        const line = rest.slice(0, end.at);
        rest = rest.slice(end.at + end.length);
        if (line === "") {
          // An id alone moves the place.
          if (event.hasData || event.type !== "message" || event.id !== undefined) yield { type: event.type, data: event.data.join("\n"), id: event.id, retry: event.retry };
          event = fresh();
        } else {
          field(event, line);
        }
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

const fresh = () => ({ type: "message", data: [], hasData: false, id: undefined, retry: undefined });

// A carriage return at the very end may be half of a pair: it waits for the next chunk.
function lineEnd(text) {
  const at = text.search(/\r|\n/);
  if (at < 0) return null;
  if (text[at] === "\n") return { at, length: 1 };
  if (at + 1 === text.length) return null;
  return { at, length: text[at + 1] === "\n" ? 2 : 1 };
}

function field(event, line) {
  const colon = line.indexOf(":");
  if (colon === 0) return;
  const name = colon < 0 ? line : line.slice(0, colon);
  const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
  if (name === "data") {
    event.data.push(value);
    event.hasData = true;
  } else if (name === "event") {
    event.type = value;
  } else if (name === "id") {
    event.id = value;
  } else if (name === "retry" && /^\d+$/.test(value)) {
    event.retry = Number(value);
  }
}
