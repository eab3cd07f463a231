//! Runs the real `gramhost` binary on free ports with its own data folder, and sends requests to it.

use std::{
    env, fs,
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    os::unix::{fs::symlink, process::ExitStatusExt},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, mpsc},
    thread,
    time::Duration,
};

use reqwest::{Client, Method, header::HeaderMap};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

/// A first start compiles four plugins, unoptimised and in parallel with other tests.
const START: Duration = Duration::from_secs(120);
/// How long it may take until a fault occurs.
const DEATH: Duration = Duration::from_secs(60);

/// The binary, in a folder without a settings file, and without the caller's variables.
pub(crate) fn gramhost(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gramhost"));
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("GRAMHOST_") {
            command.env_remove(name);
        }
    }
    command.current_dir(folder).stdin(Stdio::null());
    command
}

/// A running server; killed when dropped.
pub(crate) struct Server {
    /// Its working folder; `data` in it is its data folder.
    pub(crate) folder: TempDir,
    /// The address of the API.
    pub(crate) address: SocketAddr,
    /// The address of the admin listener.
    pub(crate) admin: SocketAddr,
    child: Child,
    log: Arc<Mutex<String>>,
    client: Client,
}

/// A response of a server.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// Null if the body is not JSON.
    pub(crate) json: Value,
    pub(crate) text: String,
}

