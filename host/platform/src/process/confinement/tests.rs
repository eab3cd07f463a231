//! Tests that what was given up fails, and that the rest still works. A thread gives up what a process would.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::{
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Write as _},
    net::{TcpListener, TcpStream},
    os::unix::net::UnixStream,
    path::Path,
    process::{Command, Stdio},
    thread,
};

use super::*;

/// Runs `attempts` in a thread within `bounds`, unless this kernel lacks a part of it.
fn within(bounds: Bounds, attempts: impl FnOnce() + Send + 'static) {
    let confined = thread::spawn(move || {
        let in_force = bounds.enforce();
        // Whatever else is missing is a fault of ours.
        if in_force
            .files
            .as_ref()
            .is_err_and(|why| why.contains("this kernel"))
        {
            println!("skipped: {in_force}");
            return;
        }
        assert!(in_force.is_whole(), "{in_force}");
        attempts();
    });
    confined.join().unwrap();
}

fn is_denied<T>(attempt: std::io::Result<T>) -> bool {
    attempt.is_err_and(|error| error.kind() == ErrorKind::PermissionDenied)
}

fn run(program: &str, arguments: &[&str]) -> bool {
    let output = Command::new(program).args(arguments).output();
    output.unwrap().status.success()
}

fn append(path: &Path) -> std::io::Result<()> {
    OpenOptions::new().append(true).open(path)?.write_all(b"x")
}

#[test]
fn only_the_files_that_were_kept_can_be_reached() {
    let folder = tempfile::tempdir().unwrap();
    let [kept, other, written] = ["kept", "other", "written"].map(|name| folder.path().join(name));
    for path in [&kept, &other, &written] {
        fs::create_dir(path).unwrap();
        fs::write(path.join("file"), "text").unwrap();
    }
    std::os::unix::fs::symlink(other.join("file"), kept.join("link")).unwrap();
    let bounds = Bounds {
        readable: vec![kept.clone(), folder.path().join("missing")],
        writable: vec![written.clone()],
        ..Bounds::default()
    };
    within(bounds, move || {
        assert_eq!(fs::read_to_string(kept.join("file")).unwrap(), "text");
        assert!(fs::read_dir(&kept).is_ok());
        assert!(is_denied(append(&kept.join("file"))));
        assert!(is_denied(File::create(kept.join("new"))));
        assert!(is_denied(fs::remove_file(kept.join("file"))));
        // A link leads nowhere else.
        assert!(is_denied(File::open(kept.join("link"))));
        assert!(is_denied(File::open(other.join("file"))));
        assert!(is_denied(fs::read_dir(&other)));
        append(&written.join("file")).unwrap();
        fs::create_dir(written.join("folder")).unwrap();
        fs::rename(written.join("file"), written.join("folder/moved")).unwrap();
        fs::remove_dir_all(written.join("folder")).unwrap();
        // Nothing leaves the folder, or comes into it.
        File::create(written.join("new")).unwrap();
        assert!(fs::rename(written.join("new"), other.join("new")).is_err());
        assert!(fs::rename(other.join("file"), written.join("stolen")).is_err());
    });
}

#[test]
fn a_single_file_can_be_kept() {
    let folder = tempfile::tempdir().unwrap();
    let [one, beside] = ["one", "beside"].map(|name| folder.path().join(name));
    File::create(&one).unwrap();
    let bounds = Bounds {
        writable: vec![one.clone(), NOWHERE.into()],
        ..Bounds::default()
    };
    within(bounds, move || {
        fs::write(&one, "text").unwrap();
        assert_eq!(fs::read_to_string(&one).unwrap(), "text");
        append(Path::new(NOWHERE)).unwrap();
        assert!(is_denied(File::create(&beside)));
        assert!(is_denied(fs::remove_file(&one)));
    });
}

#[test]
fn only_programs_that_were_kept_can_be_executed() {
    let runnable = PROGRAMS.map(PathBuf::from).to_vec();
    let readable = MACHINE.map(PathBuf::from).to_vec();
    let folder = tempfile::tempdir().unwrap();
    let [copy, written] = ["kept", "written"].map(|name| folder.path().join(name).join("true"));
    for copy in [&copy, &written] {
        let copy = copy.to_str().unwrap();
        assert!(run("install", &["-D", "-m", "755", "/bin/true", copy]));
    }
    let bounds = Bounds {
        readable: [readable, vec![copy.parent().unwrap().to_owned()]].concat(),
        runnable,
        writable: vec![NOWHERE.into(), written.parent().unwrap().to_owned()],
        ..Bounds::default()
    };
    within(bounds, move || {
        assert!(run("/bin/true", &[]));
        // They can be read, and not run.
        for copy in [&copy, &written] {
            assert!(File::open(copy).is_ok());
            assert!(is_denied(Command::new(copy).status()));
        }
        // A child has given up the same.
        assert!(run("/bin/sh", &["-c", "true"]));
        assert!(!run("/bin/sh", &["-c", "cat /etc/hostname"]));
    });
}

