//! A bank, so that the shop has one: it charges once for each key, and remembers what it said.

use std::time::Duration;

use segno::{Error, Request, Response, Result, Router, http::Method};

use crate::shop::{Io, Shop};

pub(crate) fn router() -> Router<Shop> {
    Router::new().post("/charges", charge).get("/charges/{key}", show).route(Method::DELETE, "/charges/{key}", void)
}

/// Charges a card, unless the key was used before: then it says what it said.
async fn charge(mut io: Io, mut request: Request) -> Result<Response> {
    let key = request.header("idempotency-key").map(str::to_owned);
    let key = key.ok_or_else(|| Error::status(400, "a charge needs an idempotency-key"))?;
    let form = request.body.form(&mut io, MAX_FORM).await?;
    let (Some(card), Some(cents)) = (form.get::<u32>("card")?, form.get::<i64>("cents")?) else {
        return Err(Error::status(400, "a charge needs a card and cents"));
    };
    let state = if card == UNCOVERED { "declined" } else { "charged" };
    io.sql(ENTER, (&*key, cents, state)).await?;
    if card == SLOW {
        io.sleep(NAP).await?;
    }
    answer(&mut io, &key).await
}

async fn show(mut io: Io, request: Request) -> Result<Response> {
    let key: String = request.param("key")?;
    answer(&mut io, &key).await
}

/// Makes sure that a key will never be charged; too late if it was.
async fn void(mut io: Io, request: Request) -> Result<Response> {
    let key: String = request.param("key")?;
    io.sql(ENTER, (&*key, 0, "void")).await?;
    match &*state(&mut io, &key).await?.unwrap_or_default() {
        "void" => Ok(Response::new(204, "")),
        other => Ok(Response::text(format!("{other}\n")).status(409)),
    }
}

async fn answer(io: &mut Io, key: &str) -> Result<Response> {
    let Some(state) = state(io, key).await? else { return Err(Error::status(404, "there is no such charge")) };
    let status = match &*state {
        "charged" => 200,
        "declined" => 402,
        _ => 410,
    };
    Ok(Response::text(format!("{state}\n")).status(status))
}

async fn state(io: &mut Io, key: &str) -> Result<Option<String>> {
    let row = io.sql(STATE, [key]).await?.optional()?;
    Ok(row.map(|row| row.get("state")).transpose()?)
}

const ENTER: &str = "insert into charge (key, cents, state) values (?1, ?2, ?3) on conflict do nothing";
const STATE: &str = "select state from charge where key = ?1";

/// The card that is declined.
const UNCOVERED: u32 = 4000;

/// The card that is charged at once, and says so too late.
const SLOW: u32 = 4500;

/// Longer than the shop waits.
const NAP: Duration = Duration::from_secs(4);

/// Two numbers.
const MAX_FORM: usize = 1 << 10;
