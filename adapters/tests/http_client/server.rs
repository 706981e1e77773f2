//! A server that answers with scripted bytes, one thread for each connection.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// A connection, plain or secured.
pub(crate) trait Wire: Read + Write + Send {}

impl<T: Read + Write + Send> Wire for T {}

/// Listens on a free port of this machine until the test's process ends.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    accepted: Arc<AtomicUsize>,
}

impl Server {
    /// Runs `script` for each connection, with its number.
    pub(crate) fn start(script: impl Fn(usize, TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self { address: listener.local_addr().unwrap(), accepted: Arc::default() };
        let (accepted, script) = (Arc::clone(&server.accepted), Arc::new(script));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let number = accepted.fetch_add(1, Ordering::SeqCst);
                let (stream, script) = (stream.unwrap(), Arc::clone(&script));
                thread::spawn(move || script(number, stream));
            }
        });
        server
    }

    /// Answers each request of each connection with these bytes.
    pub(crate) fn repeating(reply: impl Into<Vec<u8>>) -> Self {
        let reply = reply.into();
        Self::start(move |_, mut stream| {
            while read_request(&mut stream).is_some() {
                if stream.write_all(&reply).is_err() {
                    return;
                }
            }
        })
    }

    /// Answers one request of each connection with these bytes, then closes it.
    pub(crate) fn once(reply: impl Into<Vec<u8>>) -> Self {
        let reply = reply.into();
        Self::start(move |_, mut stream| {
            read_request(&mut stream);
            stream.write_all(&reply).ok();
        })
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// How many connections came.
    pub(crate) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }
}

/// Reads one request with its body; nothing if the client has gone.
pub(crate) fn read_request(stream: &mut dyn Wire) -> Option<Vec<u8>> {
    let mut request = read_head(stream)?;
    let head = String::from_utf8_lossy(&request).into_owned();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |n| n.parse().unwrap());
    let start = request.len();
    request.resize(start + length, 0);
    stream.read_exact(&mut request[start..]).ok()?;
    Some(request)
}

/// Reads the head of one request and not a byte more.
pub(crate) fn read_head(stream: &mut dyn Wire) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    Some(head)
}

/// Reads on until the client has closed the connection.
pub(crate) fn drain(stream: &mut dyn Wire) {
    let mut buffer = vec![0; 1 << 16];
    while stream.read(&mut buffer).is_ok_and(|length| length > 0) {}
}

/// Waits until the client has closed the connection, and tells whether nothing more came from it.
pub(crate) fn is_closed(stream: &mut dyn Wire) -> bool {
    match stream.read(&mut [0]) {
        Ok(length) => length == 0,
        Err(error) => error.kind() == io::ErrorKind::ConnectionReset,
    }
}
