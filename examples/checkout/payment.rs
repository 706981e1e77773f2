//! What the shop says to the bank.

use std::time::Duration;

use segno::{Error, Happened, HttpError, HttpErrorKind, HttpRequest, Result};

use crate::{
    order::{Order, State},
    shop::Io,
};

/// Asks the bank for the money, and again if it does not answer: its key makes that safe. Gives the state that the
/// order gets by the bank's answer; none if nobody knows whether the card was charged.
pub(crate) async fn charge(io: &mut Io, order: &Order, card: u32) -> Result<Option<State>> {
    let request = HttpRequest::post(format!("{BANK}/charges"))
        .header("idempotency-key", &key(order))?
        .body(format!("card={card}&cents={}", order.cents))
        .time_limit(PATIENCE);
    let mut pauses = PAUSES.into_iter();
    let mut unheard = true;
    loop {
        match io.http_send(request.clone()).await {
            Ok(reply) => match reply.status.as_u16() {
                200 => return Ok(Some(State::Paid)),
                402 => return Ok(Some(State::Declined)),
                410 => return Ok(Some(State::Cancelled)),
                // Who says 503 may have charged before it fell over.
                _ => unheard = false,
            },
            Err(HttpError { kind: HttpErrorKind::Stopped(_), happened, .. }) => {
                unheard &= happened == Happened::No;
                break;
            }
            Err(error) => unheard &= error.happened == Happened::No,
        }
        let Some(pause) = pauses.next() else { break };
        if io.sleep(pause).await.is_err() {
            break;
        }
    }
    Ok(unheard.then_some(State::Cancelled))
}

/// Asks the bank what became of an order. Gives the state that the order gets by the answer; none if there is no clear
/// one.
pub(crate) async fn ask(io: &mut Io, order: &Order) -> Result<Option<State>> {
    let away = |error| Error::from(error).shown_as(503, "the bank does not answer: try again later");
    let charge = format!("{BANK}/charges/{}", key(order));
    let known = io.http_get(charge.clone()).await.map_err(away)?.status.as_u16();
    Ok(match known {
        200 => Some(State::Paid),
        402 => Some(State::Declined),
        410 => Some(State::Cancelled),
        // The charge may still be on its way: only a bank that will refuse it then makes this safe.
        404 => {
            let void = HttpRequest::delete(charge).time_limit(PATIENCE);
            (io.http_send(void).await.map_err(away)?.status == 204).then_some(State::Cancelled)
        }
        _ => None,
    })
}

fn key(order: &Order) -> String {
    format!("order-{}", order.id)
}

/// In this program; it is spoken to as if it were not.
pub(crate) const BANK: &str = "http://127.0.0.1:8080/bank";

/// How long the bank may take; a good one takes less than a second.
pub(crate) const PATIENCE: Duration = Duration::from_secs(3);

/// The pauses between the tries: a hiccup is over after a second, a restart after some; a customer waits no longer.
pub(crate) const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(3)];
