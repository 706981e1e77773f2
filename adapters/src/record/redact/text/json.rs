//! Secrets in JSON. It is changed where it stands, so that numbers and the order of fields stay as they were.

use bytes::Bytes;
use segno_core::Chunk;

use super::super::{
    edit::{Edit, apply, part},
    names::Kind,
    secrets::Secrets,
};

/// The changes that take the secrets out of valid JSON. `entry` says that it is a line of a trace, whose structure is not
/// to be changed.
pub(super) fn edits(json: &str, entry: bool, secrets: &mut Secrets<'_>) -> Vec<Edit> {
    let mut walk = Walk { json, entry, secrets, edits: Vec::new(), frames: Vec::new(), columns: Vec::new() };
    let mut at = 0;
    while at < json.len() {
        at = walk.token(at);
    }
    walk.edits
}

struct Walk<'a, 'b, 'c> {
    json: &'a str,
    entry: bool,
    secrets: &'b mut Secrets<'c>,
    edits: Vec<Edit>,
    frames: Vec<Frame>,
    /// Which columns of the rows that come next are secret.
    columns: Vec<bool>,
}

/// An object or an array that is open.
struct Frame {
    is_object: bool,
    treated: Treat,
    /// What the next value is.
    next: Treat,
    /// Where its key begins.
    key_at: usize,
    key: String,
    /// Whether a key comes next.
    wants_key: bool,
    /// How many values came before.
    index: usize,
    /// What the first element of an array says of the second, as in a header field.
    pair: Option<Kind>,
}

/// How a value is looked at.
#[derive(Clone, Copy, PartialEq)]
enum Treat {
    Free,
    /// A name that is needed to read the trace.
    Structure,
    Secret(Kind),
    /// The names of columns.
    Columns,
    Rows,
    Row,
    /// A value in a secret column: a bare word in it says what kind of value it is.
    Cell,
}

