//! The state in which an agent finds itself: what a daemon has changed for itself is put back
//! between fork and exec. The one unsafe place of this crate, because that code runs in the child
//! of a possibly threaded process and may only make async-signal-safe calls (all below are).

#![allow(unsafe_code)]

use std::os::unix::process::CommandExt;
use std::process::Command;

/// Own process group, default signals and mask, default scheduling and OOM score, umask 022, no
/// inherited descriptors but the three standard ones.
pub(crate) fn ordinary(command: &mut Command) {
    command.process_group(0);
    // SAFETY: only async-signal-safe system calls, no allocation, no lock.
    unsafe {
        command.pre_exec(|| {
            libc::umask(0o022);
            for signal in 1..=31 {
                if signal != libc::SIGKILL && signal != libc::SIGSTOP {
                    libc::signal(signal, libc::SIG_DFL);
                }
            }
            let mut none = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
            libc::sigemptyset(none.as_mut_ptr());
            libc::sigprocmask(libc::SIG_SETMASK, none.as_ptr(), std::ptr::null_mut());
            if libc::sched_getscheduler(0) != libc::SCHED_OTHER {
                let ordinary = libc::sched_param { sched_priority: 0 };
                libc::sched_setscheduler(0, libc::SCHED_OTHER, &ordinary);
            }
            let score = libc::open(c"/proc/self/oom_score_adj".as_ptr(), libc::O_WRONLY | libc::O_CLOEXEC);
            if score >= 0 {
                libc::write(score, c"0".as_ptr().cast(), 1);
                libc::close(score);
            }
            // Closed by the exec and not here: the pipe on which std reports a failed exec is among
            // them. Kernels before 5.11 refuse the flag; there everything of ours is close-on-exec.
            libc::syscall(libc::SYS_close_range, 3u32, u32::MAX, libc::CLOSE_RANGE_CLOEXEC);
            Ok(())
        });
    }
}
