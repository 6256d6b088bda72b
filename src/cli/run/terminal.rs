//! The command's terminal. If we have one for input and output, so has the command: a pseudo-terminal, whose size follows
//! ours, and which makes signals of Ctrl-C and its like as ours would. If only our output is a terminal, the command's
//! output is one, and it reads what we would read. Else it has pipes.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;

use rustix::process::{Pid, Signal, getpgrp, getpid, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{
    LocalModes, OptionalActions, OutputModes, SpecialCodeIndex, Termios, tcgetattr, tcgetpgrp, tcgetwinsize, tcsetattr,
    tcsetpgrp, tcsetwinsize,
};

use super::output::Way;
use super::output::backlog::Stream;
use super::output::pump::write_all;
use super::process::{Process, Session};

/// What the command got for a terminal.
pub struct Terminal {
    pub session: Session,
    /// The terminal that we were started from, if we were.
    ours: Option<File>,
    /// Our side of the command's.
    inner: Option<File>,
    /// How ours was, while it is raw.
    cooked: Option<Termios>,
    /// The command has the foreground of ours.
    lent: bool,
}

/// Gives the command its standard streams.
pub fn wire(command: &mut Command) -> io::Result<(Terminal, Vec<Way>)> {
    let ours = OpenOptions::new().read(true).write(true).custom_flags(O_NOCTTY).open("/dev/tty").ok();
    let (out, err) = (copy(io::stdout())?, copy(io::stderr())?);
    let mut terminal = Terminal { session: Session::Ours, ours, inner: None, cooked: None, lent: false };
    let shown = out.is_terminal() || err.is_terminal();
    // Without a pseudo-terminal the command still runs, with pipes.
    let pair = if shown { pair(if out.is_terminal() { &out } else { &err }).ok() } else { None };
    let Some((inner, theirs)) = pair else {
        return Ok((terminal, pipes(command, out, err)?));
    };
    let mut ways = Vec::new();
    if out.is_terminal() && io::stdin().is_terminal() && terminal.ours.is_some() {
        terminal.session = Session::Own;
        command.stdin(Stdio::from(theirs.try_clone()?));
    } else {
        // It is only written to: ours will turn line feeds into what a terminal needs.
        let mut modes = tcgetattr(&theirs)?;
        modes.output_modes.remove(OutputModes::OPOST);
        modes.local_modes.remove(LocalModes::ECHO);
        tcsetattr(&theirs, OptionalActions::Now, &modes)?;
    }
    let (mut from_terminal, mut way) =
        (None, |from: File, to: File, stream| ways.push(Way { from, to: Some(to), stream }));
    if out.is_terminal() {
        command.stdout(Stdio::from(theirs.try_clone()?));
        from_terminal = Some((out, Stream::Out));
    } else {
        let (from, theirs) = io::pipe()?;
        command.stdout(theirs);
        way(file(from), out, Stream::Out);
    }
    if err.is_terminal() {
        command.stderr(Stdio::from(theirs));
        from_terminal.get_or_insert((err, Stream::Err));
    } else {
        let (from, theirs) = io::pipe()?;
        command.stderr(theirs);
        way(file(from), err, Stream::Err);
    }
    if let Some((to, stream)) = from_terminal {
        way(inner.try_clone()?, to, stream);
    }
    terminal.inner = Some(inner);
    Ok((terminal, ways))
}

const O_NOCTTY: i32 = rustix::fs::OFlags::NOCTTY.bits().cast_signed();

/// Where output and errors go to the same place they share one pipe, so that they stay in order.
fn pipes(command: &mut Command, out: File, err: File) -> io::Result<Vec<Way>> {
    let (from, theirs) = io::pipe()?;
    let mut ways = Vec::new();
    if is_same(&out, &err) {
        command.stderr(theirs.try_clone()?);
    } else {
        let (from, theirs) = io::pipe()?;
        ways.push(Way { from: file(from), to: Some(err), stream: Stream::Err });
        command.stderr(theirs);
    }
    command.stdout(theirs);
    ways.push(Way { from: file(from), to: Some(out), stream: Stream::Out });
    Ok(ways)
}

fn is_same(a: &File, b: &File) -> bool {
    let place = |file: &File| file.metadata().map(|data| (data.dev(), data.ino())).ok();
    place(a).is_some() && place(a) == place(b)
}

fn copy(stream: impl AsFd) -> io::Result<File> {
    Ok(File::from(stream.as_fd().try_clone_to_owned()?))
}

fn file(pipe: io::PipeReader) -> File {
    File::from(OwnedFd::from(pipe))
}

/// A pseudo-terminal of the size and the ways of `like`: our side, and the command's.
fn pair(like: &File) -> io::Result<(File, File)> {
    let inner = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    grantpt(&inner)?;
    unlockpt(&inner)?;
    let name = PathBuf::from(std::ffi::OsStr::from_bytes(ptsname(&inner, Vec::new())?.to_bytes()));
    let theirs = OpenOptions::new().read(true).write(true).custom_flags(O_NOCTTY).open(name)?;
    tcsetattr(&theirs, OptionalActions::Now, &tcgetattr(like)?)?;
    tcsetwinsize(&theirs, tcgetwinsize(like)?)?;
    Ok((File::from(inner), theirs))
}

impl Terminal {
    /// The command runs: what is typed is its, from now on.
    pub fn begin(&mut self, process: &Process) -> io::Result<()> {
        if self.session == Session::Own
            && let Some(inner) = &self.inner
        {
            let (input, inner, group) = (copy(io::stdin())?, inner.try_clone()?, process.group());
            thread::spawn(move || pass_typing(input, inner, group));
        }
        self.make_raw();
        Ok(())
    }

    fn is_in_foreground(&self) -> bool {
        self.ours.as_ref().is_some_and(|ours| tcgetpgrp(ours).is_ok_and(|group| group == getpgrp()))
    }

    /// Hands every key on as it is, while we are in the foreground.
    fn make_raw(&mut self) {
        let Some(ours) = self.ours.as_ref().filter(|_| self.session == Session::Own && self.is_in_foreground()) else {
            return;
        };
        let Ok(cooked) = tcgetattr(ours) else { return };
        let mut raw = cooked.clone();
        raw.make_raw();
        if tcsetattr(ours, OptionalActions::Now, &raw).is_ok() {
            self.cooked.get_or_insert(cooked);
        }
    }

    /// As it was before.
    pub fn restore(&mut self) {
        let Some(ours) = &self.ours else { return };
        if let Some(cooked) = self.cooked.take() {
            let _ = tcsetattr(ours, OptionalActions::Now, &cooked);
        }
        if std::mem::take(&mut self.lent) {
            let _ = tcsetpgrp(ours, getpgrp());
        }
    }

    /// A line of our own must return by itself while the terminal is raw.
    pub fn line_end(&self) -> &'static str {
        if self.cooked.is_some() { "\r\n" } else { "\n" }
    }

    /// Our window has another size.
    pub fn resize(&self, process: &Process) {
        if let (Some(ours), Some(inner)) = (&self.ours, &self.inner)
            && let Ok(size) = tcgetwinsize(ours)
        {
            let _ = tcsetwinsize(inner, size);
        }
        if self.session == Session::Ours {
            process.signal(Signal::WINCH);
        }
    }

    /// The command was stopped. If it only wants to read from the terminal it gets the foreground; else we stop
    /// too, so that the shell has its prompt, and go on together.
    pub fn stopped(&mut self, process: &Process, by: Option<i32>) {
        let wants_terminal = [Signal::TTIN, Signal::TTOU].iter().any(|signal| Some(signal.as_raw()) == by);
        if wants_terminal && self.is_in_foreground() && !self.lent {
            let ours = self.ours.as_ref();
            self.lent = ours.is_some_and(|ours| tcsetpgrp(ours, process.group()).is_ok());
            if self.lent {
                return process.signal(Signal::CONT);
            }
        }
        if wants_terminal || Some(Signal::TSTP.as_raw()) == by {
            self.stop();
            process.signal(Signal::CONT);
        }
    }

    /// Stops ourselves until somebody lets us go on.
    pub fn stop(&mut self) {
        self.restore();
        let _ = kill_process(getpid(), Signal::STOP);
    }

    /// We go on after a stop, perhaps in the foreground now.
    pub fn continued(&mut self, process: &Process) {
        self.make_raw();
        self.resize(process);
        process.signal(Signal::CONT);
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.restore();
    }
}

