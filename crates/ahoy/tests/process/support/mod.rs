//! The binary as the processes users start, and folders of their own.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// The binary without what the environment of the test might say.
pub fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ahoy"));
    command.args(args);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("AHOY_") {
            command.env_remove(name);
        }
    }
    command
}

/// A server that has said it is ready; it is asked to stop at the end, so that it takes its temporary folder with it.
pub struct Running {
    process: Child,
    /// Its ready line.
    pub ready: Value,
    pub url: String,
}

impl Running {
    /// Starts it.
    pub fn start(args: &[&str]) -> Self {
        let mut process = command(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let mut said = process.stderr.take().unwrap();
        if line.is_empty() {
            let mut why = String::new();
            said.read_to_string(&mut why).unwrap();
            panic!("{args:?} ended before it was ready: {why}");
        }
        // Its log goes on to the test's.
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::stderr()));
        let ready: Value = serde_json::from_str(&line).unwrap();
        let url = ready["url"].as_str().unwrap().to_owned();
        Self {
            process,
            ready,
            url,
        }
    }

    /// Ends it as a crash would.
    pub fn kill(mut self) {
        self.process.kill().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let pid = self.process.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &pid]).status();
        let _ = self.process.wait();
    }
}

/// A folder that goes with the test.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ahoy-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
    pub fn path(&self, of: &str) -> String {
        self.0.join(of).to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
