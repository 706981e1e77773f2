//! The article's server, as a newcomer starts it.

use std::{
    env,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, ChildStdout, Command, Stdio},
    sync::{Arc, OnceLock, mpsc},
    thread,
    time::Duration,
};

use segno::{Database, Perform, Sql};
use tempfile::TempDir;

use crate::{
    client::{Client, get},
    server::eventually,
};

/// The program, as it is now.
fn program() -> &'static PathBuf {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let test = env::current_exe().unwrap();
        let program = test.parent().and_then(|deps| deps.parent()).unwrap().join("examples/article");
        // Mostly there is nothing to do: `cargo test` has built it.
        let mut build = Command::new(env!("CARGO"));
        build.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).args([
            "build",
            "--quiet",
            "--example",
            "article",
        ]);
        if !cfg!(debug_assertions) {
            build.arg("--release");
        }
        assert!(build.status().unwrap().success(), "the article cannot be built");
        program
    })
}

/// The article's server, with a database of its own.
pub(crate) struct Article {
    child: Child,
    pub(crate) address: SocketAddr,
    database: String,
    folder: Arc<TempDir>,
    /// What it says later goes here.
    _rest: BufReader<ChildStdout>,
}

impl Article {
    pub(crate) fn start() -> Self {
        Self::start_in(Arc::new(tempfile::tempdir().unwrap()))
    }

