//! What a server's recorder keeps, and that it runs again.

use std::{fs, path::PathBuf, sync::mpsc, thread, time::Duration};

use segno::{
    Database, Error, Io, Request, Response, ResponseHead, Result, Router, Standard,
    record::{RecordedEndKind, Recorder},
    smol::{Backend, Server},
    testing::{Recording, replay, replay_directory},
};
use smol::channel::{Sender, bounded};
use tempfile::TempDir;

use crate::{
    client::{Client, PATIENCE, get},
    server::{eventually, options},
};

async fn sign_in(mut io: Io, mut request: Request) -> Result<Response> {
    let form = request.body.form(&mut io, 1 << 20).await?;
    let password: String = form.get("password")?.unwrap_or_default();
    let rows = io.sql("select ?1 as again", [&password]).await?;
    let again: String = rows.one()?.get("again")?;
    match &*again == "a-bad-password" {
        true => Err(Error::status(500, "no").because(format!("the password {again} is bad"))),
        false => Ok(Response::text("yes").header("set-cookie", &format!("id={again}"))?),
    }
}

fn router() -> Router {
    let panics = async |mut io: Io, _: Request| {
        let now = io.now().await?;
        panic!("the panic of recorded at {now}");
    };
    let torn = async |mut io: Io, _: Request| {
        let mut out = io.respond(ResponseHead::text()).await?;
        out.write(&mut io, "begun").await?;
        io.sql("select * from nowhere", ()).await?;
        Ok(out.end())
    };
    let waits = async |mut io: Io, _: Request| Ok(Response::text(io.chat_recv("recorded").await?.to_string()));
    let author = async |mut io: Io, request: Request| {
        let id: i64 = request.param("id")?;
        Ok(Response::text(io.sql("select ?1 as id", [id]).await?.one()?.get::<i64>("id")?.to_string()))
    };
    let router = Router::new().post("/sign-in", sign_in).get("/panics", panics).get("/torn", torn);
    router.get("/waits", waits).get("/author/{id}", author)
}

/// A server with a recorder.
struct Recorded {
    address: std::net::SocketAddr,
    recorder: Recorder,
    directory: TempDir,
    stop: Option<Sender<()>>,
    ended: mpsc::Receiver<()>,
}

impl Recorded {
    fn new(options_of: fn(Recorder) -> Recorder) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let recorder = options_of(Recorder::new(&directory).unwrap());
        let server = Server::bind("127.0.0.1:0").unwrap().record(recorder.clone()).options(options());
        let address = server.local_address();
        let (stop, stopped) = bounded::<()>(1);
        let (send, ended) = mpsc::channel();
        thread::spawn(move || {
            let backend = Backend::new().database(Database::open("sqlite::memory:").unwrap());
            server.run(router(), backend, async move { _ = stopped.recv().await }).unwrap();
            // Nobody listens if the test has failed.
            let _ = send.send(());
        });
        Self { address, recorder, directory, stop: Some(stop), ended }
    }

    fn client(&self) -> Client {
        Client::connect(self.address)
    }

    fn files(&self) -> Vec<PathBuf> {
        self.recorder.flush();
        let mut files: Vec<_> = fs::read_dir(&self.directory).unwrap().map(|file| file.unwrap().path()).collect();
        files.sort();
        files
    }

    /// The only file, when it is there: it is written after the response was sent.
    fn file(&self) -> PathBuf {
        eventually("a trace", || !self.files().is_empty());
        self.files().remove(0)
    }

    /// Ends the server, and waits until all is written.
    fn stop(&mut self) {
        self.stop = None;
        self.ended.recv_timeout(PATIENCE).unwrap();
    }
}

