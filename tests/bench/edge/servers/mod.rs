//! The servers and what they are asked for: the same of each.

mod async_h1;
mod hyper;
mod segno;

use std::{
    io::{self, Read, Write},
    net::SocketAddr,
    process, thread,
};

use crate::Failed;

/// The names of the servers; the first is compared with the others.
pub(crate) const NAMES: [&str; 3] = ["segno", "async-h1", "hyper"];

/// One kind of request, and its response.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Workload {
    /// A short text.
    Hello,
    /// A body of 1 KiB, read as a whole and sent back.
    Post,
    /// 1 MiB, written piece by piece.
    Stream,
}

impl Workload {
    pub(crate) const ALL: [Self; 3] = [Self::Hello, Self::Post, Self::Stream];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Hello => "hello",
            Self::Post => "post",
            Self::Stream => "stream",
        }
    }

    /// The request, with the fields that browsers and clients mostly send.
    pub(crate) fn request(self) -> Vec<u8> {
        let fields = "host: localhost\r\nuser-agent: edge/1.0\r\naccept: */*\r\naccept-encoding: identity\r\n";
        match self {
            Self::Hello => format!("GET / HTTP/1.1\r\n{fields}\r\n").into_bytes(),
            Self::Stream => format!("GET /stream HTTP/1.1\r\n{fields}\r\n").into_bytes(),
            Self::Post => {
                let length = self.length();
                let mut request = format!("POST / HTTP/1.1\r\n{fields}content-length: {length}\r\n\r\n").into_bytes();
                request.resize(request.len() + length, b'x');
                request
            }
        }
    }

    /// How long the response's body is.
    pub(crate) fn length(self) -> usize {
        match self {
            Self::Hello => HELLO.len(),
            Self::Post => 1024,
            Self::Stream => PIECE.len() * PIECES,
        }
    }

    /// How many clients ask at a time.
    pub(crate) fn connections(self) -> usize {
        match self {
            Self::Hello | Self::Post => 32,
            // More of them would measure the sockets' buffers.
            Self::Stream => 4,
        }
    }
}

/// Serves until the input of this process ends.
pub(crate) fn serve(name: &str) -> Result<(), Failed> {
    thread::spawn(|| {
        // Nothing comes: the end is what is waited for.
        let _ = io::stdin().read(&mut [0]);
        process::exit(0);
    });
    match name {
        "segno" => segno::serve(),
        "async-h1" => async_h1::serve(),
        "hyper" => hyper::serve(),
        other => Err(format!("there is no server `{other}`").into()),
    }
}

/// Tells the process that has started this one where the server listens.
fn tell(address: SocketAddr) -> io::Result<()> {
    println!("{address}");
    io::stdout().flush()
}

const HELLO: &str = "hello, world";

/// What a stream consists of.
static PIECE: [u8; 64 * 1024] = [b'x'; 64 * 1024];

/// How many of them make 1 MiB.
const PIECES: usize = 16;
