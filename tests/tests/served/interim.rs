//! What comes before a response, after a body, and beside both: interim responses, trailer fields, who is connected.

use segno::{
    BodyError, BodyErrorKind, Io, Request, Response, ResponseHead, Result, Router, WriteError, WriteErrorKind,
};

use crate::{
    client::{After, get, post, post_chunked},
    server::Running,
};

/// Hints twice, and responds in one piece or in several.
async fn hint(mut io: Io, mut request: Request) -> Result<Response> {
    io.inform(ResponseHead::new(103).header("link", "</style.css>; rel=preload")?.header("link", "</é.js>")?).await?;
    let body = request.body.text(&mut io, 100).await?;
    io.inform(ResponseHead::new(199)).await?;
    match request.query::<bool>("stream")?.is_some() {
        false => Ok(Response::text(format!("hinted {body}"))),
        true => {
            let mut out = io.respond(ResponseHead::text()).await?;
            out.write(&mut io, format!("hinted {body}")).await?;
            Ok(out.end())
        }
    }
}

#[test]
fn interim_responses_come_before_the_response() {
    let server = Running::new(Router::new().get("/", hint).post("/", hint));
    let mut client = server.client();
    for request in [get("/"), get("/?stream=true"), post("/", "a body"), post_chunked("/?stream=true", &["a", " body"])]
    {
        client.send(&request);
        let hint = client.head().unwrap();
        let links: Vec<_> = hint.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!((hint.status, &links[..]), (103, &[("link", "</style.css>; rel=preload"), ("link", "</é.js>")][..]));
        let other = client.head().unwrap();
        assert_eq!((other.status, other.headers.len()), (199, 0));
        let reply = client.reply();
        let body = if request.starts_with("POST") { "a body" } else { "" };
        assert_eq!((reply.status, reply.text()), (200, format!("hinted {body}")));
    }
    assert_eq!(client.after(), After::Keep);
}

#[test]
fn an_old_client_is_sent_none() {
    let server = Running::new(Router::new().get("/", hint));
    let mut client = server.client();
    client.send("GET / HTTP/1.0\r\nHost: test\r\n\r\n");
    let reply = client.reply();
    assert_eq!((reply.status, reply.text()), (200, "hinted ".into()));
}

#[test]
fn what_is_no_interim_response_is_not_sent() {
    async fn wrong(mut io: Io, request: Request) -> Result<Response> {
        let mut kinds = Vec::new();
        let length = ResponseHead::new(103).header("content-length", "5")?;
        for head in [ResponseHead::new(200), ResponseHead::new(101), length] {
            kinds.push(io.inform(head).await.map_err(|error: WriteError| error.kind));
        }
        let mut out = io.respond(ResponseHead::text()).await?;
        kinds.push(io.inform(ResponseHead::new(103)).await.map_err(|error| error.kind));
        let expected = [WriteErrorKind::Head, WriteErrorKind::Head, WriteErrorKind::Head, WriteErrorKind::Order];
        let right = kinds.iter().copied().eq(expected.map(Err)) && request.path() == "/";
        out.write(&mut io, if right { "refused".into() } else { format!("{kinds:?}") }).await?;
        Ok(out.end())
    }
    let server = Running::new(Router::new().get("/", wrong));
    let mut client = server.client();
    assert_eq!(client.get("/").text(), "refused");
    assert_eq!(client.after(), After::Keep);
}

/// Asks for the trailers when so many pieces of the body were read, or all of them.
async fn trailers(mut io: Io, mut request: Request) -> Result<Response> {
    let early: BodyError = match request.body.trailers(&mut io).await {
        Ok(trailers) => return Ok(Response::text(format!("at once {}", trailers.len()))),
        Err(error) => error,
    };
    let body = request.body.text(&mut io, 100).await?;
    let late = request.body.trailers(&mut io).await?;
    let again = request.body.trailers(&mut io).await?;
    let early = early.kind == BodyErrorKind::Order;
    Ok(Response::text(format!("{body} {early} {} {}", late.len(), late == again)))
}

#[test]
fn trailers_are_known_at_the_end_of_the_body() {
    let server = Running::new(Router::new().get("/", trailers).post("/", trailers));
    let mut client = server.client();
    let cases = [
        (get("/"), "at once 0"),
        (post("/", ""), "at once 0"),
        (post("/", "hello"), "hello true 0 true"),
        (post_chunked("/", &["he", "llo"]), "hello true 0 true"),
        (with_trailer("X-Digest: 7"), "hello true 1 true"),
        (with_trailer("Content-Length: 7"), "hello true 0 true"),
    ];
    for (request, told) in cases {
        client.send(&request);
        assert_eq!(client.reply().text(), told, "{request}");
    }
    assert_eq!(client.after(), After::Keep);
}

fn with_trailer(field: &str) -> String {
    format!("POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n{field}\r\n\r\n")
}

#[test]
fn the_peer_is_who_is_connected() {
    async fn who(_: Io, request: Request) -> Result<Response> {
        Ok(Response::text(format!("{:?}", request.peer())))
    }
    let server = Running::new(Router::new().get("/", who));
    for _ in 0..2 {
        let mut client = server.client();
        let address = client.stream.local_addr().unwrap();
        assert_eq!(client.get("/").text(), format!("Some({address})"));
    }
}
