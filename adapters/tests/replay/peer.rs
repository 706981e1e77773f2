//! Who was connected, and what came after the body: recorded, replayed, and hidden where they are secret.

use std::fs;

use segno::{
    Headers, Io, Request, Response, Result, Rows, Standard, StandardOutcome, http::Method, record::Recorder,
    testing::replay,
};

use crate::{directory, files, record};

/// Decides by who is connected.
async fn count(mut io: Io, request: Request) -> Result<Response> {
    let peer = request.peer().map(|peer| peer.ip().to_string());
    io.sql("insert into visit (peer) values (?1)", [peer]).await?;
    Ok(Response::text("no").status(500))
}

fn written(effect: &Standard) -> StandardOutcome {
    match effect {
        Standard::Sql(_) => StandardOutcome::Sql(Ok(Rows::written(1, None))),
        effect => panic!("{effect:?}"),
    }
}

#[test]
fn a_handler_that_asks_who_is_connected_runs_again() {
    let peers = [Some("203.0.113.7:4711"), Some("[2001:db8::7]:4711"), None];
    for peer in peers {
        let directory = directory();
        let recorder = Recorder::new(&directory).unwrap();
        let request = match peer {
            Some(peer) => Request::get("/").with_peer(peer.parse().unwrap()),
            None => Request::get("/"),
        };
        record(&recorder, request, count, written);
        let file = &files(&directory)[0];
        let text = fs::read_to_string(file).unwrap();
        assert_eq!(text.contains("\"peer\":"), peer.is_some(), "{text}");
        replay::<Standard>(count, file).ends_as_recorded();
    }
}

#[test]
fn who_is_connected_is_left_out_where_it_is_a_secret() {
    async fn hello(_: Io, _: Request) -> Result<Response> {
        Ok(Response::text("no").status(500))
    }
    let directory = directory();
    let recorder = Recorder::new(&directory).unwrap().secret("peer");
    record(&recorder, Request::get("/").with_peer("203.0.113.7:4711".parse().unwrap()), hello, written);
    let file = &files(&directory)[0];
    let text = fs::read_to_string(file).unwrap();
    assert!(!text.contains("203.0.113.7"), "{text}");
    replay::<Standard>(hello, file).ends_as_recorded();
}

/// Passes on a trailer field.
async fn store(mut io: Io, mut request: Request) -> Result<Response> {
    request.body.bytes(&mut io, 100).await?;
    let trailers = request.body.trailers(&mut io).await?;
    let signature = trailers.get("signature").and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    io.chat_send("log", format!("signed by {signature}")).await?;
    Ok(Response::text("no").status(500))
}

#[test]
fn a_secret_trailer_is_not_written() {
    let directory = directory();
    let recorder = Recorder::new(&directory).unwrap();
    record(&recorder, Request::post("/"), store, |effect| match effect {
        Standard::ReadBody(_) => StandardOutcome::ReadBody(Ok(None)),
        Standard::ReadTrailers(_) => {
            let mut trailers = Headers::default();
            trailers.add("signature", "signed-by-ada").unwrap();
            StandardOutcome::ReadTrailers(Ok(trailers))
        }
        Standard::ChatSend(_) => StandardOutcome::ChatSend(Ok(1)),
        effect => panic!("{effect:?}"),
    });
    let file = &files(&directory)[0];
    let text = fs::read_to_string(file).unwrap();
    assert!(text.contains("read_trailers") && !text.contains("signed-by-ada"), "{text}");
    replay::<Standard>(store, file).ends_as_recorded();
}

#[test]
fn methods_that_nobody_knows_push_out_no_failure() {
    async fn unknown(_: Io, _: Request) -> Result<Response> {
        Ok(Response::text("Not Implemented\n").status(501))
    }
    let directory = directory();
    record(&Recorder::new(&directory).unwrap(), Request::new(Method::TRACE, "/"), unknown, written);
    assert!(files(&directory).is_empty());
}
