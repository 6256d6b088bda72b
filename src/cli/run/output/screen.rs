//! What a terminal would show of a command's output, line by line: text for the log, and each state of a line that is
//! written over and over (carriage returns, backspaces, erasing) for whoever reads progress from it. Escape sequences are
//! taken out; bytes that are no text are left out or become U+FFFD. Pure.

use anstyle_parse::{DefaultCharAccumulator, Params, Parser, Perform};

use crate::cli::run::parse::Manner;

/// Characters of one line that are held: a longer one is given out in pieces.
const WIDEST: usize = 4_096;

/// What has become of the output.
pub enum Seen<'a> {
    /// How a line stands, before it is written over or when it is complete.
    State(&'a str, Manner),
    /// The next piece of the log.
    Text(&'a str),
}

/// One stream of output.
#[derive(Default)]
pub struct Screen {
    parser: Parser<DefaultCharAccumulator>,
    line: Line,
}

#[derive(Default)]
struct Line {
    cells: Vec<char>,
    column: usize,
    /// Characters that have become text already.
    given: usize,
    /// Text of this line was given out, so that the next line must not go on in it.
    open: bool,
    /// The cursor went back to the start: what is printed next replaces the line.
    returned: bool,
    /// It was written over, as only displays are.
    rewritten: bool,
    /// Something was printed since the state was last seen.
    changed: bool,
    out: Vec<Out>,
    scratch: String,
}

enum Out {
    State(String, Manner),
    Text(String),
}

impl Screen {
    pub fn feed(&mut self, bytes: &[u8], mut seen: impl FnMut(Seen<'_>)) {
        for byte in bytes {
            // Whatever binary data began: at the next line it is over.
            if *byte == b'\n' {
                self.parser = Parser::default();
            }
            self.parser.advance(&mut self.line, *byte);
            if !self.line.out.is_empty() {
                self.give(&mut seen);
            }
        }
    }

    /// Nothing came for a while: what stands there is how the line is meant.
    pub fn pause(&mut self, mut seen: impl FnMut(Seen<'_>)) {
        self.line.see();
        if !self.line.rewritten && !self.line.returned {
            self.line.flush();
        }
        self.give(&mut seen);
    }

    /// The output is over.
    pub fn end(&mut self, mut seen: impl FnMut(Seen<'_>)) {
        self.line.see();
        if !self.line.cells.is_empty() || self.line.open {
            self.line.new_line();
        }
        self.give(&mut seen);
    }

    fn give(&mut self, seen: &mut impl FnMut(Seen<'_>)) {
        for out in self.line.out.drain(..) {
            match out {
                Out::State(line, manner) => seen(Seen::State(&line, manner)),
                Out::Text(text) => seen(Seen::Text(&text)),
            }
        }
    }
}

impl Line {
    fn see(&mut self) {
        if std::mem::take(&mut self.changed) && !self.cells.is_empty() {
            let manner = if self.rewritten || self.returned { Manner::Rewritten } else { Manner::Printed };
            self.out.push(Out::State(self.cells.iter().collect(), manner));
        }
    }

    /// Gives out what is not given out yet.
    fn flush(&mut self) {
        if self.given < self.cells.len() {
            self.scratch.clear();
            self.scratch.extend(&self.cells[self.given..]);
            self.out.push(Out::Text(self.scratch.clone()));
            self.given = self.cells.len();
            self.open = true;
        }
    }

    fn new_line(&mut self) {
        self.returned = false;
        self.see();
        self.scratch.clear();
        self.scratch.extend(&self.cells[self.given.min(self.cells.len())..]);
        self.scratch.push('\n');
        self.out.push(Out::Text(self.scratch.clone()));
        self.cells.clear();
        (self.column, self.given) = (0, 0);
        (self.open, self.returned, self.rewritten) = (false, false, false);
    }

    /// What stood there is replaced; if some of it was given out, the log goes on in a new line.
    fn replace(&mut self) {
        self.see();
        if std::mem::take(&mut self.open) {
            self.out.push(Out::Text("\n".into()));
        }
        self.cells.clear();
        (self.column, self.given) = (0, 0);
        self.returned = false;
        self.rewritten = true;
    }

    fn back_to(&mut self, column: usize) {
        if column == 0 {
            // What comes next tells whether the line ends here or is written over.
            self.column = 0;
            self.returned = !self.cells.is_empty() || self.open;
            // A bar often begins with a carriage return: what follows is written to be written over.
            self.rewritten |= self.cells.is_empty() && !self.open;
        } else {
            self.see();
            self.column = column.min(self.cells.len());
            self.returned = false;
        }
    }
}

impl Perform for Line {
    fn print(&mut self, c: char) {
        if self.returned {
            self.replace();
        }
        if self.cells.len() >= WIDEST {
            self.see();
            self.flush();
            self.cells.clear();
            (self.column, self.given) = (0, 0);
        }
        if self.column < self.cells.len() {
            self.rewritten = true;
            if self.column < self.given {
                let kept: Vec<char> = std::mem::take(&mut self.cells);
                let column = self.column;
                self.replace();
                self.cells = kept;
                self.column = column;
            }
            self.cells[self.column] = c;
        } else {
            self.cells.push(c);
        }
        self.column += 1;
        self.changed = true;
    }

    fn execute(&mut self, byte: u8) {
        match byte {
            b'\n' => self.new_line(),
            b'\r' => self.back_to(0),
            0x08 => self.back_to(self.column.saturating_sub(1)),
            b'\t' => self.print('\t'),
            _ => {}
        }
    }

    fn csi_dispatch(&mut self, params: &Params, _intermediates: &[u8], _ignore: bool, action: u8) {
        let first = usize::from(params.iter().next().and_then(|values| values.first().copied()).unwrap_or(0));
        match action {
            b'K' if first == 0 && !self.returned && self.column < self.cells.len() => {
                self.see();
                self.cells.truncate(self.column.max(self.given));
            }
            b'K' if first == 2 && !self.cells.is_empty() => {
                self.see();
                self.returned = true;
            }
            b'G' => self.back_to(first.saturating_sub(1)),
            b'D' => self.back_to(self.column.saturating_sub(first.max(1))),
            b'C' => self.column = (self.column + first.max(1)).min(self.cells.len()),
            b'H' | b'f' => self.back_to(0),
            _ => {}
        }
    }
}
