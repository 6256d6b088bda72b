// What of a task moves with every report: pieces with an id and a version of their own inside its row, card or head. A tick
// changes them in place, so that bars move smoothly and nothing beside them is touched, not even what has the focus.
const pieces = "[data-live][data-v][id]";

function parse(html) {
  return new DOMParser().parseFromString(html, "text/html");
}

const isOlder = (one, other) => Number(one.dataset.v) < Number(other.dataset.v);

// Makes `present` what `wanted` is, changing no more than differs.
function become(present, wanted) {
  if (present.nodeName !== wanted.nodeName) {
    present.replaceWith(document.importNode(wanted, true));
    return;
  }
  if (present.nodeType !== Node.ELEMENT_NODE) {
    if (present.data !== wanted.data) present.data = wanted.data;
    return;
  }
  // What a script wrote into a time stays as long as the time does.
  if (present.nodeName === "TIME" && present.dateTime === wanted.dateTime) return;
  for (const { name } of [...present.attributes]) if (!wanted.hasAttribute(name)) present.removeAttribute(name);
  for (const { name, value } of wanted.attributes) if (present.getAttribute(name) !== value) present.setAttribute(name, value);
  while (present.childNodes.length > wanted.childNodes.length) present.lastChild.remove();
  wanted.childNodes.forEach((child, index) => {
    const twin = present.childNodes[index];
    if (twin) become(twin, child);
    else present.append(document.importNode(child, true));
  });
}

// One piece in the place of the one of its id, unless the page has a newer one.
export function placePiece(piece) {
  const present = document.getElementById(piece.id);
  if (!present || isOlder(piece, present)) return false;
  become(present, piece);
  present.dispatchEvent(new CustomEvent("milepost:swapped", { bubbles: true }));
  return true;
}

// A tick: one piece or several. True when the page shows the task.
export function placeTick(html) {
  const id = /id="(t\d+-moving)"/.exec(html)?.[1];
  if (!id || !document.getElementById(id)) return false;
  return [...parse(html).body.children].filter(placePiece).length > 0;
}

// A whole row comes in place of another: where a tick has brought a piece further than the row knows, it stays there.
export function keepNewer(before, after) {
  for (const piece of after.querySelectorAll(pieces)) {
    const present = document.getElementById(piece.id);
    if (present && before.contains(present) && isOlder(piece, present)) become(piece, present);
  }
}

// Lets the bars of `after`, which comes in place of `before`, move on from where they stood. What it gives back is called
// when it is in its place.
export function fromWhereTheyStood(before, after) {
  const moves = [];
  for (const piece of after.querySelectorAll(pieces)) {
    const bar = piece.querySelector("progress");
    const stood = before.querySelector(`#${CSS.escape(piece.id)} progress`)?.getAttribute("value");
    const value = bar?.getAttribute("value");
    if (!stood || !value || stood === value) continue;
    moves.push([piece.id, value]);
    bar.setAttribute("value", stood);
  }
  return () => {
    for (const [id, value] of moves) {
      const bar = document.getElementById(id)?.querySelector("progress");
      // Where it stood has to be drawn once, or there is nothing to move from.
      bar?.getBoundingClientRect();
      bar?.setAttribute("value", value);
    }
  };
}
