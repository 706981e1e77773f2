//! A client that goes away while its handler waits: the handler is stopped within a second, and leaves nothing behind.

use std::{
    sync::mpsc::{self, Receiver},
    time::{Duration, Instant},
};

use segno::{
    Database, Io, Perform, Request, Response, ResponseHead, Result, Router, Sql, StopReason, Stopped,
    smol::{Backend, ServerOptions},
};

use crate::{
    client::{After, Client, PATIENCE, get, post},
    logs,
    server::{Running, eventually, options},
};

/// A query that lasts longer than it takes to notice that a client is gone.
const LONG: &str = "with recursive c(n) as (select 1 union all select n + 1 from c limit 4000000) select max(n) from c";

/// How long it may take until a handler knows. The machine may be busy with other tests, which is no fault of it.
const SOON: Duration = Duration::from_millis(if cfg!(debug_assertions) { 2_000 } else { 1_000 });

/// A handler that waits for what the path names, and tells how its wait ended.
fn waiting() -> (Router, Receiver<String>) {
    let (send, ended) = mpsc::channel();
    let router = Router::new().get("/{what}", move |mut io: Io, request: Request| {
        let send = send.clone();
        async move {
            let what: String = request.param("what")?;
            let end = wait(&mut io, &what).await;
            send.send(format!("{what}: {}", end.as_ref().unwrap_err())).unwrap();
            end
        }
    });
    (router, ended)
}

async fn wait(io: &mut Io, what: &str) -> Result<Response> {
    // The client sees that it waits now.
    let mut out = io.respond(ResponseHead::text()).await?;
    out.write(io, "waiting").await?;
    match what {
        "chat" => drop(io.chat_recv("vanished").await?),
        "sql" => drop(io.sql(LONG, ()).await?),
        "sleep" => io.sleep(Duration::from_secs(3_600)).await?,
        "subscription" => drop(io.chat_subscribe("vanished").await?.recv(io).await?),
        "transaction" => {
            io.transaction(async |tx| {
                tx.sql("insert into note (text) values ('of a vanished client')", ()).await?;
                tx.sql(LONG, ()).await?;
                Ok(())
            })
            .await?;
        }
        "lanes" => {
            let race = io.race2(
                async |io| io.chat_recv("vanished").await,
                async |io| io.sleep(Duration::from_secs(3_600)).await,
            );
            let _ = race.await;
            io.sleep(Duration::from_secs(3_600)).await?;
        }
        _ => {}
    }
    Ok(out.end())
}

#[track_caller]
fn is_waiting(server: &Running, what: &str) -> Client {
    let mut client = server.client();
    client.send(get(&format!("/{what}")));
    client.head().unwrap();
    assert_eq!(client.chunks_until("waiting"), "waiting");
    client
}

#[test]
fn a_vanished_client_stops_its_handler_within_a_second() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("vanished.db").display());
    let database = Database::open(&url).unwrap();
    let (router, ended) = waiting();
    let server = Running::with(router, Backend::new().database(database), options());
    let stopped = Stopped { reason: StopReason::Disconnected, happened: segno::Happened::Unknown };
    for what in ["chat", "sql", "sleep", "subscription", "lanes"] {
        for reset in [false, true] {
            let client = is_waiting(&server, what);
            if reset {
                // What was sent and not read makes the system tear the connection.
                let mut client = client;
                client.send("more than was asked for");
                client.end_sending();
                drop(client);
            } else {
                drop(client);
            }
            let gone = Instant::now();
            let end = ended.recv_timeout(PATIENCE).unwrap();
            assert!(gone.elapsed() < SOON, "{what} took {:?}", gone.elapsed());
            assert!(end.starts_with(what) && end.ends_with(&stopped.to_string()), "{end}");
        }
    }
}

