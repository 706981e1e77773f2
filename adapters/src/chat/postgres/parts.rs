//! Messages as payloads of notifications, and back.
//!
//! A payload of PostgreSQL has less than 8,000 bytes of text without NUL, in the encoding of the database. So room and
//! message are cut in parts, each in base64, with a head: `segno1 NUMBER PART PARTS ROOM_LENGTH DATA`. The head also
//! makes each payload of a transaction another one: of two that are the same, PostgreSQL delivers one.
//!
//! The parts of a message are sent in one transaction, and PostgreSQL delivers a transaction's notifications one after
//! the other, all of them or none. So there is never more than one message that has begun and not ended.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};

use super::super::{MAX_MESSAGE, rooms::MAX_ROOM_NAME};

/// A message that has arrived.
#[derive(Debug, PartialEq)]
pub(super) struct Said {
    pub(super) process: u32,
    pub(super) number: u64,
    pub(super) room: Box<str>,
    pub(super) message: Arc<str>,
}

/// The payloads of a message that is not longer than the limits allow.
pub(super) fn split(number: u64, room: &str, message: &str) -> Vec<String> {
    let body = [room, message].concat();
    let count = body.len().div_ceil(PART).max(1);
    let mut parts = body.as_bytes().chunks(PART);
    let payload = |place| {
        let data = STANDARD_NO_PAD.encode(parts.next().unwrap_or_default());
        format!("{FORMAT} {number} {place} {count} {} {data}", room.len())
    };
    (0..count).map(payload).collect()
}

/// Puts the parts of messages together.
#[derive(Debug, Default)]
pub(super) struct Assembly(Option<Begun>);

/// A message of which there are more parts to come.
#[derive(Debug)]
struct Begun {
    process: u32,
    next: Part,
    body: Vec<u8>,
}

/// What the head of a payload says.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Part {
    number: u64,
    place: usize,
    count: usize,
    room_length: usize,
}

impl Assembly {
    /// Takes the next payload, of the server's process that was told to send it. Gives the message that it completes.
    /// What is not a part of any message is passed over: anybody may send notifications on any channel.
    pub(super) fn add(&mut self, process: u32, payload: &str) -> Option<Said> {
        let (part, data) = Part::read(payload)?;
        let begun = self.0.take();
        let mut body = match begun {
            _ if part.place == 0 => Vec::new(),
            Some(begun) if begun.process == process && begun.next == part => begun.body,
            _ => return None,
        };
        STANDARD_NO_PAD.decode_vec(data, &mut body).ok()?;
        if part.place + 1 < part.count {
            self.0 = Some(Begun { process, next: Part { place: part.place + 1, ..part }, body });
            return None;
        }
        let body = String::from_utf8(body).ok()?;
        let (room, message) = body.split_at_checked(part.room_length)?;
        let within = room.len() <= MAX_ROOM_NAME && message.len() <= MAX_MESSAGE;
        within.then(|| Said { process, number: part.number, room: room.into(), message: message.into() })
    }
}

impl Part {
    fn read(payload: &str) -> Option<(Self, &str)> {
        let mut words = payload.split(' ');
        if words.next() != Some(FORMAT) {
            return None;
        }
        let number = words.next()?.parse().ok()?;
        let mut size = || words.next()?.parse().ok();
        let part = Self { number, place: size()?, count: size()?, room_length: size()? };
        let data = words.next()?;
        (part.place < part.count && part.count <= MAX_PARTS && words.next().is_none()).then_some((part, data))
    }
}

/// The first word of a payload: whose it is, and the version of the format.
const FORMAT: &str = "segno1";

/// How many bytes go into one part: in base64 and with the longest head, that is 7,910, and 7,999 are allowed.
const PART: usize = 5_900;

/// As many parts as the longest message in the room with the longest name has.
const MAX_PARTS: usize = (MAX_ROOM_NAME + MAX_MESSAGE).div_ceil(PART);

#[cfg(test)]
mod tests {
    use super::*;

    fn said(process: u32, number: u64, room: &str, message: &str) -> Said {
        Said { process, number, room: room.into(), message: message.into() }
    }

    #[test]
    fn what_was_split_is_put_together_again() {
        let longest = "€\0".repeat(MAX_MESSAGE / 4);
        let cases = [("", ""), ("room", ""), ("", "message"), ("\0 ä", "a b\n'\\\0"), (&longest[..252], &*longest)];
        for (room, message) in cases {
            let parts = split(u64::MAX, room, message);
            assert!(parts.iter().all(|part| part.is_ascii() && part.len() < 8_000));
            assert!(parts.len() <= MAX_PARTS);
            let mut assembly = Assembly::default();
            let (last, others) = parts.split_last().unwrap();
            assert!(others.iter().all(|part| assembly.add(7, part).is_none()));
            assert_eq!(assembly.add(7, last), Some(said(7, u64::MAX, room, message)));
            assert!(assembly.0.is_none());
        }
    }

    #[test]
    fn parts_that_do_not_follow_each_other_are_no_message() {
        let (long, other) = (split(1, "room", &"x".repeat(PART * 2)), split(2, "room", &"y".repeat(PART * 2)));
        let begun = |parts: &[String]| {
            let mut assembly = Assembly::default();
            assert!(parts.iter().all(|part| assembly.add(7, part).is_none()));
            assembly
        };
        let cases = [
            ("a missing part", begun(&long[..1]), 7, &long[2]),
            ("a missing beginning", begun(&[]), 7, &long[1]),
            ("another process", begun(&long[..2]), 8, &long[2]),
            ("another message", begun(&long[..2]), 7, &other[2]),
        ];
        for (what, mut assembly, process, part) in cases {
            assert_eq!(assembly.add(process, part), None, "{what}");
            assert!(assembly.0.is_none(), "{what}");
        }
        // A new beginning is one.
        let mut assembly = begun(&long[..2]);
        assert_eq!(assembly.add(7, &split(3, "room", "hello")[0]), Some(said(7, 3, "room", "hello")));
    }

    #[test]
    fn what_others_send_is_passed_over() {
        let data = STANDARD_NO_PAD.encode("room and message");
        let over = STANDARD_NO_PAD.encode("x".repeat(MAX_ROOM_NAME + 1));
        let payloads = [
            String::new(),
            "hello".into(),
            "segno1".into(),
            "segno1 1 0 1 4".into(),
            format!("segno2 1 0 1 4 {data}"),
            format!("segno1 x 0 1 4 {data}"),
            format!("segno1 1 1 1 4 {data}"),
            format!("segno1 1 0 0 4 {data}"),
            format!("segno1 1 0 {} 4 {data}", MAX_PARTS + 1),
            format!("segno1 1 0 1 17 {data}"),
            format!("segno1 1 0 1 {} {over}", MAX_ROOM_NAME + 1),
            format!("segno1 1 0 1 1 {}", STANDARD_NO_PAD.encode("ä")),
            format!("segno1 1 0 1 0 {}", STANDARD_NO_PAD.encode([0xff])),
            format!("segno1 1 0 1 4 {data}?"),
            format!("segno1 1 0 1 4 {data} {data}"),
            format!("segno1 99999999999999999999 0 1 4 {data}"),
        ];
        for payload in payloads {
            assert_eq!(Assembly::default().add(7, &payload), None, "{payload}");
        }
        let whole = format!("segno1 1 0 1 4 {data}");
        assert_eq!(Assembly::default().add(7, &whole), Some(said(7, 1, "room", " and message")));
    }
}
