//! Server-sent events: over a real socket, and in a real browser.

use std::{thread, time::Duration};

use segno::{Chat, ChatBalance, ChatSend, Event, Io, Perform, Request, Response, Result, Router, smol::Backend};
use smol::future::block_on;

use crate::{
    browser::{browser, shown},
    client::get,
    server::{Running, eventually, options},
};

/// Tells what is said in a room, after what the client missed.
async fn listen(mut io: Io, request: Request) -> Result<Response> {
    let name: String = request.param("name")?;
    let mut room = io.chat_subscribe(name).await?;
    let mut events = io.events().await?.heartbeat(Duration::from_millis(50));
    if let Some(last) = request.header("last-event-id") {
        events.send(&mut io, Event::new(&format!("after {last}")).event("missed")?.id("8")?).await?;
    }
    loop {
        let message = events.wait(&mut io, async |io| room.recv(io).await).await??;
        if &*message == "good night" {
            return Ok(events.end());
        }
        events.send(&mut io, message).await?;
    }
}

fn say(chat: &Chat, room: &'static str, message: &str) -> u64 {
    block_on(chat.session().perform(ChatSend { room: room.into(), message: message.into() })).unwrap()
}

#[test]
fn events_and_heartbeats_arrive_when_they_are_sent() {
    let chat = Chat::new();
    let router = Router::new().get("/room/{name}", listen);
    let server = Running::with(router, Backend::new().chat(chat.clone()), options());
    let mut client = server.client();
    client.send("GET /room/lobby HTTP/1.1\r\nHost: test\r\nLast-Event-ID: 7\r\n\r\n");
    let head = client.head().unwrap();
    let fields = ["content-type", "cache-control", "x-accel-buffering"].map(|name| head.header(name).unwrap());
    assert_eq!(fields, ["text/event-stream", "no-store", "no"]);
    assert_eq!(client.chunks_until(": heartbeat\n\n"), "data: after 7\nevent: missed\nid: 8\n\n: heartbeat\n\n");
    // Nothing is lost to the heartbeats between two messages.
    for number in 0..20 {
        assert_eq!(say(&chat, "lobby", &format!("{number}\nmore")), 1);
        let heard = client.chunks_until("data: more\n\n").replace(": heartbeat\n\n", "");
        assert_eq!(heard, format!("data: {number}\ndata: more\n\n"));
        if number % 4 == 0 {
            assert_eq!(client.chunks_until("heartbeat"), ": heartbeat\n\n");
        }
    }
    assert_eq!(say(&chat, "lobby", "good night"), 1);
    while !client.chunk().unwrap().is_empty() {}
    // The connection serves on.
    client.send(get("/room/lobby"));
    assert_eq!(client.head().unwrap().status, 200);
}

#[test]
fn a_listener_that_is_gone_is_noticed() {
    let chat = Chat::new();
    let router = Router::new().get("/room/{name}", listen);
    let server = Running::with(router, Backend::new().chat(chat.clone()), options());
    let mut client = server.client();
    client.send(get("/room/lobby"));
    client.head().unwrap();
    client.chunks_until(": heartbeat");
    drop(client);
    eventually("nobody listens", || say(&chat, "lobby", "hello?") == 0);
}

/// The chat example's page, whose load event is held back until it shows two messages: then a browser gives its DOM.
async fn page(_: Io, _: Request) -> Result<Response> {
    const PAGE: &str = include_str!("../../../examples/chat/page.html");
    const HELD: &str = r#"<script>
      new MutationObserver(() => {
        if (document.querySelectorAll("div > p").length == 2) fetch("/shown", { method: "POST" });
      }).observe(document.querySelector("div"), { childList: true });
    </script>
    <img src="/held">"#;
    Ok(Response::html([PAGE, HELD].concat()))
}

/// Waits until the page shows all; for so long as a slow machine may need.
async fn held(mut io: Io, _: Request) -> Result<Response> {
    let shown = io.timeout(Duration::from_secs(20), async |io| io.chat_recv("shown").await).await;
    Ok(Response::text(if shown.is_ok() { "shown" } else { "not shown" }))
}

async fn is_shown(mut io: Io, _: Request) -> Result<Response> {
    io.chat_send("shown", "all").await?;
    Ok(Response::new(204, ""))
}

#[test]
fn a_browser_shows_what_is_said() {
    if browser().is_none() {
        return;
    }
    let chat = Chat::new();
    let router = Router::new().get("/", page).get("/room/{name}", listen).get("/held", held).post("/shown", is_shown);
    let server = Running::with(router, Backend::new().chat(chat.clone()), options());
    let address = format!("http://{}/?room=tea", server.address);
    let browser = thread::spawn(move || shown(&address).unwrap());
    eventually("the page listens", || {
        let listens = |room: &'static str| block_on(chat.session().perform(ChatBalance { room: room.into() })) == Ok(1);
        listens("tea") && listens("shown")
    });
    // Some heartbeats come between them, which the page must not show.
    for message in ["hello, <b>all</b>", "two\nlines"] {
        thread::sleep(Duration::from_millis(120));
        assert_eq!(say(&chat, "tea", message), 1);
    }
    let dom = browser.join().unwrap();
    assert!(dom.contains("<h1>tea</h1>"), "{dom}");
    assert!(dom.contains("<div><p>two\nlines</p><p>hello, &lt;b&gt;all&lt;/b&gt;</p></div>"), "{dom}");
}
