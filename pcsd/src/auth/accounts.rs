//! The system's accounts and groups, through the name service switch.
//!
//! Unsafe because libc's reentrant lookups are C interfaces; nothing else is done here.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_char};

const BUFFER_BYTES: usize = 64 << 10;
const GROUPS_MAX: usize = 1024;

/// Name of a user id.
pub fn name_of(uid: u32) -> Option<String> {
    let mut buffer = vec![0 as c_char; BUFFER_BYTES];
    let mut found = std::ptr::null_mut();
    // SAFETY: `entry` is plain data, filled by the call; its strings live in `buffer`, read before it ends.
    unsafe {
        let mut entry: libc::passwd = std::mem::zeroed();
        libc::getpwuid_r(uid, &mut entry, buffer.as_mut_ptr(), buffer.len(), &mut found);
        if found.is_null() {
            return None;
        }
        CStr::from_ptr(entry.pw_name).to_str().ok().map(str::to_owned)
    }
}

/// User id and primary group of a name.
pub fn user_ids(name: &str) -> Option<(u32, u32)> {
    let name = CString::new(name).ok()?;
    let mut buffer = vec![0 as c_char; BUFFER_BYTES];
    let mut found = std::ptr::null_mut();
    // SAFETY: as in `name_of`; only numbers are taken.
    unsafe {
        let mut entry: libc::passwd = std::mem::zeroed();
        libc::getpwnam_r(name.as_ptr(), &mut entry, buffer.as_mut_ptr(), buffer.len(), &mut found);
        (!found.is_null()).then_some((entry.pw_uid, entry.pw_gid))
    }
}

/// Id of a group.
pub fn group_id(name: &str) -> Option<u32> {
    let name = CString::new(name).ok()?;
    let mut buffer = vec![0 as c_char; BUFFER_BYTES];
    let mut found = std::ptr::null_mut();
    // SAFETY: as in `name_of`; only a number is taken.
    unsafe {
        let mut entry: libc::group = std::mem::zeroed();
        libc::getgrnam_r(name.as_ptr(), &mut entry, buffer.as_mut_ptr(), buffer.len(), &mut found);
        (!found.is_null()).then_some(entry.gr_gid)
    }
}

/// Names of all groups of a user; none for an unknown user.
pub fn groups_of(name: &str) -> Vec<String> {
    let Some((_, primary)) = user_ids(name) else { return Vec::new() };
    let Ok(name) = CString::new(name) else { return Vec::new() };
    let mut ids = vec![0 as libc::gid_t; GROUPS_MAX];
    let mut count = GROUPS_MAX as libc::c_int;
    // SAFETY: `ids` has room for `count` numbers, and the call says how many it wrote.
    let written = unsafe { libc::getgrouplist(name.as_ptr(), primary, ids.as_mut_ptr(), &mut count) };
    if written < 0 {
        tracing::warn!("user {name:?} is in more than {GROUPS_MAX} groups; none is counted");
        return Vec::new();
    }
    ids.truncate(written as usize);
    ids.into_iter().filter_map(group_name).collect()
}

fn group_name(gid: libc::gid_t) -> Option<String> {
    let mut buffer = vec![0 as c_char; BUFFER_BYTES];
    let mut found = std::ptr::null_mut();
    // SAFETY: as in `name_of`.
    unsafe {
        let mut entry: libc::group = std::mem::zeroed();
        libc::getgrgid_r(gid, &mut entry, buffer.as_mut_ptr(), buffer.len(), &mut found);
        if found.is_null() {
            return None;
        }
        CStr::from_ptr(entry.gr_name).to_str().ok().map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_is_known_everywhere() {
        assert_eq!(name_of(0).as_deref(), Some("root"));
        assert_eq!(user_ids("root").map(|(uid, _)| uid), Some(0));
        assert!(groups_of("root").contains(&"root".to_owned()));
        assert_eq!(group_id("root"), Some(0));
        assert_eq!(user_ids("no-such-user-here"), None);
        assert!(groups_of("no-such-user-here").is_empty());
    }
}
