//! Responses: well-formed or visibly torn, and never faster than their client.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use segno::{Io, Request, Response, ResponseHead, Result, Router, smol::ServerOptions};

use crate::{
    client::{After, get},
    logs,
    server::{Running, eventually, options},
};

/// How much a socket may hold on its way: far less than what the handler would write.
const BUFFERS: usize = 16 << 20;
const PIECE: usize = 64 << 10;
const ENOUGH: usize = 256 << 20;

/// A handler that writes 256 MB, and counts the bytes that were taken.
fn flood(written: &Arc<AtomicUsize>) -> Router {
    let written = written.clone();
    Router::new().get("/", move |mut io: Io, _| {
        let written = written.clone();
        async move {
            let mut out = io.respond(ResponseHead::text()).await?;
            let piece = bytes::Bytes::from(vec![b'x'; PIECE]);
            while written.load(Ordering::SeqCst) < ENOUGH {
                out.write(&mut io, piece.clone()).await?;
                written.fetch_add(PIECE, Ordering::SeqCst);
            }
            Ok(out.end())
        }
    })
}

/// Waits until nothing more is written for a while; gives how much it was.
fn settled(written: &AtomicUsize) -> usize {
    let mut last = (written.load(Ordering::SeqCst), Instant::now());
    eventually("the handler waits", || {
        let now = written.load(Ordering::SeqCst);
        if now != last.0 || now == 0 {
            last = (now, Instant::now());
        }
        last.1.elapsed() > Duration::from_millis(200)
    });
    last.0
}

#[test]
fn a_client_that_reads_nothing_holds_its_handler() {
    let written = Arc::default();
    let server = Running::new(flood(&written));
    let mut client = server.client();
    client.send(get("/"));
    let taken = settled(&written);
    assert!(taken < BUFFERS, "{taken} bytes were taken");
    // It goes on where it stopped, and nothing is lost.
    let reply = client.reply();
    assert_eq!(reply.body.len(), ENOUGH);
    assert_eq!(client.after(), After::Keep);
}

#[test]
fn a_client_that_reads_nothing_for_too_long_is_given_up() {
    let written = Arc::default();
    // Sockets find room for a little more when one looks again, so that the time may pass twice: all of it is to be over
    // when the writing has settled.
    let options = ServerOptions { write_time: Duration::from_millis(50), ..options() };
    let server = Running::with(flood(&written), segno::smol::Backend::new(), options);
    for version in ["1.1", "1.0"] {
        let mut client = server.client();
        client.send(format!("GET / HTTP/{version}\r\nHost: test\r\n\r\n"));
        settled(&written);
        assert!(client.try_reply(false).is_err(), "HTTP/{version}: it seems whole");
        assert!(written.load(Ordering::SeqCst) < ENOUGH);
        written.store(0, Ordering::SeqCst);
    }
}

#[test]
fn an_error_before_the_head_is_a_500_without_details() {
    logs::collect();
    let failing = async |mut io: Io, _: Request| -> Result<Response> {
        io.sql("select 'the secret of streams'", ()).await?;
        Ok(Response::text("not reached"))
    };
    let told = async |_: Io, _: Request| Err(segno::Error::status(418, "short and stout").because("secret of teapots"));
    let server = Running::new(Router::new().get("/", failing).get("/told", told));
    let mut client = server.client();
    let reply = client.get("/");
    assert_eq!((reply.status, &*reply.text()), (500, "Internal Server Error\n"));
    logs::line_with(&["ERROR", "the backend has no database"]);
    let reply = client.get("/told");
    assert_eq!((reply.status, &*reply.text()), (418, "short and stout\n"));
    assert_eq!(client.after(), After::Keep);
}

/// Writes a piece, then fails.
async fn torn(mut io: Io, _: Request) -> Result<Response> {
    let mut out = io.respond(ResponseHead::text()).await?;
    out.write(&mut io, "the beginning").await?;
    io.sql("select 1", ()).await?;
    Ok(out.end())
}

