//! A good client: it asks in order, and checks each answer.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
};

use crate::{
    PATIENCE,
    server::{PIECES, piece},
};

/// Some requests on one connection; gives their number.
pub(crate) fn visit(address: SocketAddr, seed: u64) -> u64 {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut client = BufReader::new(stream);
    let mut random = fastrand::Rng::with_seed(seed);
    let requests = random.u64(1..20);
    for _ in 0..requests {
        match random.u8(..4) {
            0 => assert_eq!(ask(&mut client, "GET /hello", b""), b"hello"),
            1 => assert_eq!(ask(&mut client, "GET /health", b""), b"ok\n"),
            2 => {
                let body: Vec<u8> = (0..random.usize(..50_000)).map(|_| random.u8(..)).collect();
                assert!(ask(&mut client, "POST /echo", &body) == body, "the body is another one");
            }
            _ => {
                let whole: String = (0..PIECES).map(piece).collect();
                assert!(ask(&mut client, "GET /stream", b"") == whole.as_bytes(), "the stream is another one");
            }
        }
    }
    requests
}

/// The body of the answer.
fn ask(client: &mut BufReader<TcpStream>, request: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("{request} HTTP/1.1\r\nHost: test\r\nContent-Length: {}\r\n\r\n", body.len());
    let mut stream = client.get_ref();
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    assert_eq!(line(client), "HTTP/1.1 200 OK");
    let mut length = None;
    loop {
        match line(client).to_lowercase() {
            end if end.is_empty() => break,
            field => length = field.strip_prefix("content-length: ").map(|text| text.parse().unwrap()).or(length),
        }
    }
    match length {
        Some(length) => exactly(client, length),
        None => chunks(client),
    }
}

fn chunks(client: &mut BufReader<TcpStream>) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let size = usize::from_str_radix(&line(client), 16).unwrap();
        body.extend(exactly(client, size));
        assert_eq!(line(client), "");
        if size == 0 {
            return body;
        }
    }
}

fn exactly(client: &mut BufReader<TcpStream>, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    client.read_exact(&mut bytes).unwrap();
    bytes
}

fn line(client: &mut BufReader<TcpStream>) -> String {
    let mut line = String::new();
    client.read_line(&mut line).unwrap();
    line.strip_suffix("\r\n").unwrap_or_else(|| panic!("the connection ends within {line:?}")).into()
}
