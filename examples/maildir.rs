// SPDX-License-Identifier: MIT
// A queue adapter in Rust, to copy. A job is a message in a Maildir: what lies in new/ waits, and the
// folder ".pdf" beside new/ is the Maildir of the queue "pdf".
//
//     rustc --edition 2021 -O --crate-type cdylib maildir.rs -o maildir.so
//     queue: { adapter: ./maildir.so, path: /var/mail/jobs }
//
// One thing it cannot keep: where there is no memory, Rust's standard library ends the program, as the
// host itself does, while an adapter in C fails its call.

use std::ffi::{CStr, CString};
use std::fs;
use std::io;
use std::os::raw::{c_char, c_int, c_void};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::ptr::null;
use std::time::SystemTime;

/// The part of <dynomatic/plugin.h> that this adapter uses, member by member. A table may end early:
/// the host reads no further than the size that stands in front.
mod contract {
    use super::*;

    pub const ABI: u32 = 1;
    pub const OK: i32 = 0;
    pub const LATE: i32 = 1;
    pub const RETRY: i32 = 2;
    pub const WAITING: i32 = 0;
    pub const LATENCY: i32 = 1;
    pub const AT_LEAST: u32 = 1;
    pub const TEXT: u32 = 0;
    pub const REQUIRED: u32 = 1;

    #[repr(C)]
    pub struct Host {
        pub size: u32,
        pub abi: u32,
        pub fail: unsafe extern "C" fn(*const Host, i32, *const c_char) -> i32,
        pub put: unsafe extern "C" fn(*const Host, u32, i32, i64, u32),
    }

    #[repr(C)]
    pub struct Call {
        pub size: u32,
        pub cancel_fd: i32,
        pub deadline_ns: i64,
    }

    #[repr(C)]
    pub struct Row {
        pub name: *const c_char,
        pub standard: *const c_char,
        pub limits: *const c_char,
        pub env: *const c_char,
        pub help: *const c_char,
        pub kind: u32,
        pub flags: u32,
        pub offset: u32,
        pub reserved: u32,
    }

    #[repr(C)]
    pub struct Group {
        pub cap: i64,
        pub name: *const c_char,
        pub queues: *const *const c_char,
        pub n_queues: u32,
        pub metrics: u32,
    }

    #[repr(C)]
    pub struct Queue {
        pub size: u32,
        pub metrics: u32,
        pub measure: unsafe extern "C" fn(*mut c_void, *const Call, *const Group, u32) -> i32,
    }

    #[repr(C)]
    pub struct Plugin {
        pub size: u32,
        pub abi: u32,
        pub name: *const c_char,
        pub version: *const c_char,
        pub summary: *const c_char,
        pub options: *const Row,
        pub n_options: u32,
        pub option_size: u32,
        pub config_size: u32,
        pub reserved: u32,
        pub load: *const c_void,
        pub open: unsafe extern "C" fn(*const Host, *const c_void, *mut *mut c_void) -> i32,
        pub close: unsafe extern "C" fn(*mut c_void),
        pub queue: *const Queue,
        pub scaler: *const c_void,
    }

    // Constant, so every thread may read them.
    unsafe impl Sync for Row {}
    unsafe impl Sync for Plugin {}
}
use contract::*;

macro_rules! text {
    ($text:expr) => {
        concat!($text, "\0").as_ptr() as *const c_char
    };
}

/// What the host fills by the row below. It lives until close.
#[repr(C)]
struct Config {
    path: *const c_char,
}

static OPTIONS: [Row; 1] = [Row {
    name: text!("path"),
    standard: null(),
    limits: null(),
    env: text!("MAILDIR"),
    help: text!("the Maildir whose messages are jobs"),
    kind: TEXT,
    flags: REQUIRED,
    offset: 0,
    reserved: 0,
}];

/// An instance. Several may be open and run at the same time, so nothing of it is static.
struct Maildir {
    host: *const Host,
    path: PathBuf,
}

/// Why a call ends without an answer: what the host does next, and a sentence.
struct Failure(i32, String);

struct Tally {
    waiting: i64,
    oldest: Option<SystemTime>,
}

// ---- The deadline ----

#[repr(C)]
struct Time {
    s: i64,
    ns: i64,
}

#[repr(C)]
struct Poll {
    fd: c_int,
    wanted: i16,
    found: i16,
}

const CLOCK_MONOTONIC: c_int = 1;
const POLLIN: i16 = 1;

extern "C" {
    fn clock_gettime(clock: c_int, time: *mut Time) -> c_int;
    fn poll(fds: *mut Poll, n: usize, timeout_ms: c_int) -> c_int;
}

/// True if the host wants the call to end, or its deadline has passed.
fn is_over(call: &Call) -> bool {
    let mut now = Time { s: 0, ns: 0 };
    let mut cancel = Poll { fd: call.cancel_fd, wanted: POLLIN, found: 0 };
    unsafe {
        clock_gettime(CLOCK_MONOTONIC, &mut now);
        now.s * 1_000_000_000 + now.ns >= call.deadline_ns || poll(&mut cancel, 1, 0) > 0
    }
}

// ---- Counting ----

fn unreadable(path: &Path, why: io::Error) -> Failure {
    Failure(RETRY, format!("cannot read {}: {}", path.display(), why))
}

fn is_gone(why: &io::Error) -> bool {
    why.kind() == io::ErrorKind::NotFound
}

