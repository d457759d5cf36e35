//! The few system calls that have no safe wrapper in our dependencies. The only unsafe code of
//! this crate; each function says why it is sound.

#![allow(unsafe_code)]

use std::io;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};

/// Which side of a fork this is.
pub enum Forked {
    Parent { child: u32 },
    Child,
}

/// Forks a process that has one thread. The child keeps `kept` and the standard descriptors only,
/// so that it holds no lock, socket or pipe of its parent, and has a process group of its own.
pub fn fork_single_threaded(kept: RawFd) -> io::Result<Forked> {
    let threads = std::fs::read_dir("/proc/self/task")?.count();
    if threads != 1 {
        return Err(io::Error::other(format!("fork with {threads} threads")));
    }
    // SAFETY: with a single thread no lock can be held by a thread that does not exist in the
    // child, so the child may run any code.
    let child = unsafe { libc::fork() };
    if child < 0 {
        return Err(io::Error::last_os_error());
    }
    if child > 0 {
        return Ok(Forked::Parent { child: child as u32 });
    }
    // SAFETY: closes descriptors whose owners (values of the parent's loop) the child never
    // touches again: it leaves by `exit_now`, without destructors.
    unsafe {
        libc::setpgid(0, 0);
        if close_between(3, kept - 1).and(close_between(kept + 1, i32::MAX)).is_err() {
            for entry in std::fs::read_dir("/proc/self/fd").into_iter().flatten().flatten() {
                let fd = entry.file_name().to_string_lossy().parse::<RawFd>().unwrap_or(-1);
                if fd > 2 && fd != kept {
                    libc::close(fd);
                }
            }
        }
    }
    Ok(Forked::Child)
}

/// SAFETY: the caller answers for nobody using a descriptor of the range any more.
unsafe fn close_between(first: RawFd, last: RawFd) -> io::Result<()> {
    if first > last {
        return Ok(());
    }
    let done = unsafe { libc::syscall(libc::SYS_close_range, first as u32, last as u32, 0u32) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Ends this process without destructors or exit handlers.
pub fn exit_now(code: i32) -> ! {
    // SAFETY: `_exit` has no preconditions.
    unsafe { libc::_exit(code) }
}

/// Blocks these signals in this thread (and all it starts) and gives a descriptor to read them from.
pub fn signals(wanted: &[i32]) -> io::Result<OwnedFd> {
    // SAFETY: the set is initialised by sigemptyset before it is read; the descriptor is new.
    unsafe {
        let mut set = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
        libc::sigemptyset(set.as_mut_ptr());
        for signal in wanted {
            libc::sigaddset(set.as_mut_ptr(), *signal);
        }
        if libc::pthread_sigmask(libc::SIG_BLOCK, set.as_ptr(), std::ptr::null_mut()) != 0 {
            return Err(io::Error::last_os_error());
        }
        let fd = libc::signalfd(-1, set.as_ptr(), libc::SFD_CLOEXEC | libc::SFD_NONBLOCK);
        if fd < 0 { Err(io::Error::last_os_error()) } else { Ok(OwnedFd::from_raw_fd(fd)) }
    }
}

/// The next pending signal of a descriptor made by [`signals`].
pub fn next_signal(fd: &OwnedFd) -> Option<i32> {
    let mut info = [0; std::mem::size_of::<libc::signalfd_siginfo>()];
    match rustix::io::read(fd, &mut info) {
        // The number is the first field.
        Ok(n) if n >= 4 => Some(u32::from_ne_bytes([info[0], info[1], info[2], info[3]]) as i32),
        _ => None,
    }
}

/// Real-time priority for this thread, not inherited by what it forks.
pub fn real_time(priority: i32) -> io::Result<()> {
    let param = libc::sched_param { sched_priority: priority };
    // SAFETY: a plain system call on this thread with a valid parameter.
    let done = unsafe { libc::sched_setscheduler(0, libc::SCHED_RR | libc::SCHED_RESET_ON_FORK, &param) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Few malloc arenas: many small threads, little memory.
pub fn lean_malloc() {
    #[cfg(target_env = "gnu")]
    // SAFETY: only sets a limit of the allocator, before the first thread is started.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 2);
        libc::mallopt(libc::M_TRIM_THRESHOLD, 256 << 10);
        libc::mallopt(libc::M_MMAP_THRESHOLD, 256 << 10);
    }
}
