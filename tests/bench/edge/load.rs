//! The load: connections that ask again as soon as they are answered, all in one thread.

use std::{
    net::SocketAddr,
    rc::Rc,
    time::{Duration, Instant},
};

use smol::{
    LocalExecutor,
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{Failed, servers::Workload};

/// Loads a server for this long; says how many responses came.
pub(crate) fn run(address: SocketAddr, workload: Workload, time: Duration) -> Result<u64, Failed> {
    let executor = Rc::new(LocalExecutor::new());
    let end = Instant::now() + time;
    smol::block_on(executor.run(async {
        let request: Rc<[u8]> = workload.request().into();
        let clients = (0..workload.connections()).map(|_| {
            let request = request.clone();
            executor.spawn(async move {
                let mut client = Client::connect(address).await?;
                let mut done = 0;
                while Instant::now() < end {
                    client.exchange(&request, workload).await?;
                    done += 1;
                }
                Ok::<u64, Failed>(done)
            })
        });
        let mut sum = 0;
        for client in clients.collect::<Vec<_>>() {
            sum += client.await?;
        }
        Ok(sum)
    }))
}

struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    async fn connect(address: SocketAddr) -> Result<Self, Failed> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; BUFFER] })
    }

    /// Sends a request and reads all of its response, which must be what the workload says.
    async fn exchange(&mut self, request: &[u8], workload: Workload) -> Result<(), Failed> {
        self.stream.write_all(request).await?;
        let mut filled = 0;
        let (head, length) = loop {
            filled += self.read(filled).await?;
            if let Some(found) = parse(&self.buffer[..filled])? {
                break found;
            }
        };
        let body = filled - head;
        match length {
            Some(length) if length == workload.length() => self.rest_of_length(length.saturating_sub(body)).await,
            Some(length) => Err(format!("{} bytes came, not {}", length, workload.length()).into()),
            None => self.rest_of_chunks(head, filled, workload.length()).await,
        }
    }

    async fn rest_of_length(&mut self, mut left: usize) -> Result<(), Failed> {
        while left > 0 {
            left = left.checked_sub(self.read(0).await?).ok_or("more came than was declared")?;
        }
        Ok(())
    }

    /// Reads on to the last chunk. No body of a workload looks like one.
    async fn rest_of_chunks(&mut self, head: usize, mut filled: usize, length: usize) -> Result<(), Failed> {
        let mut sum = filled - head;
        while !self.buffer[..filled].ends_with(LAST_CHUNK) {
            let kept = filled.min(LAST_CHUNK.len());
            self.buffer.copy_within(filled - kept..filled, 0);
            let read = self.read(kept).await?;
            sum += read;
            filled = kept + read;
        }
        if sum < length { Err(format!("{sum} bytes came, with chunks, not {length}").into()) } else { Ok(()) }
    }

    async fn read(&mut self, from: usize) -> Result<usize, Failed> {
        match self.stream.read(&mut self.buffer[from..]).await? {
            0 => Err("the server has closed the connection".into()),
            length => Ok(length),
        }
    }
}

/// The length of a whole head, and that of the body, if the head declares one.
fn parse(bytes: &[u8]) -> Result<Option<(usize, Option<usize>)>, Failed> {
    let mut fields = [httparse::EMPTY_HEADER; 32];
    let mut response = httparse::Response::new(&mut fields);
    let httparse::Status::Complete(head) = response.parse(bytes)? else { return Ok(None) };
    if response.code != Some(200) {
        return Err(format!("the status is {:?}", response.code).into());
    }
    let length = response.headers.iter().find(|field| field.name.eq_ignore_ascii_case("content-length"));
    let length = length.map(|field| std::str::from_utf8(field.value)).transpose()?;
    Ok(Some((head, length.map(str::parse).transpose()?)))
}

const LAST_CHUNK: &[u8] = b"\r\n0\r\n\r\n";

/// Large enough that reading a stream costs little beside writing it.
const BUFFER: usize = 256 * 1024;
