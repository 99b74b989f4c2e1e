//! Chromium without a window, driven over WebDriver (W3C Recommendation "WebDriver").

use std::ffi::OsString;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::environment::{on_path, target_dir};
use crate::fetch::{self, FetchError};

/// The key of an element in WebDriver's JSON ("Elements").
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// The start of the line in which the driver names its port.
const STARTED: &str = "ChromeDriver was started successfully on port ";

/// The time limit of a command: a page of a test is loaded in a second.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(30);

/// The reason why there is no browser.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChromiumError {
    /// No Chromium was found, and none could be fetched.
    #[error("there is no Chromium to run, and none could be fetched: {0}")]
    Fetch(#[from] FetchError),
    /// The driver could not be started.
    #[error("chromedriver does not start")]
    Io(#[from] io::Error),
    /// The driver does not tell its port.
    #[error("chromedriver does not tell its port: {0}")]
    Silent(String),
    /// The browser does not start.
    #[error("Chromium does not start: {0}")]
    Session(String),
}

/// The programs, and the folders of their libraries.
struct Programs {
    chromium: PathBuf,
    driver: PathBuf,
    libraries: OsString,
}

/// A browser with one window; killed when dropped.
///
/// Its methods panic if the browser fails: the test cannot continue.
#[derive(Debug)]
pub struct Chromium {
    driver: Child,
    /// The driver's address.
    host: String,
    session: String,
    profile: TempDir,
}

impl Chromium {
    /// Starts a browser: the one on PATH, or else Debian's.
    pub fn try_start() -> Result<Self, ChromiumError> {
        let programs = locate()?;
        let profile = tempfile::Builder::new().prefix("chromium-").tempdir()?;
        let mut driver = Command::new(&programs.driver)
            .arg("--port=0")
            .env("LD_LIBRARY_PATH", &programs.libraries)
            .env("HOME", profile.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let port = port(&mut driver);
        let mut browser = Self {
            host: format!("127.0.0.1:{}", port.as_deref().unwrap_or("0")),
            driver,
            session: String::new(),
            profile,
        };
        port?;
        browser.session = browser.open_session(&programs.chromium)?;
        Ok(browser)
    }

    fn open_session(&self, program: &Path) -> Result<String, ChromiumError> {
        let profile = self.profile.path().display();
        // Containers forbid the sandbox; the pages are the tests' own.
        let arguments = [
            "--headless".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            format!("--user-data-dir={profile}/data"),
        ];
        let options = json!({ "binary": program, "args": arguments });
        let capabilities = json!({
            "goog:chromeOptions": options,
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let body = json!({ "capabilities": { "alwaysMatch": capabilities } });
        let (_, response) = self.send("POST", "/session", &body)?;
        let session = response["value"]["sessionId"].as_str();
        session
            .map(str::to_owned)
            .ok_or_else(|| ChromiumError::Session(response.to_string()))
    }

    /// Opens a page.
    pub fn open(&self, url: &str) {
        self.command("url", &json!({ "url": url }));
    }

    /// Runs the body of a JavaScript function in the page, and returns its result.
    pub fn script(&self, body: &str) -> Value {
        self.command("execute/sync", &json!({ "script": body, "args": [] }))
    }

    /// Clicks on the first element that a CSS selector matches.
    pub fn click(&self, selector: &str) {
        let element = self.element(selector);
        self.command(&format!("element/{element}/click"), &json!({}));
    }

    /// Presses keys in the element that has the focus. The WebDriver specification ("Keyboard actions") numbers special keys:
    /// U+E004 is Tab, U+E00D is Space.
    pub fn press(&self, keys: &str) {
        let actions = keys.chars().flat_map(|key| {
            ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key.to_string() }))
        });
        let actions: Vec<Value> = actions.collect();
        let source = json!({ "type": "key", "id": "keyboard", "actions": actions });
        self.command("actions", &json!({ "actions": [source] }));
    }

    /// Sets the preferred colour scheme, `light` or `dark`, and the size of the page in pixels.
    pub fn emulate(&self, scheme: &str, (width, height): (u32, u32)) {
        let feature = json!({ "name": "prefers-color-scheme", "value": scheme });
        self.devtools(
            "Emulation.setEmulatedMedia",
            &json!({ "features": [feature] }),
        );
        let size = json!({
            "width": width,
            "height": height,
            "deviceScaleFactor": 1,
            "mobile": false,
        });
        self.devtools("Emulation.setDeviceMetricsOverride", &size);
    }

    /// Returns all nodes of the accessibility tree, as screen readers get it (Chrome DevTools Protocol,
    /// `Accessibility.getFullAXTree`).
    #[must_use]
    pub fn accessibility_tree(&self) -> Vec<Value> {
        let tree = self.devtools("Accessibility.getFullAXTree", &json!({}));
        tree["nodes"].as_array().cloned().unwrap_or_default()
    }

    /// Returns the messages that the page has caused in the browser's log since the last call.
    #[must_use]
    pub fn log(&self) -> Vec<String> {
        let entries = self.command("se/log", &json!({ "type": "browser" }));
        let entries = entries.as_array().into_iter().flatten();
        entries.map(|entry| entry["message"].to_string()).collect()
    }

    /// Returns a picture of the page, in PNG.
    ///
    /// # Panics
    ///
    /// Panics if the driver sends none.
    #[must_use]
    pub fn screenshot(&self) -> Vec<u8> {
        let shot = self.devtools("Page.captureScreenshot", &json!({ "format": "png" }));
        let text = shot["data"].as_str().expect("a screenshot is text");
        BASE64_STANDARD
            .decode(text)
            .expect("a screenshot is in base64")
    }

    fn devtools(&self, name: &str, parameters: &Value) -> Value {
        self.command(
            "goog/cdp/execute",
            &json!({ "cmd": name, "params": parameters }),
        )
    }

    fn element(&self, selector: &str) -> String {
        let found = self.command(
            "element",
            &json!({ "using": "css selector", "value": selector }),
        );
        let element = found[ELEMENT].as_str();
        element.expect("an element has a reference").to_owned()
    }

    fn command(&self, name: &str, body: &Value) -> Value {
        let path = format!("/session/{}/{name}", self.session);
        let (status, response) = self
            .send("POST", &path, body)
            .unwrap_or_else(|error| panic!("chromedriver does not respond to {name}: {error}"));
        assert_eq!(status, 200, "{name} {body}: {response}");
        response["value"].clone()
    }

    /// Sends a request to the driver, which keeps connections open whatever the client asks for.
    fn send(&self, method: &str, path: &str, body: &Value) -> io::Result<(u16, Value)> {
        let mut stream = TcpStream::connect(&self.host)?;
        stream.set_read_timeout(Some(RESPONSE_TIMEOUT))?;
        let (host, body) = (&self.host, body.to_string());
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
        );
        stream.write_all(&[head.as_bytes(), body.as_bytes()].concat())?;
        let mut reader = BufReader::new(stream);
        let (mut status, mut length, mut line) = (0, 0, String::new());
        while reader.read_line(&mut line)? > 0 && !line.trim().is_empty() {
            match line.split_once(':') {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.trim().parse().map_err(io::Error::other)?;
                }
                Some(_) => {}
                None => {
                    let code = line.split(' ').nth(1).and_then(|code| code.parse().ok());
                    status = code.unwrap_or_default();
                }
            }
            line.clear();
        }
        let mut bytes = Vec::new();
        reader.take(length).read_to_end(&mut bytes)?;
        Ok((status, serde_json::from_slice(&bytes)?))
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // Ends the browser. Both fail only if it, or the driver, is gone already.
        let path = format!("/session/{}", self.session);
        let _ = self.send("DELETE", &path, &json!({}));
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// Reads the port from the driver's output. The rest of its output is discarded.
fn port(driver: &mut Child) -> Result<String, ChromiumError> {
    let mut output = BufReader::new(driver.stdout.take().expect("the output is a pipe"));
    let (mut line, mut all) = (String::new(), String::new());
    while output.read_line(&mut line)? > 0 {
        if let Some(port) = line.trim().strip_prefix(STARTED) {
            let port = port.trim_end_matches('.').to_owned();
            // The driver would fail if nobody read its output.
            std::thread::spawn(move || io::copy(&mut output, &mut io::sink()));
            return Ok(port);
        }
        all.push_str(&line);
        line.clear();
    }
    Err(ChromiumError::Silent(all))
}

fn locate() -> Result<Programs, ChromiumError> {
    if let (Some(chromium), Some(driver)) = (on_path("chromium"), on_path("chromedriver")) {
        return Ok(Programs {
            chromium,
            driver,
            libraries: OsString::new(),
        });
    }
    let root = fetch::chromium(&target_dir())?;
    // A relative path would be resolved by the driver.
    let root = root.canonicalize()?;
    let mut libraries = fetch::libraries(&root);
    // The libraries of PulseAudio find each other by a path that is compiled in.
    for folder in std::env::split_paths(&libraries.clone()) {
        libraries.push(":");
        libraries.push(folder.join("pulseaudio"));
    }
    Ok(Programs {
        // The package's own start script wants the system's paths.
        chromium: root.join("usr/lib/chromium/chromium"),
        driver: root.join("usr/bin/chromedriver"),
        libraries,
    })
}
