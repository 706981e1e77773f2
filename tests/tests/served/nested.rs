//! Handlers of three helpers' depth, a thousand of them at once, on the threads that the server has.

use std::{thread, time::Duration};

use segno::{Database, Io, Request, Response, ResponseHead, ResponseStream, Result, Router, smol::Backend};

use crate::{
    client::{Client, get},
    server::{Running, eventually, options},
};

/// A page that waits in helpers, helpers of helpers, and theirs.
async fn page(mut io: Io, request: Request) -> Result<Response> {
    let stamp: u64 = request.param("stamp")?;
    let mut out = io.respond(ResponseHead::text()).await?;
    out.write(&mut io, format!("begin {stamp}\n")).await?;
    for round in 0..3 {
        section(&mut io, &mut out, stamp, round).await?;
    }
    out.write(&mut io, format!("end {stamp}\n")).await?;
    Ok(out.end())
}

async fn section(io: &mut Io, out: &mut ResponseStream, stamp: u64, round: u64) -> Result<()> {
    let sum = query(io, stamp, round).await?;
    out.write(io, format!("{round}: {sum}\n")).await?;
    Ok(())
}

async fn query(io: &mut Io, stamp: u64, round: u64) -> Result<i64> {
    pause(io, Duration::from_millis(stamp % 7)).await?;
    let rows = io.sql("select ?1 + ?2 as sum", [stamp.cast_signed(), round.cast_signed()]).await?;
    Ok(rows.one()?.get("sum")?)
}

async fn pause(io: &mut Io, time: Duration) -> Result<()> {
    Ok(io.sleep(time).await?)
}

#[test]
fn a_thousand_clients_get_a_whole_answer_of_their_own() {
    const CLIENTS: u64 = 1_000;
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open(&format!("sqlite:{}", folder.path().join("nested.db").display())).unwrap();
    let router = Router::new().get("/{stamp}", page);
    let server = Running::with(router, Backend::new().database(database), options());
    let mut clients: Vec<Client> = (0..CLIENTS).map(|_| server.client()).collect();
    for (stamp, client) in (0..).zip(&mut clients) {
        client.send(get(&format!("/{stamp}")));
    }
    for (stamp, client) in (0..).zip(&mut clients) {
        let expected = format!("begin {stamp}\n0: {stamp}\n1: {}\n2: {}\nend {stamp}\n", stamp + 1, stamp + 2);
        assert_eq!(client.reply().text(), expected);
    }
}

#[test]
fn one_reactor_thread_runs_all_of_it() {
    let fetches = async |mut io: Io, request: Request| {
        let address = request.header("host").unwrap_or_default().to_owned();
        let reply = io.http_get(format!("http://{address}/echo")).await?;
        Ok(Response::text(reply.text().into_owned()))
    };
    let echo = async |mut io: Io, mut request: Request| {
        io.sleep(Duration::from_millis(1)).await?;
        Ok(Response::text(format!("echo {}", request.body.text(&mut io, 100).await?)))
    };
    let server = Running::new(Router::new().get("/", fetches).get("/echo", echo).post("/echo", echo));
    let mut client = server.client();
    client.send(format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", server.address));
    assert_eq!(client.reply().text(), "echo ");
    client.send("POST /echo HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    assert_eq!(client.reply().status, 100);
    client.send("on");
    assert_eq!(client.reply().text(), "echo on");
    if cfg!(target_os = "linux") {
        // A thread has its name a moment after its start.
        eventually("the reactor has its name", || threads().contains(&"async-io".to_owned()));
        let names = threads();
        let count = |name: &str| names.iter().filter(|thread| thread.starts_with(name)).count();
        assert_eq!((count("async-io"), count("async-std"), count("async-global")), (1, 0, 0), "{names:?}");
        assert!(count("segno-") >= 2, "{names:?}");
    }
}

/// The names of this process's threads.
fn threads() -> Vec<String> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    // A thread may end meanwhile.
    tasks.filter_map(|task| Some(std::fs::read_to_string(task.ok()?.path().join("comm")).ok()?.trim().into())).collect()
}

#[test]
fn clients_on_many_threads_are_served_at_once() {
    const CLIENTS: usize = 20;
    let router = Router::new()
        .get("/wait", async |mut io: Io, _: Request| Ok(Response::text(io.chat_recv("nested").await?.to_string())));
    let router = router.get("/say", async |mut io: Io, _: Request| {
        while io.chat_balance("nested").await? < CLIENTS as u64 {
            io.sleep(Duration::from_millis(1)).await?;
        }
        Ok(Response::text(io.chat_send("nested", "hello").await?.to_string()))
    });
    let server = Running::new(router);
    let address = server.address;
    let clients: Vec<_> =
        (0..CLIENTS).map(|_| thread::spawn(move || Client::connect(address).get("/wait").text())).collect();
    assert_eq!(server.client().get("/say").text(), CLIENTS.to_string());
    for client in clients {
        assert_eq!(client.join().unwrap(), "hello");
    }
}
