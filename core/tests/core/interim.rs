//! Interim responses and trailer fields: what may be asked, and in which order it is.

use segno_core::{Inform, Io, Request, ResponseHead, Tasklet, WriteErrorKind};

use crate::driver::{oldest, run};

#[test]
fn only_interim_statuses_without_framing_can_be_sent() {
    let head = ResponseHead::new;
    let field = |name| head(103).header(name, "5").unwrap();
    let cases = [
        (head(100), true),
        (head(101), false),
        (head(102), true),
        (head(103), true),
        (head(199), true),
        (head(200), false),
        (head(404), false),
        (head(600), false),
        (field("link"), true),
        (field("Content-Length"), false),
        (field("transfer-encoding"), false),
        (field("connection"), false),
        (field("keep-alive"), false),
        (field("upgrade"), false),
        (field("trailer"), false),
    ];
    for (head, can_be_sent) in cases {
        let checked = Inform(head.clone()).check().map_err(|error| error.kind);
        assert_eq!(checked, if can_be_sent { Ok(()) } else { Err(WriteErrorKind::Head) }, "{head:?}");
    }
}

#[test]
fn they_are_asked_where_they_stand_in_the_handler() {
    let handler = async |mut io: Io| {
        let mut request = Request::post("/");
        io.inform(ResponseHead::new(103)).await.unwrap();
        request.body.bytes(&mut io, 100).await.unwrap();
        let trailers = request.body.trailers(&mut io).await.unwrap();
        io.respond(ResponseHead::text()).await.unwrap();
        trailers.len()
    };
    let (end, log) = run(Tasklet::new(handler), oldest);
    assert_eq!(end.done(), 0);
    assert_eq!(log, ["inform 103", "read", "read trailers", "respond 200"]);
}