/// Passes on what is typed, until the terminal is closed.
fn pass_typing(mut input: File, mut inner: File, group: Pid) {
    let mut buffer = [0; 4_096];
    loop {
        // In the background this fails (EIO), as SIGTTIN is blocked.
        let typed = match input.read(&mut buffer) {
            Ok(0) => return,
            Ok(read) => &buffer[..read],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => {
                thread::sleep(std::time::Duration::from_millis(200));
                continue;
            }
        };
        let stop = typed.iter().position(|key| is_stop(*key, &inner, group));
        let (before, after) = stop.map_or((typed, &[][..]), |at| (&typed[..at], &typed[at + 1..]));
        if write_all(&mut inner, before).is_err() {
            return;
        }
        if stop.is_some() {
            // The kernel stops no session's first process by the key: nobody in its session could let it go on. We can.
            let _ = rustix::process::kill_process_group(group, Signal::STOP);
            let _ = kill_process(getpid(), Signal::TSTP);
        }
        if write_all(&mut inner, after).is_err() {
            return;
        }
    }
}

/// Whether a key would stop the command, and not something that the command (a shell) has in its own foreground.
fn is_stop(key: u8, inner: &File, group: Pid) -> bool {
    let modes = tcgetattr(inner).ok().filter(|modes| modes.local_modes.contains(LocalModes::ISIG));
    modes.is_some_and(|modes| key != 0 && modes.special_codes[SpecialCodeIndex::VSUSP] == key)
        && tcgetpgrp(inner).is_ok_and(|foreground| foreground == group)
}