fn post(password: &str) -> String {
    let body = format!("name=ada&password={password}&{}", "x".repeat(100_000));
    format!(
        "POST /sign-in?from=here HTTP/1.1\r\nhost: x\r\nauthorization: Basic YWRhOmJhZA==\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[test]
fn a_failure_is_recorded_and_runs_again_and_a_success_is_not() {
    let mut server = Recorded::new(|recorder| recorder);
    let mut client = server.client();
    client.send(post("a-good-password"));
    assert_eq!(client.reply().status, 200);
    assert_eq!(client.get("/author/7").text(), "7");
    assert_eq!(client.get("/author/x").status, 404);
    client.send(post("a-bad-password"));
    assert_eq!(client.reply().status, 500);
    server.stop();
    let files = server.files();
    assert_eq!(files.len(), 1, "{files:?}");
    let text = fs::read_to_string(&files[0]).unwrap();
    for secret in ["a-bad-password", "YWRhOmJhZA=="] {
        assert!(!text.contains(secret), "{text}");
    }
    let recording = Recording::<Standard>::read(text.as_bytes()).unwrap();
    assert_eq!(recording.header.handler, "POST /sign-in");
    assert_eq!(recording.end.unwrap().kind, RecordedEndKind::Failed);
    // The token is not the bad password, so that the handler takes another way; unless it is told what the database said.
    let signs = async |mut io: Io, mut request: Request| {
        let form = request.body.form(&mut io, 1 << 20).await?;
        let password: String = form.get("password")?.unwrap_or_default();
        io.sql("select ?1 as again", [&password]).await?;
        Err::<Response, _>(Error::status(500, "no").because(format!("the password {password} is bad")))
    };
    replay(signs, &files[0]).ends_as_recorded();
    replay(router(), &files[0]).responds(200).body("yes");
}

#[test]
fn a_panic_is_recorded() {
    let mut server = Recorded::new(|recorder| recorder.errors(false));
    assert_eq!(server.client().get("/panics").status, 500);
    server.stop();
    replay(router(), server.file()).ends_as_recorded();
}

#[test]
fn a_torn_response_is_an_error_and_one_whose_client_left_is_not() {
    let mut server = Recorded::new(|recorder| recorder.one_in(1));
    let mut left = server.client();
    left.send(get("/waits"));
    left.after();
    drop(left);
    assert!(server.file().to_str().unwrap().ends_with("-sample.jsonl"));
    let mut client = server.client();
    client.send(get("/torn"));
    client.head().unwrap();
    assert_eq!(client.chunk().unwrap(), b"begun");
    client.chunk().unwrap_err();
    server.stop();
    let torn = &server.files()[1];
    assert!(torn.to_str().unwrap().ends_with("-error.jsonl"));
    let recording = Recording::<Standard>::read(&fs::read(torn).unwrap()).unwrap();
    assert_eq!(recording.end.unwrap().kind, RecordedEndKind::Torn);
    replay_directory(router(), &server.directory);
}

#[test]
fn slow_ones_and_a_sample_are_recorded_with_their_route() {
    for options_of in
        [(|recorder| recorder.slower_than(Duration::ZERO)) as fn(Recorder) -> _, |recorder| recorder.one_in(2)]
    {
        let mut server = Recorded::new(options_of);
        let mut client = server.client();
        for id in 0..4 {
            assert_eq!(client.get(&format!("/author/{id}")).text(), id.to_string());
        }
        server.stop();
        let count = server.files().len();
        assert!(count == 4 || count == 2, "{count}");
        replay_directory(router(), &server.directory);
    }
}

#[test]
fn a_stop_is_recorded_with_what_it_stopped() {
    let mut server = Recorded::new(|recorder| recorder.one_in(1));
    let mut client = server.client();
    client.send(get("/waits"));
    client.after();
    server.stop();
    assert_eq!(client.reply().status, 503);
    let text = fs::read_to_string(server.file()).unwrap();
    assert!(text.contains(r#"{"stopped":{"reason":"shutdown"}}"#), "{text}");
    replay(router(), server.file()).ends_as_recorded();
}
