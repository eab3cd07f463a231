//! Headless Chromium, driven by the DevTools protocol over its pipe: no port, no WebSocket, no library.
//!
//! With `--remote-debugging-pipe` the browser reads commands on descriptor 3 and writes responses on 4, each a JSON
//! value that ends in a zero byte. The browser exits when the pipe closes, so that no process is left over.

#[path = "browser/axe.rs"]
mod axe;
#[path = "browser/program.rs"]
mod program;

use std::{
    collections::HashMap,
    fs,
    io::{BufReader, Write as _},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::Receiver,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use program::{base64, chromium, messages, screenshots};

/// Longer than any action takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The size and colour scheme of a window.
#[derive(Clone, Copy)]
pub(crate) struct Window {
    /// CSS pixels.
    pub(crate) width: u32,
    /// CSS pixels.
    pub(crate) height: u32,
    pub(crate) dark: bool,
}

/// A browser with one page; killed when dropped.
pub(crate) struct Browser {
    child: Child,
    commands: ChildStdin,
    messages: Receiver<Value>,
    session: String,
    next: u64,
    /// Exceptions of the page's scripts, and requests that the browser blocked.
    faults: Vec<String>,
    /// Names of the files that are being saved, by the browser's download ids.
    begun: HashMap<String, String>,
    /// Names of the files that were saved.
    saved: Vec<String>,
    window: Window,
    folder: TempDir,
}

impl Browser {
    /// Starts a browser with an empty profile, in English.
    pub(crate) fn start(window: Window) -> Self {
        Self::start_in(window, "en-US")
    }

    /// Starts a browser of somebody who reads this language.
    pub(crate) fn start_in(window: Window, language: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new("sh")
            // Standard input and output become the pipe.
            .args(["-c", r#"exec "$@" 3<&0 4>&1 </dev/null >/dev/null"#, "sh"])
            .arg(chromium())
            .args([
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--hide-scrollbars",
                "--no-first-run",
                "--remote-debugging-pipe",
            ])
            .args([
                format!("--lang={language}"),
                format!("--accept-lang={language}"),
            ])
            .arg(format!(
                "--user-data-dir={}",
                folder.path().join("profile").display()
            ))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let commands = child.stdin.take().unwrap();
        let messages = messages(BufReader::new(child.stdout.take().unwrap()));
        let mut browser = Self {
            child,
            commands,
            messages,
            session: String::new(),
            next: 0,
            faults: Vec::new(),
            begun: HashMap::new(),
            saved: Vec::new(),
            window,
            folder,
        };
        browser.attach();
        browser
    }

    fn attach(&mut self) {
        let saving = json!({
            "behavior": "allow", "downloadPath": self.folder.path(), "eventsEnabled": true,
        });
        self.send("Browser.setDownloadBehavior", saving);
        let targets = self.send("Target.getTargets", json!({}));
        let targets = targets["targetInfos"].as_array().unwrap();
        let page = targets.iter().find(|target| target["type"] == "page");
        let id = page.expect("a page")["targetId"].clone();
        let attached = self.send(
            "Target.attachToTarget",
            json!({ "targetId": id, "flatten": true }),
        );
        self.session = attached["sessionId"].as_str().unwrap().to_owned();
        for domain in ["Page", "Runtime", "Log"] {
            self.send(&format!("{domain}.enable"), json!({}));
        }
        let Window {
            width,
            height,
            dark,
        } = self.window;
        self.send(
            "Emulation.setDeviceMetricsOverride",
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false }),
        );
        let scheme = if dark { "dark" } else { "light" };
        // Screenshots of animations would differ each time.
        let features = json!([
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]);
        self.send(
            "Emulation.setEmulatedMedia",
            json!({ "features": features }),
        );
    }

    /// Opens an address and waits until it is loaded.
    pub(crate) fn open(&mut self, url: &str) {
        let opened = self.send("Page.navigate", json!({ "url": url }));
        assert_eq!(opened["errorText"], Value::Null, "{url}");
        self.until("document.readyState === 'complete' && location.href !== 'about:blank'");
    }

    /// Returns the result of a script on the page.
    pub(crate) fn evaluate(&mut self, script: &str) -> Value {
        let parameters =
            json!({ "expression": script, "awaitPromise": true, "returnByValue": true });
        let answer = self.send("Runtime.evaluate", parameters);
        let thrown = &answer["exceptionDetails"];
        assert!(thrown.is_null(), "{script}: {thrown}");
        answer["result"]["value"].clone()
    }

    /// Waits until a script on the page returns a truthy value, and returns that value. The page evaluates the script
    /// after each frame.
    pub(crate) fn until(&mut self, condition: &str) -> Value {
        let started = Instant::now();
        loop {
            let look = format!(
                "new Promise((told) => {{ let looks = 0; const look = () => {{ \
                    const found = (() => {condition})(); \
                    if (found || (looks += 1) > 50) told(found ?? null); else setTimeout(look, 10); \
                }}; look(); }})"
            );
            let found = self.evaluate(&look);
            if found != Value::Null && found != Value::Bool(false) {
                return found;
            }
            if started.elapsed() > PATIENCE {
                let text = self.evaluate("document.body.innerText");
                panic!("never: {condition}\n{text}\n{:?}", self.faults);
            }
        }
    }

    /// Returns the text of the first element that a selector matches, once there is one.
    pub(crate) fn text(&mut self, selector: &str) -> String {
        let found = self.until(&format!("document.querySelector({selector:?})?.innerText"));
        found.as_str().unwrap_or_default().to_owned()
    }

    /// Clicks the middle of the first element that a selector matches, like a person.
    pub(crate) fn click(&mut self, selector: &str) {
        let place = self.until(&format!(
            "{{ const found = document.querySelector({selector:?}); \
                if (!found || found.disabled) return null; \
                found.scrollIntoView({{ block: 'center', behavior: 'instant' }}); \
                const box = found.getBoundingClientRect(); \
                return box.width ? [box.x + box.width / 2, box.y + box.height / 2] : null; }}"
        ));
        for kind in ["mousePressed", "mouseReleased"] {
            let event = json!({
                "type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1,
            });
            self.send("Input.dispatchMouseEvent", event);
        }
    }

    /// Chooses a file in the file input that a selector matches.
    pub(crate) fn choose(&mut self, selector: &str, file: &str) {
        self.until(&format!("document.querySelector({selector:?})"));
        let parameters = json!({ "expression": format!("document.querySelector({selector:?})") });
        let input = self.send("Runtime.evaluate", parameters);
        let id = &input["result"]["objectId"];
        self.send(
            "DOM.setFileInputFiles",
            json!({ "files": [file], "objectId": id }),
        );
    }

    /// Inserts text at the cursor, like pasting.
    pub(crate) fn paste(&mut self, text: &str) {
        self.send("Input.insertText", json!({ "text": text }));
    }

    /// Pastes from the clipboard with Ctrl and V, wherever the focus is.
    pub(crate) fn paste_from_clipboard(&mut self, text: &str) {
        let permissions = json!(["clipboardReadWrite", "clipboardSanitizedWrite"]);
        self.send_to_browser(
            "Browser.grantPermissions",
            json!({ "permissions": permissions }),
        );
        // Only a page that has the focus may use the clipboard.
        self.send(
            "Emulation.setFocusEmulationEnabled",
            json!({ "enabled": true }),
        );
        self.evaluate(&format!("navigator.clipboard.writeText({})", json!(text)));
        let mut event = json!({
            "type": "rawKeyDown", "key": "v", "code": "KeyV", "windowsVirtualKeyCode": 86, "modifiers": 2,
            "commands": ["paste"],
        });
        self.send("Input.dispatchKeyEvent", event.clone());
        event["type"] = json!("keyUp");
        event["commands"] = json!([]);
        self.send("Input.dispatchKeyEvent", event);
    }

    /// Presses a key: `Enter`, `Tab`, `Escape`, or one that writes a character.
    pub(crate) fn press(&mut self, key: &str) {
        let (code, text) = match key {
            "Enter" => (13, "\r"),
            "Tab" => (9, ""),
            "Escape" => (27, ""),
            character => (0, character),
        };
        for kind in ["keyDown", "keyUp"] {
            let text = if kind == "keyDown" { text } else { "" };
            let event = json!({
                "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text,
            });
            self.send("Input.dispatchKeyEvent", event);
        }
    }

    /// Returns the bytes of a file that the page saves, once it is saved.
    pub(crate) fn saved(&mut self, name: &str) -> Vec<u8> {
        let started = Instant::now();
        while !self.saved.iter().any(|saved| saved == name) {
            let message = self.messages.recv_timeout(PATIENCE);
            let message = message.unwrap_or_else(|_| panic!("{name} is not saved"));
            self.hear(&message);
            assert!(started.elapsed() < PATIENCE, "{name} is not saved");
        }
        fs::read(self.folder.path().join(name)).unwrap()
    }

    /// Saves a screenshot of the whole page below the target folder, where CI finds it.
    pub(crate) fn screenshot(&mut self, name: &str) {
        // Pictures that are still loading would change the screenshot; pictures that have loaded must be drawn.
        self.until(
            "[...document.images].every((image) => image.complete || image.loading === 'lazy')",
        );
        self.evaluate(
            "Promise.all([...document.images].filter((image) => image.complete) \
                .map((image) => image.decode().catch(() => null))).then(() => null)",
        );
        let height = self.evaluate("document.documentElement.scrollHeight");
        let height = height.as_u64().unwrap_or_default().clamp(1, 4000);
        let clip =
            json!({ "x": 0, "y": 0, "width": self.window.width, "height": height, "scale": 1 });
        let parameters = json!({ "captureBeyondViewport": true, "clip": clip });
        let taken = self.send("Page.captureScreenshot", parameters);
        let folder = screenshots();
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join(format!("{name}.png"));
        let bytes = base64(taken["data"].as_str().unwrap());
        assert!(bytes.starts_with(b"\x89PNG"), "{name}");
        fs::write(path, bytes).unwrap();
    }

    /// Errors in the page's scripts so far, except failed requests for pictures and error responses.
    pub(crate) fn faults(&mut self) -> Vec<String> {
        self.evaluate("1");
        self.faults.clone()
    }

    /// The number of files that the page has saved so far.
    pub(crate) fn saved_count(&mut self) -> usize {
        self.evaluate("1");
        self.saved.len()
    }

    /// The top and the bottom of the first element that a selector matches, below the top of the window, CSS pixels.
    pub(crate) fn place(&mut self, selector: &str) -> (f64, f64) {
        let found = self.until(&format!(
            "{{ const box = document.querySelector({selector:?})?.getBoundingClientRect(); return box && [box.top, box.bottom]; }}"
        ));
        (found[0].as_f64().unwrap(), found[1].as_f64().unwrap())
    }

    /// Sends a command to the browser and not to its page.
    fn send_to_browser(&mut self, method: &str, parameters: Value) -> Value {
        let session = std::mem::take(&mut self.session);
        let answer = self.send(method, parameters);
        self.session = session;
        answer
    }

    fn send(&mut self, method: &str, parameters: Value) -> Value {
        self.next += 1;
        let mut command = json!({ "id": self.next, "method": method, "params": parameters });
        if !self.session.is_empty() {
            command["sessionId"] = json!(self.session);
        }
        let mut bytes = command.to_string().into_bytes();
        bytes.push(0);
        self.commands.write_all(&bytes).expect("a running Chromium");
        loop {
            let message = self.messages.recv_timeout(PATIENCE);
            let message = message.unwrap_or_else(|_| panic!("Chromium is silent after {method}"));
            if message["id"] == self.next {
                assert!(message["error"].is_null(), "{method}: {}", message["error"]);
                return message["result"].clone();
            }
            self.hear(&message);
        }
    }

    fn hear(&mut self, message: &Value) {
        let parameters = &message["params"];
        match message["method"].as_str() {
            Some("Browser.downloadWillBegin") => {
                let name = parameters["suggestedFilename"].as_str().unwrap_or_default();
                let id = parameters["guid"].as_str().unwrap_or_default();
                self.begun.insert(id.to_owned(), name.to_owned());
            }
            Some("Browser.downloadProgress") if parameters["state"] == "completed" => {
                let id = parameters["guid"].as_str().unwrap_or_default();
                self.saved.extend(self.begun.remove(id));
            }
            Some("Runtime.exceptionThrown") => {
                self.faults.push(parameters["exceptionDetails"].to_string());
            }
            // Without `network`: the page itself shows refused requests.
            Some("Log.entryAdded")
                if parameters["entry"]["level"] == "error"
                    && parameters["entry"]["source"] != "network" =>
            {
                self.faults.push(parameters["entry"].to_string());
            }
            _ => {}
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}
