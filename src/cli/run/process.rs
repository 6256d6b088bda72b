//! One running command with all that it started: a process group of its own, which gets signals as a whole, is terminated
//! politely and then killed; and how it ended.

use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{self, SigSet};
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

/// How often it is looked whether a group that was told to end has ended.
const LOOK: Duration = Duration::from_millis(20);

/// How a command ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    Code(i32),
    Signal(i32),
}

/// Whose terminal the command has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Session {
    /// It stays in ours, in a process group of its own.
    Ours,
    /// It gets one of its own, whose terminal its standard input is.
    Own,
}

pub struct Process {
    group: Pid,
    phase: Mutex<Phase>,
    changed: Condvar,
}

#[derive(Default)]
struct Phase {
    /// The command itself has ended; others in its group may live.
    ended: bool,
    terminating: bool,
    /// Nothing of the group is left that was to be terminated.
    gone: bool,
}

/// Starts a command; it dies with the thread that started it, so that nothing runs on unseen when we are killed.
pub fn start(mut command: Command, session: Session) -> io::Result<std::process::Child> {
    if session == Session::Ours {
        command.process_group(0);
    }
    let prepare = move || {
        #[cfg(target_os = "linux")]
        rustix::process::set_parent_process_death_signal(Some(Signal::TERM))?;
        if session == Session::Own {
            rustix::process::setsid()?;
            rustix::process::ioctl_tiocsctty(rustix::stdio::stdin())?;
        }
        Ok(())
    };
    // SAFETY: between fork and exec it makes three system calls, and neither allocates nor locks.
    #[allow(unsafe_code)]
    unsafe {
        command.pre_exec(prepare);
    }
    // The command holds the other ends of its pipes; they must close when it is dropped here.
    command.spawn()
}

impl Process {
    /// The group of a child that was just started and is not waited for yet.
    pub fn of(child: &std::process::Child) -> Arc<Process> {
        let group = Pid::from_child(child);
        Arc::new(Process { group, phase: Mutex::default(), changed: Condvar::new() })
    }

    pub fn group(&self) -> Pid {
        self.group
    }

    /// Sends a signal to all of the group, unless its number may be another's by now.
    pub fn signal(&self, signal: Signal) {
        let phase = self.lock();
        if !phase.ended || phase.terminating && !phase.gone {
            // Whoever has just ended need not hear it.
            let _ = kill_process_group(self.group, signal);
        }
    }

    /// Tells the group to end, and kills what is left of it after `grace`. Once.
    pub fn terminate(self: &Arc<Process>, grace: Duration) {
        let mut phase = self.lock();
        if phase.ended || std::mem::replace(&mut phase.terminating, true) {
            return;
        }
        drop(phase);
        let process = Arc::clone(self);
        thread::spawn(move || process.terminate_within(grace));
    }

    fn terminate_within(&self, grace: Duration) {
        let deadline = Instant::now() + grace;
        self.signal(Signal::TERM);
        // One that is stopped would not hear it.
        self.signal(Signal::CONT);
        let phase = self.lock();
        drop(self.changed.wait_timeout_while(phase, grace, |phase| !phase.ended));
        while test_kill_process_group(self.group).is_ok() {
            if Instant::now() >= deadline {
                self.signal(Signal::KILL);
                break;
            }
            thread::sleep(LOOK);
        }
        self.lock().gone = true;
        self.changed.notify_all();
    }

    pub fn was_terminated(&self) -> bool {
        self.lock().terminating
    }

    /// The command itself was waited for. Returns when what is left of a group that was told to end is gone too.
    pub fn ended(&self) {
        let mut phase = self.lock();
        phase.ended = true;
        self.changed.notify_all();
        drop(self.changed.wait_while(phase, |phase| phase.terminating && !phase.gone));
    }

    fn lock(&self) -> MutexGuard<'_, Phase> {
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<ExitStatus> for Ending {
    fn from(status: ExitStatus) -> Ending {
        match (status.code(), status.signal()) {
            (Some(code), _) => Ending::Code(code),
            (None, signal) => Ending::Signal(signal.unwrap_or_default()),
        }
    }
}

impl Ending {
    pub fn is_success(self) -> bool {
        self == Ending::Code(0)
    }

    /// The number by which a shell tells it.
    pub fn code(self) -> i32 {
        match self {
            Ending::Code(code) => code,
            Ending::Signal(signal) => 128 + signal,
        }
    }

    /// What happened, for people.
    pub fn sentence(self) -> String {
        match self {
            Ending::Code(code) => format!("exit code {code}"),
            Ending::Signal(number) => match signal::Signal::try_from(number) {
                Ok(signal) => format!("killed by {signal}"),
                Err(_) => format!("killed by signal {number}"),
            },
        }
    }

    /// Whether somebody at the terminal interrupted it.
    pub fn is_interrupt(self) -> bool {
        self.code() == 128 + signal::Signal::SIGINT as i32
    }

    /// Ends this process in the same way, so that whoever waits for it sees what it would see of the command.
    pub fn repeat(self) -> ! {
        if let Ending::Signal(number) = self
            && let Ok(signal) = signal::Signal::try_from(number)
        {
            // The dump of the command itself is the one that somebody may want.
            let _ = rlimit::setrlimit(rlimit::Resource::CORE, 0, 0);
            let mut only = SigSet::empty();
            only.add(signal);
            let _ = only.thread_unblock();
            let _ = signal::raise(signal);
        }
        std::process::exit(self.code())
    }
}