impl Walk<'_, '_, '_> {
    /// Reads what comes next; tells where it ends.
    fn token(&mut self, at: usize) -> usize {
        match self.json.as_bytes()[at] {
            b'{' => self.open(true),
            b'[' => self.open(false),
            b'}' | b']' => {
                self.frames.pop();
                self.value_ends();
            }
            b'"' => return self.string(at),
            b'-' | b'0'..=b'9' => return self.number(at),
            // White space, `:`, `,`, and the letters of `true`, `false` and `null`.
            _ => {
                if matches!(self.json.as_bytes()[at], b't' | b'f' | b'n') {
                    let word = self.json[at..].find(|c: char| !c.is_ascii_lowercase()).unwrap_or(self.json.len() - at);
                    self.value_ends();
                    return at + word;
                }
            }
        }
        at + 1
    }

    fn open(&mut self, is_object: bool) {
        let mut treated = self.treat();
        if treated == Treat::Structure && is_object {
            // Only words and lists of words are structure.
            treated = Treat::Free;
        }
        if treated == Treat::Columns {
            self.columns.clear();
        }
        self.frames.push(Frame {
            is_object,
            treated,
            next: Treat::Free,
            key_at: 0,
            key: String::new(),
            wants_key: is_object,
            index: 0,
            pair: None,
        });
    }

    /// What the value is that begins here.
    fn treat(&self) -> Treat {
        let Some(frame) = self.frames.last() else { return Treat::Free };
        if frame.is_object {
            return frame.next;
        }
        match frame.treated {
            Treat::Rows => Treat::Row,
            Treat::Row if self.columns.get(frame.index).copied().unwrap_or_default() => Treat::Cell,
            Treat::Row => Treat::Free,
            Treat::Free => frame.pair.filter(|_| frame.index == 1).map_or(Treat::Free, Treat::Secret),
            kept @ (Treat::Structure | Treat::Secret(_) | Treat::Columns | Treat::Cell) => kept,
        }
    }

    fn value_ends(&mut self) {
        if let Some(frame) = self.frames.last_mut() {
            frame.index += 1;
            frame.wants_key = frame.is_object;
        }
    }

    fn string(&mut self, at: usize) -> usize {
        let mut escaped = false;
        let inner = self.json[at + 1..].bytes().take_while(|byte| {
            let ends = *byte == b'"' && !escaped;
            escaped = *byte == b'\\' && !escaped;
            !ends
        });
        let end = at + 1 + inner.count() + 1;
        let text: String = serde_json::from_str(&self.json[at..end]).unwrap_or_default();
        match self.frames.last() {
            Some(frame) if frame.wants_key => self.key(at, text),
            Some(_) | None => {
                self.text(at, end, &text);
                self.value_ends();
            }
        }
        end
    }

    fn key(&mut self, at: usize, key: String) {
        let named = self.secrets.kind(&key);
        let Some(frame) = self.frames.last_mut() else { return };
        frame.next = match (frame.treated, named) {
            (Treat::Cell, _) => Treat::Secret(Kind::Whole),
            (Treat::Secret(_) | Treat::Structure, _) => frame.treated,
            _ if self.entry && STRUCTURE.contains(&&*key) => Treat::Structure,
            _ if self.entry && key == "columns" => Treat::Columns,
            _ if self.entry && key == "rows" => Treat::Rows,
            (_, Some(kind)) => Treat::Secret(kind),
            (_, None) => Treat::Free,
        };
        (frame.key, frame.key_at, frame.wants_key) = (key, at, false);
    }

    fn text(&mut self, at: usize, end: usize, text: &str) {
        let mut treat = self.treat();
        let kind = self.secrets.kind(text);
        let key = self.frames.last_mut().map(|frame| {
            if !frame.is_object && frame.index == 0 {
                frame.pair = kind;
            }
            (frame.key_at, frame.key.clone())
        });
        let (key_at, key) = key.unwrap_or_default();
        if treat == Treat::Structure && !PLACES.contains(&&*key) && !is_word(text) {
            treat = Treat::Free;
        }
        let with = match treat {
            Treat::Structure | Treat::Cell => return,
            Treat::Columns => return self.columns.push(kind.is_some()),
            Treat::Free | Treat::Rows | Treat::Row if self.entry && key == "base64" => {
                return self.bytes(key_at, end, text, None);
            }
            Treat::Secret(kind) if self.entry && key == "base64" => {
                return self.bytes(key_at, end, text, Some(kind));
            }
            Treat::Secret(kind) => super::secret(text, kind, self.secrets),
            Treat::Free | Treat::Rows | Treat::Row => match self.secrets.known(text) {
                // A short secret is replaced where it stands alone, and surely is data.
                Some(token) if self.entry && key == "text" => token.clone(),
                Some(_) | None => apply(text, &super::edits(text, self.secrets)),
            },
        };
        if with != text {
            let with = serde_json::to_string(&with).unwrap_or_default();
            self.edits.push(Edit { range: at..end, with });
        }
    }

    /// Bytes that are no text.
    fn bytes(&mut self, key_at: usize, end: usize, base64: &str, kind: Option<Kind>) {
        let Ok(Chunk(bytes)) = serde_json::from_value(serde_json::json!({ "base64": base64 })) else { return };
        let replaced = match kind {
            Some(_) => self.secrets.token(base64).into_bytes(),
            None => part(&bytes, 0..bytes.len(), &super::byte_edits(&bytes, self.secrets)),
        };
        if replaced != bytes {
            let chunk = serde_json::to_string(&Chunk(Bytes::from(replaced))).unwrap_or_default();
            let with = chunk.trim_start_matches('{').trim_end_matches('}').to_owned();
            self.edits.push(Edit { range: key_at..end, with });
        }
    }

    fn number(&mut self, at: usize) -> usize {
        let rest = &self.json[at..];
        let length = rest.find(|c| !matches!(c, '-' | '+' | '.' | 'e' | 'E' | '0'..='9')).unwrap_or(rest.len());
        let number = &rest[..length];
        let with = match self.treat() {
            Treat::Secret(_) | Treat::Cell => Some(self.secrets.number(number)),
            Treat::Free => self.secrets.known(number).filter(|_| length >= LONG).cloned(),
            Treat::Structure | Treat::Columns | Treat::Rows | Treat::Row => None,
        };
        // What was found as a text elsewhere has a token, which is no number.
        if let Some(with) = with.filter(|with| !with.starts_with('[')) {
            self.edits.push(Edit { range: at..at + length, with });
        }
        self.value_ends();
        at + length
    }
}

/// Whether this may be the name of an effect, a kind or a method. A secret rarely is.
fn is_word(text: &str) -> bool {
    let is_name = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    is_name || text.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// What has words in an entry that are needed to read it: effects, places, kinds of errors.
const STRUCTURE: &[&str] =
    &["effect", "path", "happened", "kind", "stopped", "reason", "method", "act", "effects", "schema", "segno"];

/// What has only places and the like in an entry, and never a secret.
const PLACES: &[&str] = &["path", "schema", "segno"];

/// A shorter number may well be another one.
const LONG: usize = 6;
