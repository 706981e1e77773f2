//! The pure decoder, on all cases, however they are cut.

use bytes::BytesMut;
use segno::adapter::http1::{RequestDecoder, RequestEvent, RequestHead, RequestLimits};

use crate::{
    case::{Answer, Case},
    pieces::pieces,
};

/// One request as far as it came, or a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Decoded {
    Request { head: String, body: Vec<u8>, trailers: Vec<(String, Vec<u8>)>, is_whole: bool },
    Refused(u16, &'static str),
}

#[track_caller]
pub(crate) fn check(cases: &[Case]) {
    for case in cases {
        let whole = decode(&[&case.bytes]);
        let name = format!("{} ({})", case.name, case.section);
        for pieces in pieces(&case.bytes) {
            let sizes: Vec<_> = pieces.iter().map(|piece| piece.len()).collect();
            assert_eq!(decode(&pieces), whole, "{name}: in pieces of {sizes:?}");
        }
        let seen = |request: &Decoded| match request {
            Decoded::Request { head, body, is_whole: true, .. } => Some(line(head, body)),
            Decoded::Request { .. } | Decoded::Refused(..) => None,
        };
        let requests: Vec<_> = whole.iter().filter_map(seen).collect();
        let mut refused = None;
        for (number, answer) in case.answers.iter().enumerate() {
            match answer {
                Answer::Seen(text) => assert_eq!(requests.get(number), Some(text), "{name}"),
                Answer::Status(_) => assert!(number < requests.len(), "{name}: {whole:?}"),
                Answer::Refused(status) => refused = Some(*status),
            }
        }
        let handled = case.answers.iter().filter(|answer| !matches!(answer, Answer::Refused(_))).count();
        assert_eq!(requests.len(), handled, "{name}: {whole:?}");
        let refusal = whole.iter().find_map(|decoded| match decoded {
            Decoded::Refused(status, _) => Some(*status),
            Decoded::Request { .. } => None,
        });
        assert_eq!(refusal, refused, "{name}: {whole:?}");
    }
}

/// Feeds the decoder with these pieces, up to the end of the connection.
pub(crate) fn decode(pieces: &[&[u8]]) -> Vec<Decoded> {
    let mut decoder = RequestDecoder::new(RequestLimits::default());
    let mut buffer = BytesMut::new();
    let mut decoded = Vec::new();
    let mut keeps_alive = true;
    for piece in pieces {
        buffer.extend_from_slice(piece);
        loop {
            match (decoder.decode(&mut buffer), decoded.last_mut()) {
                (RequestEvent::NeedsMore, _) => break,
                (RequestEvent::Refused(refusal), _) => {
                    decoded.push(Decoded::Refused(refusal.status.as_u16(), refusal.reason));
                    return decoded;
                }
                (RequestEvent::Head(head), _) => {
                    keeps_alive = head.keep_alive;
                    let head = show(&head);
                    decoded.push(Decoded::Request { head, body: Vec::new(), trailers: Vec::new(), is_whole: false });
                }
                (RequestEvent::Data(data), Some(Decoded::Request { body, .. })) => {
                    assert!(!data.is_empty());
                    body.extend_from_slice(&data);
                }
                (RequestEvent::Trailers(fields), Some(Decoded::Request { trailers, .. })) => {
                    let fields = fields.iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()));
                    trailers.extend(fields);
                }
                (RequestEvent::End, Some(Decoded::Request { is_whole, .. })) => {
                    *is_whole = true;
                    if !keeps_alive {
                        return decoded;
                    }
                }
                (event, last) => panic!("{event:?} cannot follow {last:?}"),
            }
        }
    }
    decoded
}

fn show(head: &RequestHead) -> String {
    let host = head.headers.get("host").map_or("-", |host| host.to_str().unwrap());
    format!("{} {} {host}", head.method, head.uri)
}

/// What a handler tells of a request.
pub(crate) fn line(head: &str, body: &[u8]) -> String {
    if body.is_empty() { head.to_owned() } else { format!("{head} {}", body.escape_ascii()) }
}
