//! Handlers as they are written by hand, one of each kind, which keep all laws: what a fuzzer finds with them is a fault of
//! segno.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use segno::{
    Answer, ChatErrorKind, Effect, EffectError, Happened, HttpReply, HttpRequest, Io, Menu, Perform, Race2, Replay,
    Request, Response, ResponseHead, Result, Router, Standard, StopReason,
    testing::{Client, End, Session, World, get, post},
};

/// All of them, each on a path of its own.
pub fn router() -> Router<Zoo> {
    Router::new()
        .post("/order", order)
        .get("/talk", talk)
        .get("/listen", listen)
        .get("/gather", gather)
        .get("/stream", stream)
        .post("/upload", upload)
}

/// Clients of the router, made up by two bytes each: what it asks for, and when it comes and goes.
pub fn clients(bytes: &[u8]) -> Vec<Client> {
    let client = |bytes: &[u8]| {
        let request = match bytes[0] % 6 {
            0 => post("/order"),
            1 => get("/talk"),
            2 => get("/listen"),
            3 => get("/gather"),
            4 => get("/stream"),
            _ => post("/upload").body("one, two"),
        };
        let client = Client::new(request).arrives(Duration::from_millis(u64::from(bytes[1] & 7) * 500));
        match u64::from(bytes[1] >> 3) {
            0 => client,
            patience => client.vanishes_after(Duration::from_millis(patience * 250)),
        }
    };
    bytes.chunks_exact(2).map(client).collect()
}

/// A shop with a few things in stock, a bank, and a server with feeds.
pub fn world() -> World<Shop> {
    World::new()
        .peer("bank.internal", |_| Ok(HttpReply::new(200, "charged")))
        .peer("feeds.internal", |request| Ok(HttpReply::new(200, request.url.to_string())))
        .state(Shop { stock: AtomicU64::new(IN_STOCK) })
}

/// What holds at the end of each run.
///
/// # Panics
///
/// If it does not.
pub fn check(world: &World<Shop>, ends: &[End]) {
    assert!(world.own().stock.load(Relaxed) <= IN_STOCK, "more was put back than was taken");
    for end in ends {
        assert!(end.error().is_none() || !end.succeeded(), "a failure that responds with success: {end}");
    }
}

/// Takes one thing, pays for it, and puts it back if that fails.
pub async fn order(mut io: Io<Zoo>, _: Request) -> Result<Response> {
    if !io.perform(Take).await? {
        return Ok(Response::new(409, "sold out"));
    }
    let charge = HttpRequest::post("http://bank.internal/charge").body("1999");
    match io.http_send(charge).await {
        Ok(reply) if reply.status.is_success() => Ok(Response::text("ordered")),
        Ok(_) => {
            io.cleanup().perform(PutBack).await?;
            Ok(Response::new(402, "refused"))
        }
        Err(error) => {
            if error.happened == Happened::No {
                io.cleanup().perform(PutBack).await?;
            }
            Err(error.into())
        }
    }
}

/// Says something, and waits for an answer as long as people do.
async fn talk(mut io: Io<Zoo>, _: Request) -> Result<Response> {
    let reached = io.chat_send("room", "hello").await?;
    let race = io.race2(
        async |io| io.chat_recv("room").await,
        async |io| {
            io.sleep(Duration::from_secs(2)).await?;
            io.now().await
        },
    );
    match race.await {
        Race2::A(answer) => Ok(Response::text(answer?.to_string())),
        Race2::B(now) => Ok(Response::text(format!("{reached} heard it, and nobody answered until {:?}", now?))),
    }
}

/// Streams what is said, with a heartbeat.
async fn listen(mut io: Io<Zoo>, _: Request) -> Result<Response> {
    let mut room = io.chat_subscribe("room").await?;
    let mut out = io.respond(ResponseHead::text()).await?;
    for number in 0..4 {
        let heard = io.timeout(Duration::from_secs(1), async |io| room.recv(io).await).await;
        let event = match heard {
            Ok(Ok(message)) => format!("{number}: {message}\n"),
            Ok(Err(error)) if matches!(error.kind, ChatErrorKind::Lagged(_)) => format!("{number}: too fast\n"),
            Ok(Err(error)) => return Err(error.into()),
            Err(_elapsed) => format!("{number}: still here\n"),
        };
        out.write(&mut io, event).await?;
    }
    Ok(out.end())
}