/// Adds the messages of one Maildir. Counting past the cap would change no decision. A queue that has
/// no folder yet has no jobs, and a message that is gone by now was taken by a worker.
fn add(tally: &mut Tally, maildir: &Path, cap: i64, call: &Call) -> Result<(), Failure> {
    let new = maildir.join("new");
    let entries = match fs::read_dir(&new) {
        Ok(entries) => entries,
        Err(why) if is_gone(&why) => return Ok(()),
        Err(why) => return Err(unreadable(&new, why)),
    };
    for entry in entries {
        if is_over(call) {
            return Err(Failure(LATE, format!("{} is too large to be read in time", new.display())));
        }
        if cap > 0 && tally.waiting >= cap {
            break;
        }
        let entry = entry.map_err(|why| unreadable(&new, why))?;
        match entry.metadata().and_then(|it| it.modified()) {
            Ok(since) => {
                tally.waiting += 1;
                tally.oldest = Some(tally.oldest.map_or(since, |oldest| oldest.min(since)));
            }
            Err(why) if is_gone(&why) => {}
            Err(why) => return Err(unreadable(&entry.path(), why)),
        }
    }
    Ok(())
}

/// The Maildirs of a group: those of its queues, or all that there are.
unsafe fn maildirs(root: &Path, group: &Group) -> Result<Vec<PathBuf>, Failure> {
    if group.n_queues > 0 {
        let queues = std::slice::from_raw_parts(group.queues, group.n_queues as usize);
        let folder = |&queue| root.join(format!(".{}", CStr::from_ptr(queue).to_string_lossy()));
        return Ok(queues.iter().map(folder).collect());
    }
    let mut all = vec![root.to_path_buf()];
    for entry in fs::read_dir(root).map_err(|why| unreadable(root, why))? {
        let entry = entry.map_err(|why| unreadable(root, why))?;
        let is_file = entry.file_type().map_or(false, |it| it.is_file());
        if entry.file_name().to_string_lossy().starts_with('.') && !is_file {
            all.push(entry.path());
        }
    }
    Ok(all)
}

unsafe fn tally(root: &Path, call: &Call, group: &Group) -> Result<Tally, Failure> {
    let mut tally = Tally { waiting: 0, oldest: None };
    for maildir in maildirs(root, group)? {
        add(&mut tally, &maildir, group.cap, call)?;
    }
    Ok(tally)
}

unsafe fn measure(it: &Maildir, call: &Call, groups: &[Group]) -> Result<(), Failure> {
    let now = SystemTime::now();
    let new = it.path.join("new"); // without it this is no Maildir, and says nothing of any queue
    fs::metadata(&new).map_err(|why| unreadable(&new, why))?;
    for (i, group) in groups.iter().enumerate() {
        let tally = tally(&it.path, call, group)?;
        let flags = if group.cap > 0 && tally.waiting >= group.cap { AT_LEAST } else { 0 };
        let age = tally.oldest.and_then(|oldest| now.duration_since(oldest).ok());
        let age_ms = age.map_or(0, |age| age.as_millis() as i64);
        let host = &*it.host;
        (host.put)(host, i as u32, WAITING, tally.waiting, flags);
        (host.put)(host, i as u32, LATENCY, age_ms, flags);
    }
    Ok(())
}

// ---- The contract: no panic leaves a function ----

unsafe fn fail(host: *const Host, code: i32, text: &str) -> i32 {
    let text = CString::new(text.replace('\0', "?")).unwrap_or_default();
    ((*host).fail)(host, code, text.as_ptr())
}

unsafe extern "C" fn maildir_measure(
    this: *mut c_void,
    call: *const Call,
    groups: *const Group,
    n: u32,
) -> i32 {
    let it = &*(this as *const Maildir);
    let groups = if n > 0 { std::slice::from_raw_parts(groups, n as usize) } else { &[] };
    match catch_unwind(AssertUnwindSafe(|| measure(it, &*call, groups))) {
        Ok(Ok(())) => OK,
        Ok(Err(Failure(code, text))) => fail(it.host, code, &text),
        Err(_) => fail(it.host, RETRY, "the adapter panicked"),
    }
}

/// Opening does no I/O: the first measurement is the first look.
unsafe extern "C" fn maildir_open(
    host: *const Host,
    config: *const c_void,
    this: *mut *mut c_void,
) -> i32 {
    let config = &*(config as *const Config);
    let path = PathBuf::from(CStr::from_ptr(config.path).to_string_lossy().as_ref());
    *this = Box::into_raw(Box::new(Maildir { host, path })) as *mut c_void;
    OK
}

unsafe extern "C" fn maildir_close(this: *mut c_void) {
    if !this.is_null() {
        drop(Box::from_raw(this as *mut Maildir));
    }
}

static QUEUE: Queue = Queue {
    size: std::mem::size_of::<Queue>() as u32,
    metrics: 1 << WAITING | 1 << LATENCY,
    measure: maildir_measure,
};

#[no_mangle]
#[allow(non_upper_case_globals)]
pub static dynomatic_plugin: Plugin = Plugin {
    size: std::mem::size_of::<Plugin>() as u32,
    abi: ABI,
    name: text!("maildir"), // as the file's: maildir.so
    version: text!("1"),
    summary: text!("counts the messages of a Maildir"),
    options: OPTIONS.as_ptr(),
    n_options: OPTIONS.len() as u32,
    option_size: std::mem::size_of::<Row>() as u32,
    config_size: std::mem::size_of::<Config>() as u32,
    reserved: 0,
    load: null(),
    open: maildir_open,
    close: maildir_close,
    queue: &QUEUE,
    scaler: null(),
};
