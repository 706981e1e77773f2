//! What a case is, and how its bytes are put together.

/// Bytes on a connection, and what is to come of them.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// The section of an RFC that says so.
    pub(crate) section: &'static str,
    pub(crate) bytes: Vec<u8>,
    pub(crate) answers: Vec<Answer>,
    /// Whether another request gets its answer.
    pub(crate) keeps: bool,
    /// The requests are for a head.
    pub(crate) is_head: bool,
}

/// What comes of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The handler saw this, and told so with status 200.
    Seen(String),
    /// The handler saw the request, and this status came of it.
    Status(u16),
    /// The server refused.
    Refused(u16),
}

impl Case {
    fn new(name: &'static str, section: &'static str, bytes: impl Into<Vec<u8>>) -> Self {
        Self { name, section, bytes: bytes.into(), answers: Vec::new(), keeps: true, is_head: false }
    }

    /// The connection ends after the answers.
    pub(crate) fn closes(mut self) -> Self {
        self.keeps = false;
        self
    }

    /// The next answer is to a request that the handler sees, told by [`echo`](crate::wire::echo).
    pub(crate) fn sees(mut self, what: impl Into<String>) -> Self {
        self.answers.push(Answer::Seen(what.into()));
        self
    }

    /// The next answer is this status, whatever the handler saw.
    pub(crate) fn gets(mut self, status: u16) -> Self {
        self.answers.push(Answer::Status(status));
        self
    }

    /// The next request is refused, and nothing is read after it.
    pub(crate) fn refuses(mut self, status: u16) -> Self {
        self.answers.push(Answer::Refused(status));
        self.closes()
    }

    /// The answers are to requests for a head.
    pub(crate) fn without_bodies(mut self) -> Self {
        self.is_head = true;
        self
    }
}

/// Requests that the handler sees, all of them.
pub(crate) fn good(name: &'static str, section: &'static str, bytes: impl Into<Vec<u8>>, seen: &[&str]) -> Case {
    seen.iter().fold(Case::new(name, section, bytes), |case, seen| case.sees(*seen))
}

/// A request that is refused.
pub(crate) fn bad(name: &'static str, section: &'static str, bytes: impl Into<Vec<u8>>, status: u16) -> Case {
    Case::new(name, section, bytes).refuses(status)
}

/// A GET request for this target.
pub(crate) fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n")
}

/// A GET request with these lines after its first.
pub(crate) fn lines(lines: &str) -> String {
    format!("GET / HTTP/1.1\r\n{lines}\r\n\r\n")
}

/// A GET request with these fields beside `Host`.
pub(crate) fn fields(fields: &str) -> String {
    lines(&format!("Host: x\r\n{fields}"))
}

/// A POST request with these fields, and what follows them.
pub(crate) fn post(fields: &str, rest: &str) -> String {
    format!("POST / HTTP/1.1\r\nHost: x\r\n{fields}\r\n\r\n{rest}")
}

/// A POST request with these chunks.
pub(crate) fn chunked(chunks: &str) -> String {
    post("Transfer-Encoding: chunked", chunks)
}

/// A request that must never be answered: it is what an attacker hides in another one.
pub(crate) const SMUGGLED: &str = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
