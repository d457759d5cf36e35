//! PAM, opened at run time: neither building nor running needs it. The only caller of libpam.
//!
//! Unsafe because it is a foreign interface of C: five functions and one callback.
#![allow(unsafe_code)]

use libloading::Library;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::sync::LazyLock;

const PAM_SUCCESS: c_int = 0;
const PAM_CONV_ERR: c_int = 19;
const PAM_FAIL_DELAY: c_int = 10;
const PAM_PROMPT_ECHO_OFF: c_int = 1;
const PAM_PROMPT_ECHO_ON: c_int = 2;
const PAM_SILENT: c_int = 0x8000;
const PAM_DISALLOW_NULL_AUTHTOK: c_int = 0x1;
/// libpam itself refuses more than this in one conversation.
const MESSAGES_MAX: c_int = 32;

#[repr(C)]
struct Message {
    style: c_int,
    text: *const c_char,
}

#[repr(C)]
struct Response {
    text: *mut c_char,
    retcode: c_int,
}

type Converse = extern "C" fn(c_int, *mut *const Message, *mut *mut Response, *mut c_void) -> c_int;

#[repr(C)]
struct Conversation {
    converse: Converse,
    data: *mut c_void,
}

struct Pam {
    start: unsafe extern "C" fn(*const c_char, *const c_char, *const Conversation, *mut *mut c_void) -> c_int,
    authenticate: unsafe extern "C" fn(*mut c_void, c_int) -> c_int,
    account: unsafe extern "C" fn(*mut c_void, c_int) -> c_int,
    set_item: unsafe extern "C" fn(*mut c_void, c_int, *const c_void) -> c_int,
    end: unsafe extern "C" fn(*mut c_void, c_int) -> c_int,
}

static PAM: LazyLock<Option<Pam>> = LazyLock::new(|| {
    // SAFETY: libpam's initialisers have no preconditions; the types are those of its manual pages.
    // The library is never closed, so the functions stay valid.
    unsafe {
        let library = Box::leak(Box::new(Library::new("libpam.so.0").ok()?));
        Some(Pam {
            start: *library.get(b"pam_start\0").ok()?,
            authenticate: *library.get(b"pam_authenticate\0").ok()?,
            account: *library.get(b"pam_acct_mgmt\0").ok()?,
            set_item: *library.get(b"pam_set_item\0").ok()?,
            end: *library.get(b"pam_end\0").ok()?,
        })
    }
});

pub fn available() -> bool {
    PAM.is_some()
}

/// Password and account of `user` by the service `rhapsody`. Blocks.
pub fn check(user: &str, password: &str) -> bool {
    let Some(pam) = &*PAM else { return false };
    let (Ok(user), Ok(password)) = (CString::new(user), CString::new(password)) else {
        return false;
    };
    let conversation = Conversation { converse, data: password.as_ptr().cast_mut().cast::<c_void>() };
    let mut handle = std::ptr::null_mut();
    // SAFETY: all pointers outlive the handle, which ends below; each handle is used by one thread.
    unsafe {
        let mut status = (pam.start)(c"rhapsody".as_ptr(), user.as_ptr(), &conversation, &mut handle);
        if status != PAM_SUCCESS {
            return false;
        }
        // All refusals are delayed by us, to one and the same time.
        let none: extern "C" fn(c_int, u32, *mut c_void) = no_delay;
        (pam.set_item)(handle, PAM_FAIL_DELAY, none as *const c_void);
        status = (pam.authenticate)(handle, PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK);
        if status == PAM_SUCCESS {
            status = (pam.account)(handle, PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK);
        }
        (pam.end)(handle, status);
        status == PAM_SUCCESS
    }
}

extern "C" fn no_delay(_status: c_int, _microseconds: u32, _data: *mut c_void) {}

/// Answers each question for a password; PAM frees what it is given.
extern "C" fn converse(
    count: c_int,
    messages: *mut *const Message,
    responses: *mut *mut Response,
    data: *mut c_void,
) -> c_int {
    if count <= 0 || count > MESSAGES_MAX || messages.is_null() || responses.is_null() {
        return PAM_CONV_ERR;
    }
    // SAFETY: PAM gives `count` messages and takes as many responses, allocated by malloc; `data` is
    // the password that `check` holds until PAM has ended.
    unsafe {
        let answers = libc::calloc(count as usize, std::mem::size_of::<Response>()).cast::<Response>();
        if answers.is_null() {
            return PAM_CONV_ERR;
        }
        for index in 0..count as usize {
            let message = *messages.add(index);
            if message.is_null() {
                continue;
            }
            if matches!((*message).style, PAM_PROMPT_ECHO_OFF | PAM_PROMPT_ECHO_ON) {
                let password = CStr::from_ptr(data.cast::<c_char>());
                (*answers.add(index)).text = libc::strdup(password.as_ptr());
            }
        }
        *responses = answers;
    }
    PAM_SUCCESS
}
