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
//! While nobody speaks, the listener sees `: still here` every 15 seconds.

use std::time::Duration;

use segno::{
    ChatError, ChatErrorKind, Io, Request, Response, ResponseHead, Result, Router,
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
    let head =
        ResponseHead::new(200).header("content-type", "text/event-stream")?.header("cache-control", "no-store")?;
    let mut out = io.respond(head).await?;
    loop {
        let event = match io.timeout(HEARTBEAT, async |io| room.recv(io).await).await {
            Ok(Ok(message)) => event(&message),
            Ok(Err(ChatError { kind: ChatErrorKind::Lagged(lost), .. })) => {
                event(&format!("({lost} messages were lost)"))
            }
            Ok(Err(ChatError { kind: ChatErrorKind::Stopped(_), .. })) => return Ok(out.end()),
            Ok(Err(error)) => return Err(error.into()),
            Err(_elapsed) => ": still here\n\n".to_owned(),
        };
        out.write(&mut io, event).await?;
    }
}

/// Says what the body holds to all who listen in the room.
async fn speak(mut io: Io, mut request: Request) -> Result<Response> {
    let name: String = request.param("name")?;
    let message = request.body.text(&mut io, MAX_MESSAGE).await?;
    let reached = io.chat_send(name, message).await?;
    Ok(Response::text(format!("{reached} heard it\n")))
}

/// A message as a server-sent event: each of its lines is a field, so that none of them is taken for something else.
fn event(message: &str) -> String {
    let lines: String = message.split(['\r', '\n']).map(|line| format!("data: {line}\n")).collect();
    lines + "\n"
}

/// Often enough for the proxies between here and there, which mostly cut what is silent for a minute.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// What a person types at once.
const MAX_MESSAGE: usize = 4 << 10;

#[cfg(test)]
mod tests {
    use segno::{
        Happened, StopReason,
        testing::{chat_recv, chat_send, chat_subscribe, get, post, script, sleep},
    };

    use super::*;

    #[test]
    fn a_listener_hears_messages_gaps_and_heartbeats() {
        let lagged = ChatError::new(ChatErrorKind::Lagged(3), Happened::Yes, "read too slowly");
        script(listen, get("/").param("name", "lobby"))
            .expect(chat_subscribe("lobby"), ())
            .expect(chat_recv("lobby"), "hello".into())
            .expect_pending(sleep(HEARTBEAT))
            .expect_pending(chat_recv("lobby"))
            .expect(sleep(HEARTBEAT), ())
            .expect_error(chat_recv("lobby"), lagged)
            .expect_pending(sleep(HEARTBEAT))
            .expect_stopped(chat_recv("lobby"), StopReason::Shutdown)
            .expect_pending(sleep(HEARTBEAT))
            .responds(200)
            .header("content-type", "text/event-stream")
            .body("data: hello\n\n: still here\n\ndata: (3 messages were lost)\n\n");
    }

    #[test]
    fn no_message_is_taken_for_a_field_of_the_stream() {
        assert_eq!(event("one"), "data: one\n\n");
        assert_eq!(event("two\nlines"), "data: two\ndata: lines\n\n");
        assert_eq!(event("a\revent: fake\n\nid: 7"), "data: a\ndata: event: fake\ndata: \ndata: id: 7\n\n");
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
