//! The id of a request: the client's, or one of ours.

use http::{HeaderMap, HeaderName, HeaderValue};

/// The id of a request, and the field that it is in.
#[derive(Clone, Debug)]
pub(crate) struct RequestId {
    pub(crate) field: HeaderName,
    pub(crate) value: HeaderValue,
}

impl RequestId {
    /// The id that the client has sent, or a new one, which is put into the fields.
    pub(crate) fn of(field: &HeaderName, headers: &mut HeaderMap) -> Self {
        let mut sent = headers.get_all(field).iter();
        match (sent.next(), sent.next()) {
            (Some(value), None) if is_valid(value) => Self { field: field.clone(), value: value.clone() },
            _ => {
                let id = Self::new(field);
                headers.insert(field, id.value.clone());
                id
            }
        }
    }

    /// A new id.
    pub(crate) fn new(field: &HeaderName) -> Self {
        // Nobody gains anything by guessing an id: the system need not be asked for each.
        let mut bits = fastrand::u128(..);
        let digits = [(); 32].map(|()| {
            bits = bits.rotate_left(4);
            b"0123456789abcdef"[(bits & 0xf) as usize]
        });
        let value = HeaderValue::from_bytes(&digits).expect("hexadecimal digits are visible ASCII");
        Self { field: field.clone(), value }
    }

    /// As text, which it is by how it was made.
    pub(crate) fn as_str(&self) -> &str {
        self.value.to_str().unwrap_or_default()
    }
}

/// Nothing that could end a line of a log, or make it endless.
fn is_valid(value: &HeaderValue) -> bool {
    let bytes = value.as_bytes();
    !bytes.is_empty() && bytes.len() <= MAX_LENGTH && bytes.iter().all(u8::is_ascii_graphic)
}

/// UUIDs have 36 characters, and trace contexts 55; nobody's is much longer.
const MAX_LENGTH: usize = 128;
