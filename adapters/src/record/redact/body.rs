//! The request's body, which comes in pieces: a secret may lie across two of them.

use segno_core::Chunk;
use serde::{Deserialize, de::IgnoredAny};

use super::{edit::part, secrets::Secrets, text};

/// The pieces of a body.
pub(super) struct Body {
    pieces: Vec<Piece>,
    bytes: Vec<u8>,
}

/// The path of the answer that a piece came with, and how long it is.
struct Piece {
    path: String,
    length: usize,
}

impl Body {
    /// The body in the lines of a trace; none if it is in one piece, which is as other texts are.
    pub(super) fn of<'a>(lines: impl Iterator<Item = &'a str>) -> Self {
        let mut body = Self { pieces: Vec::new(), bytes: Vec::new() };
        for (path, chunk) in lines.filter_map(piece) {
            body.pieces.push(Piece { path, length: chunk.0.len() });
            body.bytes.extend_from_slice(&chunk.0);
        }
        if body.pieces.len() == 1 {
            body.pieces.clear();
        }
        body
    }

    /// Whether this line holds a piece.
    pub(super) fn holds(&self, line: &str) -> bool {
        !self.pieces.is_empty() && piece(line).is_some()
    }

    /// The lines that hold the pieces, without secrets.
    pub(super) fn redacted(&self, secrets: &mut Secrets<'_>) -> Vec<String> {
        let edits = match str::from_utf8(&self.bytes) {
            Ok(text) => text::edits(text, secrets),
            Err(_) => text::byte_edits(&self.bytes, secrets),
        };
        let mut begin = 0;
        let lines = self.pieces.iter().map(|Piece { path, length }| {
            let end = begin + length;
            let chunk = Chunk(part(&self.bytes, begin..end, &edits).into());
            begin = end;
            serde_json::json!({"answered": {"path": path, "outcome": {"effect": READ_BODY, "value": {"Ok": chunk}}}})
        });
        // In the order in which an entry is read: `outcome` may come before `path`, `effect` comes before `value`.
        lines.map(|line| line.to_string()).collect()
    }
}

/// The path and the piece, if this is the line of one.
fn piece(line: &str) -> Option<(String, Chunk)> {
    #[derive(Deserialize)]
    struct Line {
        answered: Answered,
    }
    #[derive(Deserialize)]
    struct Answered {
        path: String,
        outcome: Outcome,
    }
    #[derive(Deserialize)]
    struct Outcome {
        value: Result<Option<Chunk>, IgnoredAny>,
    }
    let marked = line.starts_with("{\"answered\"") && line.contains("{\"effect\":\"read_body\",");
    let Line { answered } = serde_json::from_str(line).ok().filter(|_| marked)?;
    Some((answered.path, answered.outcome.value.ok()??))
}

const READ_BODY: &str = <segno_core::ReadBody as segno_core::Effect>::NAME;
