//! The HTTP client against a server that sends scripted bytes, over real sockets.

#![cfg(feature = "http-client")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod addresses;
mod errors;
mod happened;
mod hostile;
mod messages;
mod redirects;
mod reuse;
mod server;
mod tls;

use std::{sync::mpsc, time::Duration};

use segno::{
    HttpError, HttpReply, HttpRequest,
    smol::{HttpClient, HttpClientOptions},
};

/// A client whose limits no test reaches unless something hangs.
fn client() -> HttpClient {
    client_with(|_| {})
}

fn client_with(change: impl FnOnce(&mut HttpClientOptions)) -> HttpClient {
    let mut options = HttpClientOptions {
        time_limit: PATIENCE,
        idle_time: Duration::from_secs(3_600),
        ..HttpClientOptions::default()
    };
    change(&mut options);
    HttpClient::new(options).unwrap()
}

fn send(client: &HttpClient, request: HttpRequest) -> Result<HttpReply, HttpError> {
    smol::block_on(client.send(request))
}

fn get(client: &HttpClient, url: String) -> Result<HttpReply, HttpError> {
    send(client, HttpRequest::get(url))
}

/// Waits for what must happen soon.
#[track_caller]
fn soon<T>(receiver: &mpsc::Receiver<T>) -> T {
    receiver.recv_timeout(PATIENCE).unwrap()
}

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
