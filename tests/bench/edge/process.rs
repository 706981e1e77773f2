//! The servers as processes: started, measured, and ended with this one.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    time::Duration,
};

use crate::Failed;

/// A server that runs until this is dropped.
pub(crate) struct Server {
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
    child: Child,
}

impl Server {
    /// Starts this program once more, as this server.
    pub(crate) fn start(name: &'static str) -> Result<Self, Failed> {
        let mut command = Command::new(std::env::current_exe()?);
        // It ends when its input does: with this process, however that ends.
        let mut child = command.args(["--serve", name]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("a server has no output")?).read_line(&mut line)?;
        Ok(Self { name, address: line.trim().parse()?, child })
    }

    /// How long all of its threads have run on a processor so far, as Linux counts it.
    pub(crate) fn processor_time(&self) -> Result<Duration, Failed> {
        let mut nanos = 0;
        for thread in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let text = fs::read_to_string(thread?.path().join("schedstat"))?;
            nanos += text.split(' ').next().unwrap_or_default().parse::<u64>()?;
        }
        Ok(Duration::from_nanos(nanos))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        // It ended by itself, or not at all.
        let _ = self.child.wait();
    }
}
