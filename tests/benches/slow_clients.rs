//! What ten thousand slow clients cost a good one, and what a connection costs that waits: measured over real sockets.
//!
//! The slow ones are in a process of their own, since a process may open so many descriptors and no more. Run it with
//! `cargo bench -p segno-tests --bench slow_clients`.

use std::{
    env,
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use segno::{
    Io, Request, Response, Result, Router,
    smol::{Backend, Server, ServerOptions},
};
use smol::{
    channel::{Receiver, bounded},
    io::{AsyncReadExt, AsyncWriteExt},
};

fn main() -> io::Result<()> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["slow", address, kind, count] => {
            let count = count.parse().map_err(io::Error::other)?;
            slow(address.parse().map_err(io::Error::other)?, Kind::of(kind), count)
        }
        _ => measure(),
    }
}

async fn hello(_: Io, _: Request) -> Result<Response> {
    Ok(Response::text("hello"))
}

async fn echo(mut io: Io, mut request: Request) -> Result<Response> {
    Ok(Response::text(request.body.bytes(&mut io, 1 << 20).await?))
}

fn measure() -> io::Result<()> {
    // All clients here have one address.
    let options = ServerOptions { max_connections_per_address: Some(usize::MAX), ..ServerOptions::default() };
    let server = Server::bind("127.0.0.1:0").map_err(io::Error::other)?.options(options);
    let address = server.local_address();
    let (stop, stopped) = bounded::<()>(1);
    let router = Router::new().get("/", hello).post("/", echo);
    let shutdown = async move { _ = stopped.recv().await };
    let server = thread::spawn(move || server.run(router, Backend::new(), shutdown));

    println!("{:<34} {:>10} {:>10} {:>10} {:>10}", "microseconds", "median", "99 %", "new: med.", "new: 99 %");
    let alone = Latency::measured(address)?;
    alone.print("alone");
    let before = resident();
    let idle = SlowClients::start(address, Kind::Idle, IDLE)?;
    println!("{:<34} {:>10}", "bytes for an idle connection", resident().saturating_sub(before) / IDLE as u64);
    Latency::measured(address)?.print(&format!("beside {IDLE} idle ones"));
    idle.end()?;
    let before = resident();
    let mixed = SlowClients::start(address, Kind::Mixed, SLOW)?;
    let beside = Latency::measured(address)?;
    beside.print(&format!("beside {SLOW} slow ones"));
    println!("{:<34} {:>10}", "bytes for a slow connection", resident().saturating_sub(before) / SLOW as u64);
    mixed.end()?;
    let again = Latency::measured(address)?;
    again.print("alone again");
    beside.print_ratio(&alone, &again);
    drop(stop);
    server.join().expect("the server does not panic").map_err(io::Error::other)
}

/// What a good client waits for its answers.
struct Latency {
    kept: Percentiles,
    new: Percentiles,
}

struct Percentiles {
    median: f64,
    high: f64,
}

impl Latency {
    fn measured(address: SocketAddr) -> io::Result<Self> {
        let mut client = TcpStream::connect(address)?;
        client.set_nodelay(true)?;
        let kept = Percentiles::of(|| ask(&mut client))?;
        let new = Percentiles::of(|| {
            let mut client = TcpStream::connect(address)?;
            ask(&mut client)
        })?;
        Ok(Self { kept, new })
    }

    fn print(&self, name: &str) {
        let Self { kept, new } = self;
        println!("{name:<34} {:>10.0} {:>10.0} {:>10.0} {:>10.0}", kept.median, kept.high, new.median, new.high);
    }

    /// Times as much as the mean of two others.
    fn print_ratio(&self, first: &Self, second: &Self) {
        let ratio = |of: fn(&Self) -> f64| of(self) / f64::midpoint(of(first), of(second));
        let ratios: [fn(&Self) -> f64; 4] = [|l| l.kept.median, |l| l.kept.high, |l| l.new.median, |l| l.new.high];
        let [median, high, new, new_high] = ratios.map(ratio);
        println!("{:<34} {median:>10.2} {high:>10.2} {new:>10.2} {new_high:>10.2}", "times as much as alone");
    }
}

impl Percentiles {
    fn of(mut ask: impl FnMut() -> io::Result<()>) -> io::Result<Self> {
        let mut micros = Vec::with_capacity(SAMPLES);
        for sample in 0..SAMPLES + SAMPLES / 10 {
            let begun = Instant::now();
            ask()?;
            if sample >= SAMPLES / 10 {
                micros.push(begun.elapsed().as_secs_f64() * 1e6);
            }
            // A good client has something else to do, too; and a machine of few processors is shared in turns.
            thread::sleep(PAUSE);
        }
        micros.sort_by(f64::total_cmp);
        Ok(Self { median: micros[micros.len() / 2], high: micros[micros.len() / 100 * 99] })
    }
}