#[test]
fn only_ports_that_were_kept_can_be_used() {
    let [asked, other] = [(), ()].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let address = |listener: &TcpListener| listener.local_addr().unwrap();
    let (asked_at, other_at) = (address(&asked), address(&other));
    let bounds = Bounds {
        listens: Some(vec![0]),
        connects: Some(vec![asked_at.port()]),
        ..Bounds::default()
    };
    within(bounds, move || {
        assert!(TcpStream::connect(asked_at).is_ok());
        assert!(is_denied(TcpStream::connect(other_at)));
        assert!(TcpListener::bind("127.0.0.1:0").is_ok());
        drop(other);
        assert!(is_denied(TcpListener::bind(other_at)));
    });
}

#[test]
fn a_converting_process_makes_no_socket() {
    let bounds = Bounds {
        calls: Calls::Convert,
        ..Bounds::default()
    };
    within(bounds, || {
        let left = rustix::thread::capabilities(None).unwrap();
        assert!(left.permitted.is_empty() && left.effective.is_empty());
        assert!(is_denied(TcpStream::connect("127.0.0.1:9")));
        assert!(is_denied(std::net::UdpSocket::bind("127.0.0.1:0")));
        assert!(is_denied(UnixStream::pair()));
    });
}

#[test]
fn a_computing_process_opens_and_starts_nothing_and_still_has_threads() {
    // The filter alone: files would be free.
    let bounds = Bounds {
        readable: vec!["/".into()],
        runnable: vec!["/".into()],
        calls: Calls::Compute,
        ..Bounds::default()
    };
    within(bounds, || {
        assert!(File::open("/etc/passwd").is_err());
        assert!(Command::new("/bin/true").status().is_err());
        assert!(TcpStream::connect("127.0.0.1:9").is_err());
        let sum = thread::spawn(|| (0..1 << 20).collect::<Vec<u64>>().iter().sum::<u64>());
        assert_eq!(sum.join().unwrap(), ((1 << 20) - 1) << 19);
    });
}

#[test]
fn nobody_can_look_into_other_processes_or_change_namespaces() {
    let bounds = Bounds {
        readable: vec!["/proc".into()],
        runnable: PROGRAMS.map(PathBuf::from).to_vec(),
        writable: vec![NOWHERE.into()],
        ..Bounds::default()
    };
    // It ends when nobody can write to it any more.
    let mut other = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
    let (us, it) = (std::process::id(), other.id());
    within(bounds, move || {
        assert!(rustix::thread::no_new_privs().unwrap());
        let left = rustix::thread::capabilities(None).unwrap();
        assert!(
            !left
                .permitted
                .contains(rustix::thread::CapabilitySet::SYS_ADMIN)
        );
        assert!(!run("unshare", &["--user", "true"]));
        assert!(File::open(format!("/proc/{it}/status")).is_ok());
        for part in ["mem", "environ", "maps"] {
            // Some are refused, others are empty.
            let read = fs::read(format!("/proc/{it}/{part}")).unwrap_or_default();
            assert!(read.is_empty(), "{part}");
        }
        assert!(!run(
            "/bin/sh",
            &["-c", &format!("kill -0 {us} || kill {it}")]
        ));
    });
    drop(other.stdin.take());
    assert!(other.wait().unwrap().success());
}

#[test]
fn what_is_not_in_force_is_said() {
    let nothing = InForce::nothing("why");
    assert!(!nothing.is_whole());
    assert_eq!(
        nothing.to_string(),
        "files and ports not restricted (why), system calls not restricted (why), new privileges possible (why)"
    );
    let whole = InForce {
        privileges: Ok(()),
        files: Ok(7),
        calls: Ok(()),
    };
    assert!(whole.is_whole());
    assert_eq!(
        whole.to_string(),
        "files and ports restricted (Landlock 7), system calls restricted, no new privileges"
    );
}