    fn start_in(folder: Arc<TempDir>) -> Self {
        let database = format!("sqlite:{}", folder.path().join("article.sqlite").display());
        let mut child = Command::new(program())
            .args(["--address", "127.0.0.1:0", "--database", &database, "--seed", "7"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut rest = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        rest.read_line(&mut line).unwrap();
        let address = line.strip_prefix("open http://").and_then(|line| line.split('/').next()?.parse().ok());
        let address = address.unwrap_or_else(|| panic!("it says {line:?}"));
        Self { child, address, database, folder, _rest: rest }
    }

    /// Sends it a signal, and gives its status when it has ended.
    fn end(&mut self, signal: &str) -> Option<i32> {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        let mut status = None;
        eventually("the article ends", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap().code()
    }
}

impl Drop for Article {
    fn drop(&mut self) {
        // It may have ended before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const FIRST_LINE: &str = "hi, we are now inside the request tasklet";

#[track_caller]
fn is_whole(page: &str) {
    assert!(
        page.contains(FIRST_LINE) && page.contains("QUERY 1:<table>") && page.contains("QUERY 2:<table>"),
        "{page}"
    );
    let (_, last) = page.split_once("QUERY 3:").unwrap();
    assert!(last.starts_with("<table><tr>") && last.ends_with("</table>\n"), "{page}");
    assert_eq!(last.matches("<tr>").count(), 10, "{page}");
}

#[test]
fn a_signal_ends_it_in_order() {
    for signal in ["-TERM", "-INT"] {
        let mut article = Article::start();
        let mut idle = Client::connect(article.address);
        assert_eq!(idle.get("/motto").status, 200);
        assert_eq!(article.end(signal), Some(0), "{signal}");
    }
}

#[test]
fn a_second_signal_ends_the_grace() {
    let mut article = Article::start();
    // Somebody hears nothing for five seconds, twice as long as this may take.
    let mut waiting = Client::connect(article.address);
    waiting.send(get("/together"));
    waiting.after();
    let pid = article.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    eventually("nothing new is taken", || std::net::TcpStream::connect(article.address).is_err());
    assert_eq!(article.end("-TERM"), Some(0));
    assert_eq!(waiting.reply().status, 503);
}

#[test]
fn a_taken_port_is_said_with_a_hint() {
    let article = Article::start();
    let second = Command::new(program())
        .args(["--address", &article.address.to_string(), "--database", "sqlite::memory:"])
        .output()
        .unwrap();
    let said = String::from_utf8(second.stderr).unwrap();
    assert_ne!(second.status.code(), Some(0));
    assert!(said.contains(&format!("cannot listen on {}", article.address)), "{said}");
    assert!(said.contains("another program listens there: stop it, or choose another port"), "{said}");
}

#[test]
#[cfg(target_os = "linux")]
fn it_may_open_as_many_files_as_the_system_lets_it() {
    let mut child = Command::new("sh")
        .args(["-c", "ulimit -Sn 100 && exec \"$0\" --address 127.0.0.1:0 --database sqlite::memory:"])
        .arg(program())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // From now on it is the article, and no longer the shell.
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut String::new()).unwrap();
    let limits = format!("/proc/{}/limits", child.id());
    let is_raised = || {
        let limits = std::fs::read_to_string(&limits).unwrap();
        let line = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
        let [soft, hard] = [0, 1].map(|nth| line.split_whitespace().nth(nth).unwrap());
        soft == hard
    };
    eventually("the limit is raised", is_raised);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn its_options_are_told() {
    let help = Command::new(program()).arg("--help").output().unwrap();
    let said = String::from_utf8(help.stdout).unwrap();
    assert!(help.status.success());
    for option in ["--address", "--database", "--upstream", "--seed", "127.0.0.1:8080"] {
        assert!(said.contains(option), "{option}");
    }
    let wrong = Command::new(program()).arg("--sead").output().unwrap();
    assert!(!wrong.status.success() && String::from_utf8_lossy(&wrong.stderr).contains("--sead"));
}

#[test]
fn the_first_line_comes_before_the_first_query_is_done() {
    let article = Article::start();
    let database = Database::open(&article.database).unwrap();
    let run = |text: &'static str| {
        smol::block_on(database.session().perform(Sql { text: text.into(), params: ().into(), transaction: None }))
    };
    // A query that is never done.
    run("alter table test rename to kept").unwrap();
    let endless = "create view test as
        with recursive c(n) as (select 1 union all select n + 1 from c) select max(n) as id, 'x' as name from c";
    run(endless).unwrap();
    let mut client = Client::connect(article.address);
    client.send(get("/"));
    assert_eq!(client.head().unwrap().status, 200);
    let seen = client.chunks_until("QUERY 1:");
    assert!(seen.contains(FIRST_LINE) && seen.ends_with("QUERY 1:"), "{seen}");
}

#[test]
fn a_thousand_visitors_get_a_whole_page_each() {
    const VISITORS: usize = 1_000;
    let article = Article::start();
    let mut visitors: Vec<_> = (0..VISITORS).map(|_| Client::connect(article.address)).collect();
    for visitor in &mut visitors {
        visitor.send(get("/"));
    }
    // Those who wait for chat hear of later visitors: so there are some, until all have their page.
    let (done, until_done) = mpsc::channel::<()>();
    let address = article.address;
    let later = thread::spawn(move || {
        let mut later = Vec::new();
        while until_done.recv_timeout(Duration::from_millis(5)) == Err(mpsc::RecvTimeoutError::Timeout) {
            let mut visitor = Client::connect(address);
            visitor.send(get("/"));
            later.push(visitor);
            assert!(later.len() < 5_000, "some never hear anything");
        }
    });
    let mut heard = 0;
    for visitor in &mut visitors {
        let page = visitor.reply().text();
        is_whole(&page);
        if let Some((_, rest)) = page.split_once("load this page in other tabs):") {
            assert!(rest.starts_with("hi from "), "{page}");
            heard += 1;
        }
    }
    drop(done);
    later.join().unwrap();
    // By chance three of ten wait for chat.
    assert!((150..450).contains(&heard), "{heard} heard something");
}

#[test]
fn the_waits_side_by_side_end_without_chat() {
    let article = Article::start();
    let mut client = Client::connect(article.address);
    let reply = client.get("/together");
    let page = reply.text();
    assert_eq!(reply.status, 200);
    for number in 1..=3 {
        assert!(page.contains(&format!("QUERY {number}:<table>")), "{page}");
    }
    assert!(page.contains("Dal segno: from the sign, go on."), "{page}");
    let (_, heard) = page.split_once("CHAT CONSUMER:").unwrap();
    assert!(!heard.is_empty(), "it says that nobody said anything: {page}");
}

#[test]
fn the_table_is_filled_once() {
    let mut article = Article::start();
    assert_eq!(article.end("-TERM"), Some(0));
    let _again = Article::start_in(article.folder.clone());
    let database = Database::open(&article.database).unwrap();
    let sql = Sql { text: "select count(*) as n from test".into(), params: ().into(), transaction: None };
    let count: i64 = smol::block_on(database.session().perform(sql)).unwrap().one().unwrap().get("n").unwrap();
    assert_eq!(count, 12);
}
