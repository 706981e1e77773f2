//! A client that says exactly what a test wants, byte for byte, and reads what comes strictly.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    time::Duration,
};

pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    buffer: Vec<u8>,
}

/// A response, whole.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Names are in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// What is left of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    /// Another request gets its answer.
    Keep,
    /// The server has ended it in order.
    Close,
    /// The server has torn it.
    Reset,
}

impl Client {
    #[track_caller]
    pub(crate) fn connect(address: SocketAddr) -> Self {
        Self::new(TcpStream::connect_timeout(&address, PATIENCE).unwrap())
    }

    #[track_caller]
    pub(crate) fn new(stream: TcpStream) -> Self {
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Self { stream, buffer: Vec::new() }
    }

    #[track_caller]
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).unwrap();
    }

    /// Sends what the server may not want to hear any longer.
    pub(crate) fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.stream.write_all(bytes.as_ref())
    }

    pub(crate) fn end_sending(&self) {
        self.stream.shutdown(Shutdown::Write).unwrap();
    }

    /// Sends a GET request, and reads its answer.
    #[track_caller]
    pub(crate) fn get(&mut self, path: &str) -> Reply {
        self.send(get(path));
        self.reply()
    }

    /// Reads an answer to anything but HEAD.
    #[track_caller]
    pub(crate) fn reply(&mut self) -> Reply {
        self.try_reply(false).unwrap()
    }

    /// Reads an answer to HEAD.
    #[track_caller]
    pub(crate) fn reply_to_head(&mut self) -> Reply {
        self.try_reply(true).unwrap()
    }

    pub(crate) fn try_reply(&mut self, to_head: bool) -> io::Result<Reply> {
        let mut reply = self.head()?;
        if to_head || reply.status < 200 || reply.status == 204 || reply.status == 304 {
            return Ok(reply);
        }
        reply.body = match (reply.header("transfer-encoding"), reply.header("content-length")) {
            (Some("chunked"), None) => self.chunked()?,
            (None, Some(length)) => self.exactly(length.parse().map_err(io::Error::other)?)?,
            (None, None) => self.rest()?,
            both => return Err(io::Error::other(format!("the framing is in doubt: {both:?}"))),
        };
        Ok(reply)
    }

    /// Reads the head of an answer.
    pub(crate) fn head(&mut self) -> io::Result<Reply> {
        let mut lines = Vec::new();
        loop {
            match self.line()? {
                line if line.is_empty() => break,
                line => lines.push(line),
            }
        }
        let status = lines[0].strip_prefix("HTTP/1.1 ").and_then(|line| line.get(..3)?.parse().ok());
        let status = status.ok_or_else(|| io::Error::other(format!("no status line: {lines:?}")))?;
        let fields = lines[1..].iter().map(|line| line.split_once(": ").map(|(n, v)| (n.to_lowercase(), v.into())));
        let headers = fields.collect::<Option<Vec<_>>>().ok_or_else(|| io::Error::other(format!("{lines:?}")))?;
        Ok(Reply { status, headers, body: Vec::new() })
    }

    fn chunked(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let chunk = self.chunk()?;
            if chunk.is_empty() {
                return Ok(body);
            }
            body.extend(chunk);
        }
    }

    /// Reads a chunk of a body; the last one is empty.
    pub(crate) fn chunk(&mut self) -> io::Result<Vec<u8>> {
        let size = usize::from_str_radix(&self.line()?, 16).map_err(io::Error::other)?;
        let chunk = self.exactly(size)?;
        match self.line()? {
            end if end.is_empty() => Ok(chunk),
            end => Err(io::Error::other(format!("a chunk ends with {end:?}"))),
        }
    }

    /// Reads chunks until this text has come; gives all of it.
    #[track_caller]
    pub(crate) fn chunks_until(&mut self, text: &str) -> String {
        let mut seen = String::new();
        while !seen.contains(text) {
            let chunk = self.chunk().unwrap();
            assert!(!chunk.is_empty(), "the body has ended: {seen}");
            seen += &String::from_utf8(chunk).unwrap();
        }
        seen
    }

    /// Reads up to the end of the connection.
    pub(crate) fn rest(&mut self) -> io::Result<Vec<u8>> {
        while self.fill()? > 0 {}
        Ok(std::mem::take(&mut self.buffer))
    }

    /// What becomes of the connection after what was read so far: nothing more may come unasked.
    #[track_caller]
    pub(crate) fn after(&mut self) -> After {
        self.after_within(PROBE)
    }

    #[track_caller]
    pub(crate) fn after_within(&mut self, time: Duration) -> After {
        assert!(self.buffer.is_empty(), "this came unasked: {:?}", String::from_utf8_lossy(&self.buffer));
        self.stream.set_read_timeout(Some(time)).unwrap();
        let end = self.fill();
        self.stream.set_read_timeout(Some(PATIENCE)).unwrap();
        match end {
            Ok(0) => After::Close,
            Ok(_) => panic!("this came unasked: {:?}", String::from_utf8_lossy(&self.buffer)),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => After::Keep,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => After::Reset,
            Err(error) => panic!("{error}"),
        }
    }

    /// Waits for the server to end the connection.
    #[track_caller]
    pub(crate) fn ends(&mut self) -> After {
        self.after_within(PATIENCE)
    }

    fn line(&mut self) -> io::Result<String> {
        loop {
            if let Some(end) = self.buffer.windows(2).position(|pair| pair == b"\r\n") {
                let line = self.buffer.drain(..end + 2).take(end).collect();
                return String::from_utf8(line).map_err(io::Error::other);
            }
            self.more()?;
        }
    }

    fn exactly(&mut self, length: usize) -> io::Result<Vec<u8>> {
        while self.buffer.len() < length {
            self.more()?;
        }
        Ok(self.buffer.drain(..length).collect())
    }

    fn more(&mut self) -> io::Result<()> {
        match self.fill()? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    fn fill(&mut self) -> io::Result<usize> {
        let mut bytes = [0; 64 * 1024];
        let length = self.stream.read(&mut bytes)?;
        self.buffer.extend_from_slice(&bytes[..length]);
        Ok(length)
    }
}

impl Reply {
    /// The value of a field that may be there once.
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(field, _)| field == name).map(|(_, value)| &**value);
        let value = values.next();
        assert_eq!(values.next(), None, "`{name}` is there twice");
        value
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

pub(crate) fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n")
}

/// A POST request with a length.
pub(crate) fn post(path: &str, body: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: test\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// A POST request in chunks of these texts.
pub(crate) fn post_chunked(path: &str, chunks: &[&str]) -> String {
    let chunks: String = chunks.iter().map(|chunk| format!("{:x}\r\n{chunk}\r\n", chunk.len())).collect();
    format!("POST {path} HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n")
}

/// How long nothing must come to call it nothing.
const PROBE: Duration = Duration::from_millis(30);

/// Long enough for a machine that is busy with other tests.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
