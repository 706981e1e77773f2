//! A private server, which a case may kill and start anew.

use std::process::Command;

use tempfile::TempDir;

use crate::home::Kind;

/// A server of its own, by `tests/databases`. It ends with this, or with this process.
pub(crate) struct Server {
    folder: TempDir,
    pub(crate) url: String,
}

impl Server {
    pub(crate) fn start(kind: Kind) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path().join("server");
        // The server may run as another user, who must get there.
        std::fs::create_dir(&directory).unwrap();
        let path = directory.to_str().unwrap();
        open_to_all(&folder);
        let url = script(&["start", &kind.to_string(), path, &std::process::id().to_string()]);
        Self { folder, url }
    }

    /// Ends it as a crash does.
    pub(crate) fn kill(&self) {
        script(&["kill", &self.directory()]);
    }

    /// Starts it again, where it was.
    pub(crate) fn restart(&self) {
        script(&["restart", &self.directory()]);
    }

    fn directory(&self) -> String {
        self.folder.path().join("server").display().to_string()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Not `script`: to panic while a case fails would hide why. The server ends with this process anyway.
        let _ = Command::new(SCRIPT).args(["stop", &self.directory()]).status();
    }
}

fn open_to_all(folder: &TempDir) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn script(arguments: &[&str]) -> String {
    let done = Command::new(SCRIPT).args(arguments).output().unwrap();
    assert!(done.status.success(), "tests/databases {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap().trim().to_owned()
}

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/databases");
