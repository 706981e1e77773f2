//! The request's body and the response.

use segno::{
    BodyError, BodyErrorKind, Error, Happened, Headers, Inform, Io, ReadBody, ReadTrailers, Request, Response,
    ResponseHead, Result, WriteError, WriteErrorKind,
    http::Method,
    testing::{TestRequest, delete, get, head, inform, patch, post, put, request, respond, script, write},
};

use crate::{failure, panic_of, says};

#[test]
fn streams_are_collected_and_bodies_are_given() {
    async fn shout(mut io: Io, mut request: Request) -> Result<Response> {
        let body = request.body.text(&mut io, 100).await?;
        let mut out = io.respond(ResponseHead::new(201).header("x-kind", "stream")?).await?;
        out.write(&mut io, body.to_uppercase()).await?;
        out.write(&mut io, "!").await?;
        Ok(out.end())
    }
    script(shout, post("/").body("hello")).responds(201).header("x-kind", "stream").body("HELLO!");
    script(shout, post("/").body("x".repeat(101))).responds(500);
}

#[test]
fn a_torn_stream_fails() {
    async fn torn(mut io: Io, _: Request) -> Result<Response> {
        let mut out = io.respond(ResponseHead::html()).await?;
        out.write(&mut io, "half").await?;
        Err(Error::status(500, "planted"))
    }
    says(&failure(script(torn, get("/"))), &["failed in the middle of its response", "planted"]);
}

#[test]
fn requests_by_all_methods_are_made() {
    async fn tell(_: Io, request: Request) -> Result<Response> {
        Ok(Response::text(format!("{} {}", request.method, request.uri)))
    }
    let cases: [(TestRequest, &str); 7] = [
        (get("/a"), "GET /a"),
        (head("/a"), "HEAD /a"),
        (post("/a?b=c"), "POST /a?b=c"),
        (put("/a"), "PUT /a"),
        (patch("/a"), "PATCH /a"),
        (delete("/a"), "DELETE /a"),
        (request(Method::OPTIONS, "/a"), "OPTIONS /a"),
    ];
    for (request, told) in cases {
        script(tell, request).responds(200).body(told);
    }
}

/// Tells the request's content type and its body, piece by piece.
async fn echo(mut io: Io, mut request: Request) -> Result<Response> {
    let kinds: Vec<_> = request.headers.get_all("content-type").iter().map(|kind| kind.to_str().unwrap()).collect();
    let mut text = kinds.join(" and ");
    while let Some(piece) = request.body.chunk(&mut io).await? {
        text += "|";
        text += std::str::from_utf8(&piece).unwrap();
    }
    Ok(Response::text(text))
}

