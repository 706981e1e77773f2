//! What staff see: orders, as they are paid.

use std::time::Duration;

use segno::{ChatError, ChatErrorKind, Request, Response, ResponseHead, Result};

use crate::{
    order::{Order, ROOM},
    shop::Io,
};

/// Streams the orders that wait to be settled and the newest, and then those that are paid, as server-sent events. A
/// browser comes again by itself when the stream ends.
pub(crate) async fn orders(mut io: Io, _: Request) -> Result<Response> {
    // First, so that no order is paid unheard between the two.
    let mut room = io.chat_subscribe(ROOM).await?;
    let known = io.sql(KNOWN, ()).await?;
    let head =
        ResponseHead::new(200).header("content-type", "text/event-stream")?.header("cache-control", "no-store")?;
    let mut out = io.respond(head).await?;
    for row in known.iter() {
        out.write(&mut io, format!("data: {}\n\n", Order::read(&row)?)).await?;
    }
    for _ in 0..EVENTS {
        let event = match io.timeout(HEARTBEAT, async |io| room.recv(io).await).await {
            Ok(Ok(order)) => format!("data: {order}\n\n"),
            // Those who missed something come again, and see all that waits.
            Ok(Err(ChatError { kind: ChatErrorKind::Lagged(_) | ChatErrorKind::Stopped(_), .. })) => break,
            Ok(Err(error)) => return Err(error.into()),
            Err(_elapsed) => ": still here\n\n".to_owned(),
        };
        out.write(&mut io, event).await?;
    }
    Ok(out.end())
}

pub(crate) const KNOWN: &str = "select id, email, cents, state from orders \
     where state = 'pending' or id > (select max(id) - 20 from orders) order by id";

/// Often enough for the proxies between here and there, which mostly cut what is silent for a minute.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(15);

/// Five minutes of silence: then the stream ends in order, and begins anew with what waits.
const EVENTS: usize = 20;