#[test]
fn a_vanished_client_that_sent_on_stops_its_handler_too() {
    let (router, ended) = waiting();
    let server = Running::new(router);
    let mut client = server.client();
    client.send(get("/chat") + &get("/chat") + &post("/chat", "body"));
    client.head().unwrap();
    client.chunks_until("waiting");
    drop(client);
    let gone = Instant::now();
    ended.recv_timeout(PATIENCE).unwrap();
    assert!(gone.elapsed() < SOON, "{:?}", gone.elapsed());
    // The requests behind it are not served for nobody.
    ended.recv_timeout(Duration::from_millis(100)).unwrap_err();
}

#[test]
fn the_transaction_of_a_vanished_client_is_rolled_back() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("vanished.db").display());
    let (database, other) = (Database::open(&url).unwrap(), Database::open(&url).unwrap());
    let run = |text: &'static str| {
        smol::block_on(other.session().perform(Sql { text: text.into(), params: ().into(), transaction: None }))
    };
    run("create table note (text)").unwrap();
    let (router, _ended) = waiting();
    let server = Running::with(router, Backend::new().database(database), options());
    drop(is_waiting(&server, "transaction"));
    // Another connection gets the lock, and sees nothing of it.
    eventually("another connection can write", || run("insert into note (text) values ('mine')").is_ok());
    let texts: Vec<String> = run("select text from note").unwrap().iter().map(|row| row.get("text").unwrap()).collect();
    assert_eq!(texts, ["mine"]);
}

#[test]
fn the_subscription_of_a_vanished_client_is_gone() {
    let (router, ended) = waiting();
    let router = router.post("/balance", async |mut io: Io, _: Request| {
        Ok(Response::text(io.chat_balance("vanished").await?.to_string()))
    });
    let server = Running::new(router);
    let balance = || {
        let mut client = server.client();
        client.send(post("/balance", ""));
        client.reply().text()
    };
    let clients: Vec<_> = ["chat", "subscription", "subscription"].map(|what| is_waiting(&server, what)).into();
    eventually("all listen", || balance() == "3");
    drop(clients);
    for _ in 0..3 {
        ended.recv_timeout(PATIENCE).unwrap();
    }
    eventually("nobody listens", || balance() == "0");
}

#[test]
fn a_client_that_waits_patiently_is_not_taken_for_gone() {
    let slow = async |mut io: Io, _: Request| {
        io.sleep(Duration::from_millis(1_200)).await?;
        Ok(Response::text("at last"))
    };
    let server = Running::new(Router::new().get("/", slow));
    let mut client = server.client();
    // The second request is there while the first is served.
    client.send(get("/") + &get("/"));
    assert_eq!((client.reply().text(), client.reply().text()), ("at last".into(), "at last".into()));
    assert_eq!(client.after(), After::Keep);
}

#[test]
fn a_client_that_ends_its_half_is_waited_for_as_long_as_the_server_likes() {
    let slow = async |mut io: Io, _: Request| {
        io.sleep(Duration::from_millis(1_200)).await?;
        Ok(Response::text("at last"))
    };
    for (half_open_time, status) in [(Duration::from_secs(20), 200), (Duration::from_millis(100), 499)] {
        let options = ServerOptions { half_open_time, ..options() };
        let server = Running::with(Router::new().get("/", slow), Backend::new(), options);
        let mut client = server.client();
        client.send(get("/"));
        client.stream.shutdown(std::net::Shutdown::Write).unwrap();
        assert_eq!(client.reply().status, status);
    }
}

/// In the log it is no failure of the server's.
#[test]
fn a_client_that_did_not_wait_is_logged_as_such() {
    logs::collect();
    let router: Router = Router::new()
        .get("/did-not-wait", async |mut io: Io, _| Ok(Response::text(io.chat_recv("vanished").await?.to_string())));
    let server = Running::new(router);
    let mut client = server.client();
    client.send(get("/did-not-wait"));
    drop(client);
    logs::line_with(&["INFO", "/did-not-wait", "status=499"]);
}