/// Asks many at once, each for as long as it may take, and takes what came.
async fn gather(mut io: Io<Zoo>, _: Request) -> Result<Response> {
    let feeds = io
        .join_all((0..3).map(|feed| {
            async move |io: &mut Io<Zoo>| {
                io.timeout(Duration::from_secs(1), async |io| {
                    io.sleep(Duration::from_millis(500 * feed)).await?;
                    io.http_get(format!("http://feeds.internal/{feed}")).await?.success()
                })
                .await
            }
        }))
        .await;
    let came = feeds.into_iter().filter(|feed| matches!(feed, Ok(Ok(_)))).count();
    Ok(Response::text(format!("{came} came")))
}

/// Streams two lanes' results as they are drawn.
async fn stream(mut io: Io<Zoo>, _: Request) -> Result<Response> {
    let mut out = io.respond(ResponseHead::text()).await?;
    for number in 0..3 {
        let (chance, balance) =
            io.join2(async |io| io.random(1..=6).await, async |io| io.chat_balance("room").await).await;
        out.write(&mut io, format!("{number}: {} {}\n", chance?, balance?)).await?;
    }
    Ok(out.end())
}

/// Reads a body in pieces, and tells the room of it.
async fn upload(mut io: Io<Zoo>, mut request: Request) -> Result<Response> {
    let mut length = 0;
    while let Some(chunk) = request.body.chunk(&mut io).await? {
        length += chunk.len();
    }
    io.chat_send("room", format!("{length} bytes came")).await?;
    Ok(Response::text(length.to_string()))
}

/// A shop's state.
#[derive(Debug)]
pub struct Shop {
    stock: AtomicU64,
}

/// Takes one thing, if one is left.
#[derive(Clone, Debug, PartialEq)]
pub struct Take;

/// Puts one thing back.
#[derive(Clone, Debug, PartialEq)]
pub struct PutBack;

/// What can go wrong with the stock.
#[derive(Clone, Debug, PartialEq)]
pub enum StockErrorKind {
    /// Somebody counts.
    Closed,
    /// Nobody knows.
    Lost,
    /// The handler was stopped.
    Stopped(StopReason),
}

impl From<StopReason> for StockErrorKind {
    fn from(reason: StopReason) -> Self {
        Self::Stopped(reason)
    }
}

impl Effect for Take {
    type Output = bool;
    type Error = EffectError<StockErrorKind>;
    const NAME: &'static str = "take";

    fn replay(&self) -> Replay {
        Replay::Once
    }

    fn faults(&self, menu: &mut Menu<'_, Self>) {
        menu.kind("closed", Happened::No, StockErrorKind::Closed);
        menu.kind("lost", Happened::Unknown, StockErrorKind::Lost);
        menu.answers("sold out", Happened::No, || false);
    }
}

impl Effect for PutBack {
    type Output = ();
    type Error = EffectError<StockErrorKind>;
    const NAME: &'static str = "put_back";

    fn replay(&self) -> Replay {
        Replay::Once
    }

    fn holds(&self) -> bool {
        true
    }

    fn faults(&self, menu: &mut Menu<'_, Self>) {
        menu.kind("lost", Happened::Unknown, StockErrorKind::Lost);
    }
}

segno::effects! {
    /// The standard effects, and a shop's.
    pub enum Zoo (ZooOutcome): Standard + { Take, PutBack }
}

impl Perform<Take> for Session<Shop> {
    async fn perform(&self, _: Take) -> Answer<Take> {
        Ok(self.state().stock.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok())
    }
}

impl Perform<PutBack> for Session<Shop> {
    async fn perform(&self, _: PutBack) -> Answer<PutBack> {
        self.state().stock.fetch_add(1, Relaxed);
        Ok(())
    }
}

/// Fewer than there may be clients, so that some come too late.
const IN_STOCK: u64 = 2;