impl Server {
    /// Starts `gramhost serve` with these flags and waits until it listens.
    pub(crate) fn start(flags: &[&str]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), flags)
    }

    /// Like [`Server::start`], in a folder that contains a settings file, plugins or an earlier server's data.
    pub(crate) fn start_in(folder: TempDir, flags: &[&str]) -> Self {
        let command = gramhost(folder.path());
        Self::spawn(folder, command, flags)
    }

    /// Like [`Server::start_in`], with a plan of faults whose first word is their type; see the crate `faults`.
    pub(crate) fn start_with_faults(folder: TempDir, plan: &str, flags: &[&str]) -> Self {
        let mut command = gramhost(folder.path());
        let path = folder.path().join("faults");
        fs::write(&path, plan).unwrap();
        // It notes beside the plan what it did, where a server cannot write.
        command.env("FAULTS", path).env("GRAMHOST_HARDENING", "off");
        Self::spawn(folder, command, flags)
    }

    /// Runs a server that a plan of faults kills before it accepts any request.
    pub(crate) fn dies_at_start(folder: &Path, plan: &str, flags: &[&str]) {
        let path = folder.join("faults");
        fs::write(&path, plan).unwrap();
        let output = gramhost(folder)
            .env("FAULTS", path)
            .env("GRAMHOST_HARDENING", "off")
            .args(["serve", "--listen", "127.0.0.1:0", "--admin-listen", "off"])
            .args(flags)
            .output()
            .unwrap();
        assert_eq!(output.status.signal(), Some(9), "{output:?}");
    }

    /// Like [`Server::start_in`], with these environment variables.
    pub(crate) fn start_with(folder: TempDir, variables: &[(&str, &str)], flags: &[&str]) -> Self {
        let mut command = gramhost(folder.path());
        command.envs(variables.iter().copied());
        Self::spawn(folder, command, flags)
    }

    /// Starts a server on a machine without any tools installed.
    pub(crate) fn start_without_tools(flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = gramhost(folder.path());
        command.env("PATH", "/nonexistent");
        Self::spawn(folder, command, flags)
    }

    /// Starts a server with an ffmpeg that never finishes converting; its version and codecs are real.
    #[cfg(target_os = "linux")]
    pub(crate) fn start_with_endless_ffmpeg(folder: TempDir, flags: &[&str]) -> Self {
        let bin = folder.path().join("bin");
        fs::create_dir(&bin).unwrap();
        // Not `tail -f`, which exits once nobody reads its output.
        let script = "#!/bin/sh\ncase \"$*\" in *-version*|*-codecs*) exec /usr/bin/env ffmpeg \"$@\";; esac\nexec sleep 300\n";
        fs::write(bin.join("script"), script).unwrap();
        // By another process: child processes may still hold a file open that this process has just written.
        let mut install = Command::new("install");
        install
            .args(["-m", "755", "script", "ffmpeg"])
            .current_dir(&bin);
        assert!(install.status().unwrap().success());
        let mut command = gramhost(folder.path());
        command.env("PATH", format!("{}:/usr/bin:/bin", bin.display()));
        Self::spawn(folder, command, flags)
    }

    /// Starts a server with a limit on open files and connections.
    #[cfg(target_os = "linux")]
    pub(crate) fn start_with_open_files(count: u32, folder: TempDir, flags: &[&str]) -> Self {
        let limit = format!("ulimit -n {count} && exec \"$@\"");
        Self::start_within(&["sh", "-c", &limit, "sh"], folder, flags)
    }

    /// Starts a server on a separate disk of this many MiB, in a separate namespace.
    #[cfg(target_os = "linux")]
    pub(crate) fn start_on_disk_of(mib: u32, folder: TempDir, flags: &[&str]) -> Self {
        let files = folder.path().join("data/files");
        fs::create_dir_all(&files).unwrap();
        let files = files.display();
        let mount = format!("mount -t tmpfs -o size={mib}m tmpfs {files} && exec \"$@\"");
        let alone = ["unshare", "--user", "--map-root-user", "--mount"];
        Self::start_within(
            &[&alone[..], &["sh", "-c", &mount, "sh"]].concat(),
            folder,
            flags,
        )
    }

    /// Starts a server by another command, which gets the binary and its arguments last.
    #[cfg(target_os = "linux")]
    pub(crate) fn start_within(command: &[&str], folder: TempDir, flags: &[&str]) -> Self {
        let gramhost = gramhost(folder.path());
        let mut within = Command::new(command[0]);
        within.args(&command[1..]).arg(gramhost.get_program());
        within.current_dir(folder.path()).stdin(Stdio::null());
        Self::spawn(folder, within, flags)
    }

    fn spawn(folder: TempDir, mut command: Command, flags: &[&str]) -> Self {
        share_compiled_plugins(folder.path());
        let mut child = command
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--admin-listen",
                "127.0.0.1:0",
            ])
            .args(flags)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = follow(child.stderr.take().unwrap());
        let lines = lines(child.stdout.take().unwrap());
        let mut address = |what: &str| {
            let line = lines.recv_timeout(START).unwrap_or_else(|_| {
                let _gone = child.kill();
                panic!("no {what:?}: {}", log.lock().unwrap());
            });
            let address = line.strip_prefix(what).expect("the announcement");
            address.parse().unwrap()
        };
        Self {
            address: address("listening on http://"),
            admin: address("admin listening on http://"),
            folder,
            child,
            log,
            client: client(),
        }
    }

    /// `GET` on the API; the path begins with a slash and may contain a query.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[]).await
    }

    /// `POST` of a JSON body on the API.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        let url = format!("http://{}{path}", self.address);
        let request = self.client.post(url);
        let request = request.header("content-type", "application/json");
        Self::answered(request.body(body.to_string())).await
    }

    /// Like [`Server::post`], for a server that may die: `None` if it did before it responded.
    pub(crate) async fn try_post(&self, path: &str, body: &Value) -> Option<Value> {
        let url = format!("http://{}{path}", self.address);
        let request = self
            .client
            .post(url)
            .header("content-type", "application/json");
        let response = request.body(body.to_string()).send().await.ok()?;
        serde_json::from_str(&response.text().await.ok()?).ok()
    }

    /// The bytes of `GET` on the API.
    pub(crate) async fn bytes(&self, path: &str) -> Vec<u8> {
        let url = format!("http://{}{path}", self.address);
        let response = self.client.get(url).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        response.bytes().await.unwrap().to_vec()
    }

    /// A response whose body is read in pieces.
    pub(crate) async fn stream(&self, path: &str) -> reqwest::Response {
        let url = format!("http://{}{path}", self.address);
        self.client.get(url).send().await.unwrap()
    }

    /// Kills the server like `kill -9`, and starts a new process on the same data folder.
    pub(crate) fn crash_and_restart(mut self, flags: &[&str]) -> Self {
        self.signal(Signal::KILL);
        self.wait();
        self.restart(flags)
    }

    /// Starts a new process on the data folder of one that has ended.
    pub(crate) fn restart(mut self, flags: &[&str]) -> Self {
        let folder = std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap());
        Self::start_in(folder, flags)
    }

    /// A request with any method and headers on the API.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Answer {
        let url = format!("http://{}{path}", self.address);
        self.answer(method, url, headers).await
    }

    /// `GET` on the admin listener, with its token.
    pub(crate) async fn admin(&self, path: &str) -> Answer {
        let token = fs::read_to_string(self.folder.path().join("data/admin-token")).unwrap();
        let token = format!("Bearer {}", token.trim());
        let url = format!("http://{}{path}", self.admin);
        self.answer(Method::GET, url, &[("authorization", &token)])
            .await
    }

    /// `POST` without a body on the admin listener, with its token.
    pub(crate) async fn admin_post(&self, path: &str) -> Answer {
        let token = fs::read_to_string(self.folder.path().join("data/admin-token")).unwrap();
        let token = format!("Bearer {}", token.trim());
        let url = format!("http://{}{path}", self.admin);
        self.answer(Method::POST, url, &[("authorization", &token)])
            .await
    }

    /// `PUT /plugins/{name}` on the admin listener.
    pub(crate) async fn put_plugin(&self, name: &str, component: &[u8]) -> Answer {
        let token = fs::read_to_string(self.folder.path().join("data/admin-token")).unwrap();
        let url = format!("http://{}/plugins/{name}", self.admin);
        let request = self.client.put(url).bearer_auth(token.trim());
        Self::answered(request.body(component.to_vec())).await
    }

    /// The log so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Waits until the log contains this text.
    pub(crate) async fn logged(&self, text: &str) {
        let logged = async {
            while !self.log().contains(text) {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(START, logged).await.expect(text);
    }

    #[cfg(target_os = "linux")]
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits until the process has ended.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// Waits until the process has been ended by SIGKILL.
    pub(crate) async fn died(&mut self) {
        let died = async {
            loop {
                if let Some(status) = self.child.try_wait().unwrap() {
                    return status;
                }
                sleep(Duration::from_millis(2)).await;
            }
        };
        let status = timeout(DEATH, died).await;
        let signal = status.as_ref().ok().and_then(ExitStatusExt::signal);
        assert_eq!(signal, Some(9), "{status:?} {}", self.log());
    }

    async fn answer(&self, method: Method, url: String, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.client.request(method, url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Self::answered(request).await
    }

    async fn answered(request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        Answer {
            status,
            headers,
            json: serde_json::from_str(&text).unwrap_or_default(),
            text,
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// Shares compiled plugins between all tests: they are stored by digest, so only the first server compiles.
pub(crate) fn share_compiled_plugins(folder: &Path) {
    let shared = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled");
    let data = folder.join("data");
    fs::create_dir_all(&shared).unwrap();
    fs::create_dir_all(&data).unwrap();
    // Fails if an earlier server in the same folder has already created it.
    let _made = symlink(shared, data.join("compiled"));
}

/// A client, with the cryptography that every client of this process needs.
pub(crate) fn client() -> Client {
    // Fails if another test was first, which is fine.
    let _first = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy().build().unwrap()
}

/// Sends each line as it arrives; the channel closes with the stream.
fn lines(stream: impl Read + Send + 'static) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            // Nobody receives after the start, but the pipe must still be drained.
            let _unheard = sender.send(line);
        }
    });
    receiver
}

/// Collects all output so far, for failing tests to show.
fn follow(stream: impl Read + Send + 'static) -> Arc<Mutex<String>> {
    let log = Arc::new(Mutex::new(String::new()));
    let kept = Arc::clone(&log);
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let mut log = kept.lock().unwrap();
            log.push_str(&line);
            log.push('\n');
        }
    });
    log
}
