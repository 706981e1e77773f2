//! A chat with rooms: messages go to all who have the room's page open, as server-sent events.
//!
//! Run it with `cargo run --example chat`, and open <http://127.0.0.1:8080/> in two windows of a browser; other rooms
//! are at `/?room=name`. Or listen and speak from two terminals:
//!
//! ```text
//! $ curl -N http://127.0.0.1:8080/room/lobby &
//! $ curl -d 'hello, all' http://127.0.0.1:8080/room/lobby
//! 1 heard it
//! data: hello, all
//! ```
//!
//! While nobody speaks, the listener sees `: heartbeat` every 15 seconds.

use segno::{
    ChatError, ChatErrorKind, Io, Request, Response, Result, Router,
    smol::{Backend, serve},
};

fn main() -> Result<()> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    Ok(serve("127.0.0.1:8080", router(), Backend::new())?)
}

fn router() -> Router {
    Router::new().get("/", page).get("/room/{name}", listen).post("/room/{name}", speak)
}

async fn page(_: Io, _: Request) -> Result<Response> {
    Ok(Response::html(include_str!("page.html")))
}

/// Streams what is said in the room, until the client goes away or the server stops.
async fn listen(mut io: Io, request: Request) -> Result<Response> {
    let name: String = request.param("name")?;
    let mut room = io.chat_subscribe(name).await?;
    let mut events = io.events().await?;
    loop {
        match events.wait(&mut io, async |io| room.recv(io).await).await? {
            Ok(message) => events.send(&mut io, message).await?,
            Err(ChatError { kind: ChatErrorKind::Lagged(lost), .. }) => {
                events.send(&mut io, format!("({lost} messages were lost)")).await?;
            }
            Err(ChatError { kind: ChatErrorKind::Stopped(_), .. }) => return Ok(events.end()),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Says what the body holds to all who listen in the room.
async fn speak(mut io: Io, mut request: Request) -> Result<Response> {
    let name: String = request.param("name")?;
    let message = request.body.text(&mut io, MAX_MESSAGE).await?;
    let reached = io.chat_send(name, message).await?;
    Ok(Response::text(format!("{reached} heard it\n")))
}

/// What a person types at once.
const MAX_MESSAGE: usize = 4 << 10;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use segno::{
        Happened, StopReason,
        testing::{Client, World, chat_recv, chat_send, chat_subscribe, get, post, script, simulate, sleep},
    };

    use super::*;

    const HEARTBEAT: Duration = Duration::from_secs(15);

    #[test]
    fn a_listener_hears_messages_gaps_and_heartbeats() {
        let lagged = ChatError::new(ChatErrorKind::Lagged(3), Happened::Yes, "read too slowly");
        script(listen, get("/").param("name", "lobby"))
            .expect(chat_subscribe("lobby"), ())
            .expect(chat_recv("lobby"), "hello\nall".into())
            .expect_pending(sleep(HEARTBEAT))
            .expect_error(chat_recv("lobby"), lagged)
            .deferred()
            .expect(sleep(HEARTBEAT), ())
            .times(2)
            .expect_pending(sleep(HEARTBEAT))
            .expect_stopped(chat_recv("lobby"), StopReason::Shutdown)
            .expect_pending(sleep(HEARTBEAT))
            .responds(200)
            .header("content-type", "text/event-stream")
            .body("data: hello\ndata: all\n\n: heartbeat\n\n: heartbeat\n\ndata: (3 messages were lost)\n\n");
    }

    #[test]
    fn whoever_listens_hears_what_is_said_meanwhile() {
        let listens = |from, to| {
            let client = Client::new(get("/room/lobby")).arrives(Duration::from_secs(from));
            client.vanishes_after(Duration::from_secs(to - from))
        };
        let speaks = Client::new(post("/room/lobby").body("hello")).arrives(Duration::from_secs(20));
        let all = simulate(router(), World::new).client(listens(0, 40)).client(speaks).client(listens(25, 45));
        all.faults(0).check(|_, ends| {
            assert_eq!(ends[0].body(), b": heartbeat\n\ndata: hello\n\n: heartbeat\n\n");
            assert_eq!(ends[1].body(), b"1 heard it\n");
            assert_eq!(ends[2].body(), b": heartbeat\n\n");
        });
    }

    #[test]
    fn a_message_goes_to_the_room_of_the_path() {
        let script = script(router(), post("/room/at%20home").body("hello"));
        script.expect(chat_send("at home").message("hello"), 3).responds(200).body("3 heard it\n");
    }

    #[test]
    fn the_page_is_html() {
        script(page, get("/"))
            .responds(200)
            .header("content-type", "text/html; charset=utf-8")
            .body_contains("EventSource");
    }
}
