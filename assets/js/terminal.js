// Text as a terminal shows it, line by line: carriage returns and backspaces write over the line that is open, sequences for
// colour and movement are left out. Knows nothing of the page.
const esc = "\u001b";
const widest = 10_000; // of a line: what is longer is cut

// Sequences of ECMA-48: CSI with its final byte, OSC and other strings with their end, two-character ones.
const sequence = new RegExp(`${esc}(?:\\[[0-?]*[ -/]*([@-~])|[\\]PX^_][^\\u0007${esc}]*(?:\\u0007|${esc}\\\\)|[ -/]*[0-OQ-WYZ\\\\\`-~])`, "y");
const begun = new RegExp(`${esc}(?:\\[[0-?]*[ -/]*|[\\]PX^_][^\\u0007${esc}]{0,4096}${esc}?|[ -/]*)?$`);
const special = new RegExp(`[\\u0000-\\u0008\\u000b-\\u001f\\u007f${esc}]`);

export class Terminal {
  line = ""; // the open one
  #column = 0;
  #rest = ""; // a sequence whose end has not come

  constructor(line = "", column = line.length) {
    this.line = line;
    this.#column = column;
  }

  // Takes more text; gives the lines that it completes. The open one is in `line`.
  write(text) {
    const whole = this.#rest + text;
    this.#rest = begun.exec(whole)?.[0] ?? "";
    const lines = whole.slice(0, whole.length - this.#rest.length).split("\n");
    const open = lines.pop();
    const done = lines.map((line) => {
      this.#put(line);
      const finished = this.line;
      this.line = "";
      this.#column = 0;
      return finished;
    });
    this.#put(open);
    return done;
  }

  #put(text) {
    if (!special.test(text) && this.#column === this.line.length) {
      this.line = (this.line + text).slice(0, widest);
      this.#column = this.line.length;
      return;
    }
    const cells = [...this.line];
    let column = Math.min(this.#column, cells.length);
    for (let at = 0; at < text.length;) {
      const character = String.fromCodePoint(text.codePointAt(at));
      if (character === esc) {
        sequence.lastIndex = at;
        const found = sequence.exec(text);
        if (found?.[1] === "K") cells.length = column;
        at = found ? sequence.lastIndex : at + 1;
        continue;
      }
      at += character.length;
      if (character === "\r") column = 0;
      else if (character === "\b") column = Math.max(0, column - 1);
      else if (character >= " " ? character !== "\u007f" : character === "\t") {
        if (column < widest) cells[column] = character;
        column += 1;
      }
    }
    this.line = cells.join("");
    this.#column = Math.min(column, widest);
    // Beyond the first plane a character is two units long: the place at the end stays the end.
    if (this.#column >= cells.length) this.#column = this.line.length;
  }
}