fn ask(client: &mut TcpStream) -> io::Result<()> {
    client.write_all(GET)?;
    let mut answer = Vec::new();
    let mut buffer = [0; 1024];
    while !answer.ends_with(b"hello") {
        match client.read(&mut buffer)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            length => answer.extend_from_slice(&buffer[..length]),
        }
    }
    Ok(())
}

/// The memory that this process has, in bytes; 0 where nobody says.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok()).unwrap_or_default() * 1024
}

/// A process full of slow clients.
struct SlowClients(Child);

impl SlowClients {
    /// Waits until all are connected.
    fn start(address: SocketAddr, kind: Kind, count: usize) -> io::Result<Self> {
        let name = match kind {
            Kind::Idle => "idle",
            Kind::Mixed => "mixed",
        };
        let mut child = Command::new(env::current_exe()?)
            .args(["slow", &address.to_string(), name, &count.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let said = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        BufReader::new(said).read_line(&mut String::new())?;
        Ok(Self(child))
    }

    fn end(mut self) -> io::Result<()> {
        drop(self.0.stdin.take());
        self.0.wait()?;
        thread::sleep(SETTLE);
        Ok(())
    }
}

#[derive(Clone, Copy)]
enum Kind {
    /// Each has had an answer, and asks for nothing more.
    Idle,
    /// Of each way to be slow as many.
    Mixed,
}

impl Kind {
    fn of(name: &str) -> Self {
        if name == "idle" { Self::Idle } else { Self::Mixed }
    }
}

/// The life of the process with the slow clients: until its input ends.
fn slow(address: SocketAddr, kind: Kind, count: usize) -> io::Result<()> {
    let executor = smol::Executor::new();
    let (opened, open) = bounded(count);
    for number in 0..count {
        let way = match kind {
            Kind::Idle => 0,
            Kind::Mixed => number % WAYS,
        };
        let opened = opened.clone();
        executor
            .spawn(async move {
                // All of them at once would be a burst, and that is another test.
                smol::Timer::after(OPENING * u32::try_from(number).unwrap_or_default()).await;
                let mut is_first = true;
                loop {
                    // Whatever the server does to it, it comes again.
                    let _ = misbehave(address, way, &mut is_first, &opened).await;
                }
            })
            .detach();
    }
    smol::block_on(executor.run(async {
        all_open(&open, count).await;
        println!("open");
        smol::unblock(|| io::stdin().read_to_end(&mut Vec::new())).await.map(drop)
    }))
}

async fn all_open(open: &Receiver<()>, count: usize) {
    for _ in 0..count {
        // The senders live as long as the tasks.
        let _ = open.recv().await;
    }
}

async fn misbehave(
    address: SocketAddr,
    way: usize,
    is_first: &mut bool,
    opened: &smol::channel::Sender<()>,
) -> io::Result<()> {
    let mut stream = smol::net::TcpStream::connect(address).await?;
    let begin: &[u8] = match way {
        0 => GET,
        1 => b"",
        2 => b"GET / HTTP/1.1\r\nHost: slow\r\nX-Slow: ",
        _ => b"POST / HTTP/1.1\r\nHost: slow\r\nContent-Length: 1000000\r\n\r\n",
    };
    stream.write_all(begin).await?;
    if way == 0 {
        stream.read(&mut [0; 1024]).await?;
    }
    if std::mem::take(is_first) {
        let _ = opened.send(()).await;
    }
    if way < 2 {
        // Until the server has enough of it.
        stream.read_to_end(&mut Vec::new()).await?;
        return Ok(());
    }
    loop {
        smol::Timer::after(TRICKLE).await;
        stream.write_all(b"x").await?;
    }
}

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: good\r\n\r\n";

/// Idle, silent, with a head that trickles, with a body that does.
const WAYS: usize = 4;

/// How many slow clients there are.
const SLOW: usize = 10_000;

/// How many idle clients there are when their memory is measured.
const IDLE: usize = 5_000;

/// How often a slow client sends a byte: as rarely as such attacks do, and twice within the time for a head.
const TRICKLE: Duration = Duration::from_secs(5);

/// How long after one client the next connects.
const OPENING: Duration = Duration::from_micros(300);

/// How many answers of each kind are measured.
const SAMPLES: usize = 2_000;

/// How long a good client waits before it asks again.
const PAUSE: Duration = Duration::from_millis(1);

/// How long the server gets to be alone again.
const SETTLE: Duration = Duration::from_secs(2);