#[test]
fn an_error_after_the_head_tears_the_response() {
    let server = Running::new(Router::new().get("/", torn));
    let mut client = server.client();
    client.send(get("/") + &get("/"));
    assert_eq!(client.head().unwrap().status, 200);
    assert_eq!(client.chunk().unwrap(), b"the beginning");
    client.chunk().unwrap_err();
    // HTTP/1.0 has no last chunk to miss: only a reset says that there would have been more.
    let mut client = server.client();
    client.send("GET / HTTP/1.0\r\n\r\n");
    assert_eq!(client.head().unwrap().status, 200);
    assert_eq!(client.rest().unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
}

#[test]
fn a_stopped_handler_with_a_write_on_its_way_tears_the_response() {
    let written = Arc::default();
    let options = ServerOptions { deadline: Some(Duration::from_millis(300)), ..options() };
    let server = Running::with(flood(&written), segno::smol::Backend::new(), options);
    for version in ["1.1", "1.0"] {
        let mut client = server.client();
        client.send(format!("GET / HTTP/{version}\r\nHost: test\r\n\r\n"));
        settled(&written);
        // What was on its way may still come; what the client must not see is an end that looks like one.
        assert!(client.try_reply(false).is_err(), "HTTP/{version}: it seems whole");
        assert!(written.load(Ordering::SeqCst) < ENOUGH);
        written.store(0, Ordering::SeqCst);
    }
}

#[test]
fn a_body_keeps_to_its_declared_length() {
    let declared = async |mut io: Io, request: Request| -> Result<Response> {
        let mut out = io.respond(ResponseHead::text().header("content-length", "10")?).await?;
        let pieces: usize = request.query("pieces")?.unwrap_or_default();
        for _ in 0..pieces {
            out.write(&mut io, "01234").await?;
        }
        Ok(out.end())
    };
    let server = Running::new(Router::new().get("/", declared));
    let mut client = server.client();
    assert_eq!(client.get("/?pieces=2").text(), "0123401234");
    for pieces in [0, 1, 3] {
        client.send(get(&format!("/?pieces={pieces}")));
        let head = client.head().unwrap();
        assert_eq!((head.status, head.header("content-length")), (200, Some("10")));
        let seen = client.rest().unwrap_or_default();
        assert!(seen.len() <= 10 && (pieces == 3 || seen.len() < 10), "{seen:?}");
        client = server.client();
    }
}

#[test]
fn a_response_cannot_be_split() {
    let splitting = async |_: Io, request: Request| -> Result<Response> {
        let text: String = request.query("x")?.unwrap_or_default();
        Ok(Response::text("whole").header("x-said", &text)?)
    };
    let streaming = async |mut io: Io, request: Request| -> Result<Response> {
        let text: String = request.query("x")?.unwrap_or_default();
        let out = io.respond(ResponseHead::text().header("x-said", &text)?).await?;
        Ok(out.end())
    };
    let server = Running::new(Router::new().get("/", splitting).get("/stream", streaming));
    let mut client = server.client();
    for path in ["/", "/stream"] {
        assert_eq!(client.get(&format!("{path}?x=fine")).header("x-said"), Some("fine"));
        for split in ["%0d%0aX-Injected:%201", "%0aX-Injected:%201", "%0d", "%00", "a%0d%0a%0d%0aHTTP/1.1%20200%20OK"] {
            let reply = client.get(&format!("{path}?x={split}"));
            assert_eq!((reply.status, reply.header("x-injected")), (500, None), "{split}");
        }
    }
    assert_eq!(client.after(), After::Keep);
}

#[test]
fn framing_is_the_server_s() {
    let framing = async |mut io: Io, request: Request| -> Result<Response> {
        let name: String = request.query("name")?.unwrap_or_default();
        let value: String = request.query("value")?.unwrap_or_default();
        match request.query::<bool>("stream")?.unwrap_or_default() {
            false => Ok(Response::text("whole").header(&name, &value)?),
            true => Ok(io.respond(ResponseHead::text().header(&name, &value)?).await?.end()),
        }
    };
    let server = Running::new(Router::new().get("/", framing));
    let mut client = server.client();
    let refused = [("transfer-encoding", "chunked"), ("upgrade", "x"), ("content-length", "-1"), ("trailer", "x")];
    for (name, value) in refused {
        for stream in [false, true] {
            let reply = client.get(&format!("/?name={name}&value={value}&stream={stream}"));
            assert_eq!(reply.status, 500, "{name}");
        }
    }
    assert_eq!(client.get("/?name=content-length&value=99").text(), "whole", "the length of what is there counts");
    assert_eq!(client.after(), After::Keep);
}

#[test]
fn a_field_that_looks_like_framing_is_left_alone() {
    let similar = async |mut io: Io, _: Request| -> Result<Response> {
        let head = ResponseHead::text().header("a-transfer-encoding", "chunked")?;
        let mut out = io.respond(head).await?;
        out.write(&mut io, "body").await?;
        Ok(out.end())
    };
    let server = Running::new(Router::new().get("/", similar));
    let mut client = server.client();
    client.send("GET / HTTP/1.0\r\n\r\n");
    let reply = client.reply();
    assert_eq!((reply.header("a-transfer-encoding"), reply.header("transfer-encoding")), (Some("chunked"), None));
    assert_eq!(reply.text(), "body");
}

#[test]
fn a_status_without_a_body_has_none() {
    let bare = async |mut io: Io, request: Request| -> Result<Response> {
        let status: u16 = request.param("status")?;
        if request.query::<bool>("stream")?.unwrap_or_default() {
            let mut out = io.respond(ResponseHead::new(status)).await?;
            out.write(&mut io, "body").await?;
            return Ok(out.end());
        }
        Ok(Response::text("body").status(status))
    };
    let server = Running::new(Router::new().get("/{status}", bare));
    let mut client = server.client();
    for status in [204, 304] {
        for stream in [false, true] {
            let reply = client.get(&format!("/{status}?stream={stream}"));
            assert_eq!(reply.status, status);
            assert_eq!((reply.header("content-length"), reply.header("transfer-encoding")), (None, None));
            assert_eq!(client.after(), After::Keep);
        }
    }
    let reset = client.get("/205");
    assert_eq!((reset.status, reset.header("content-length"), &*reset.text()), (205, Some("0"), ""));
    for status in [100, 101, 103] {
        assert_eq!(client.get(&format!("/{status}")).status, 500, "an interim status is no response");
    }
    for status in [299, 599, 799] {
        let reply = client.get(&format!("/{status}"));
        assert_eq!((reply.status, &*reply.text()), (status, "body"));
    }
}

#[test]
fn a_handler_may_end_the_connection() {
    let ends = async |_: Io, _: Request| Ok(Response::text("").header("connection", "x, Close")?);
    let server = Running::new(Router::new().get("/", ends));
    let mut client = server.client();
    assert_eq!(client.get("/").header("connection"), Some("close"));
    assert_eq!(client.ends(), After::Close);
}

#[test]
fn an_error_that_is_shown_as_no_status_is_a_500() {
    let shown = async |_: Io, _: Request| -> Result<Response> { Err(segno::Error::status(101, "switching")) };
    let server = Running::new(Router::new().get("/", shown));
    assert_eq!(server.client().get("/").status, 500);
}