#[test]
fn bodies_come_in_pieces_as_forms_and_as_json() {
    let cases: [(TestRequest, &str); 7] = [
        (post("/"), ""),
        (post("/").body("whole"), "|whole"),
        (post("/").body(""), ""),
        (post("/").body_in_pieces(["one", "", "two"]), "|one|two"),
        (
            post("/").form(&[("name", "Ada & Grace"), ("où", "100%"), ("~", "*-._")]),
            "application/x-www-form-urlencoded|name=Ada+%26+Grace&o%C3%B9=100%25&%7E=*-._",
        ),
        (post("/").json(r#"{"id":7}"#), r#"application/json|{"id":7}"#),
        (post("/").form(&[]).json("1"), "application/json|1"),
    ];
    for (request, told) in cases {
        script(echo, request).responds(200).body(told);
    }
    async fn fields(mut io: Io, mut request: Request) -> Result<Response> {
        let form = request.body.form(&mut io, 100).await?;
        let (name, place): (Option<String>, Option<String>) = (form.get("name")?, form.get("où")?);
        Ok(Response::text(format!("{name:?} {place:?}")))
    }
    script(fields, post("/").form(&[("name", "a+b=c&d"), ("où", "là-bas")]))
        .responds(200)
        .body(r#"Some("a+b=c&d") Some("là-bas")"#);
}

#[test]
fn a_body_that_breaks_off_is_expected_like_any_effect() {
    let broken = BodyError::new(BodyErrorKind::Incomplete, Happened::Unknown, "broken off");
    let error = script(echo, post("/").body("never read")).expect_error(ReadBody, broken.clone()).fails();
    assert_eq!(error.cause::<BodyError>(), Some(&broken));
}

#[test]
fn the_pieces_of_a_response_can_be_expected_in_order() {
    async fn count(mut io: Io, _: Request) -> Result<Response> {
        let mut out = io.respond(ResponseHead::html()).await?;
        for number in 1..=3 {
            out.write(&mut io, format!("{number}.")).await?;
        }
        Ok(out.end())
    }
    script(count, get("/")).responds(200).body("1.2.3.");
    let counting = || script(count, get("/")).expect(respond(200), ()).expect(write("1."), ());
    // What is not expected is collected all the same, once nothing else is expected of it.
    counting().responds(200).body("1.2.3.");
    counting().expect(write("2."), ()).expect(write("3."), ()).responds(200).body("1.2.3.");
    let other = failure(counting().expect(write("3."), ()));
    says(&other, &["asked for write at", "expected b\"3.\"", "asked    b\"2.\""]);
    says(&failure(script(count, get("/")).expect(respond(201), ())), &["expected status: 201", "asked    status: 200"]);
    let gone = WriteError::new(WriteErrorKind::ConnectionLost, Happened::Unknown, "gone");
    let error = counting().expect_error(write("2."), gone.clone()).fails();
    assert_eq!(error.cause::<WriteError>(), Some(&gone));
    async fn careless(mut io: Io, _: Request) -> Result<Response> {
        let mut out = io.respond(ResponseHead::html()).await?;
        let lost = out.write(&mut io, "one").await.is_err();
        out.write(&mut io, format!("two, lost: {lost}")).await?;
        Ok(out.end())
    }
    script(careless, get("/")).expect_error(write("one"), gone).responds(200).body("two, lost: true");
    says(&panic_of(|| drop(respond(1))), &["HTTP has no status 1"]);
}

#[test]
fn a_piece_whose_lane_is_gone_was_not_written() {
    async fn hasty(mut io: Io, _: Request) -> Result<Response> {
        let mut out = io.respond(ResponseHead::html()).await?;
        io.race2(
            async |io| io.now().await.map(drop),
            async |io| out.write(io, "lost").await.map_err(|_| unreachable!()),
        )
        .await;
        out.write(&mut io, "kept").await?;
        Ok(out.end())
    }
    script(hasty, get("/")).expect(segno::Now, segno::Timestamp::EPOCH).responds(200).body("kept");
}

#[test]
fn interim_responses_are_expected_or_not() {
    async fn page(mut io: Io, _: Request) -> Result<Response> {
        let hint = ResponseHead::new(103).header("link", "</style.css>; rel=preload")?;
        io.inform(hint).await?;
        Ok(Response::html("page"))
    }
    script(page, get("/")).responds(200).body("page");
    script(page, get("/")).expect(inform(103), ()).responds(200);
    let exactly = Inform(ResponseHead::new(103).header("link", "</style.css>; rel=preload").unwrap());
    script(page, get("/")).expect(exactly, ()).responds(200);
    says(&failure(script(page, get("/")).expect(inform(102), ())), &["expected status: 102", "asked    status: 103"]);
    let gone = WriteError::new(WriteErrorKind::ConnectionLost, Happened::Unknown, "gone");
    let error = script(page, get("/")).expect_error(inform(103), gone.clone()).fails();
    assert_eq!(error.cause::<WriteError>(), Some(&gone));
    says(&panic_of(|| drop(inform(1))), &["HTTP has no status 1"]);
    // A script refuses what a server would refuse.
    async fn switches(mut io: Io, _: Request) -> Result<Response> {
        io.inform(ResponseHead::new(101)).await?;
        Ok(Response::text(""))
    }
    assert_eq!(
        script(switches, get("/")).fails().to_string(),
        "101 is no interim status: they are 100 to 199, without 101"
    );
}

/// Reads so many pieces of the body as the query says, and then its trailers.
async fn trailers(mut io: Io, mut request: Request) -> Result<Response> {
    for _ in 0..request.query("pieces")?.unwrap_or(0) {
        request.body.chunk(&mut io).await?;
    }
    let trailers = request.body.trailers(&mut io).await?;
    Ok(Response::text(format!("{} {:?}", trailers.len(), trailers.get("x-digest"))))
}

#[test]
fn trailers_come_after_the_body() {
    let sent = |pieces: usize| post(&format!("/?pieces={pieces}")).body_in_pieces(["one", "two"]);
    for pieces in 0..3 {
        let error = script(trailers, sent(pieces).trailer("x-digest", "7")).fails();
        assert_eq!(error.cause::<BodyError>().unwrap().kind, BodyErrorKind::Order, "{pieces} pieces");
    }
    let both = sent(3).trailer("x-digest", "7").trailer("x-other", "8");
    let cases = [
        (both.clone(), "2 Some(\"7\")"),
        (sent(3), "0 None"),
        (post("/?pieces=1").trailer("x-digest", "7"), "1 Some(\"7\")"),
        // Without a body there is nothing to be read.
        (get("/"), "0 None"),
    ];
    for (request, told) in cases {
        script(trailers, request).responds(200).body(told);
    }
    let mut other = Headers::default();
    other.add("x-digest", "9").unwrap();
    script(trailers, both).expect(ReadTrailers, other).responds(200).body("1 Some(\"9\")");
    says(
        &panic_of(|| drop(post("/").trailer("x digest", "7"))),
        &["HTTP does not allow the trailer field \"x digest\""],
    );
}

#[test]
fn who_is_connected_can_be_set() {
    async fn who(_: Io, request: Request) -> Result<Response> {
        Ok(Response::text(format!("{:?}", request.peer())))
    }
    script(who, get("/")).responds(200).body("None");
    script(who, get("/").peer("203.0.113.7:4711")).responds(200).body("Some(203.0.113.7:4711)");
    script(who, get("/").peer("[2001:db8::7]:4711")).responds(200).body("Some([2001:db8::7]:4711)");
    says(&panic_of(|| drop(get("/").peer("ada"))), &["\"ada\" is no address of a peer, such as 203.0.113.7:4711"]);
}
