//! From a cart to an order, paid or not.

use segno::{Error, Form, Request, Response, Result, SqlError, SqlErrorKind};

use crate::{
    order::{Order, State},
    payment,
    shop::Io,
};

/// Orders what is in the cart. A cart is ordered once: whoever comes again sees the first order, as it is now.
pub(crate) async fn checkout(mut io: Io, mut request: Request) -> Result<Response> {
    let cart: i64 = request.param("cart")?;
    let form = request.body.form(&mut io, MAX_FORM).await?;
    let (email, card) = customer(&form)?;
    let (order, is_new) = place(&mut io, cart, &email).await?;
    if !is_new {
        return Ok(order.response());
    }
    let paid = payment::charge(&mut io, &order, card).await?;
    // The customer's money may be gone: what follows is done, even if the customer or the server goes away.
    let mut io = io.cleanup();
    match paid {
        Some(state) => Ok(order.settled(&mut io, state).await?.response()),
        None => Ok(order.response()),
    }
}

fn customer(form: &Form) -> Result<(String, u32)> {
    let missing = |name: &str| Error::status(400, format!("the field `{name}` is empty"));
    let email: String = form.get("email")?.unwrap_or_default();
    if email.is_empty() {
        return Err(missing("email"));
    }
    Ok((email, form.get("card")?.ok_or_else(|| missing("card"))?))
}

/// Reserves the stock and writes the order down, or finds the one that there is. Tells whether it is new.
async fn place(io: &mut Io, cart: i64, email: &str) -> Result<(Order, bool)> {
    let placed = io.transaction(async |tx| {
        if let Some(row) = tx.sql(OF_CART, [cart]).await?.optional()? {
            return Ok((Order::read(&row)?, false));
        }
        let total: Option<i64> = tx.sql(TOTAL, [cart]).await?.one()?.get("cents")?;
        let cents = total.ok_or_else(|| Error::status(400, "the cart is empty"))?;
        tx.sql(RESERVE, [cart]).await.map_err(sold_out)?;
        let id = tx.sql(PLACE, (cart, email, cents)).await?.one()?.get("id")?;
        Ok((Order { id, email: email.into(), cents, state: State::Pending }, true))
    });
    placed.await
}

fn sold_out(error: SqlError) -> Error {
    let below_zero = error.kind == SqlErrorKind::Check;
    let error = Error::from(error);
    if below_zero { error.shown_as(409, "there is not enough of it left") } else { error }
}

pub(crate) const OF_CART: &str = "select id, email, cents, state from orders where cart = ?1";
pub(crate) const TOTAL: &str =
    "select sum(price * count) as cents from line join item on item.id = line.item where cart = ?1";
pub(crate) const RESERVE: &str = "update item \
     set stock = stock - (select count from line where cart = ?1 and item = item.id) \
     where id in (select item from line where cart = ?1)";
pub(crate) const PLACE: &str = "insert into orders (cart, email, cents) values (?1, ?2, ?3) returning id";

/// An address and a number.
const MAX_FORM: usize = 4 << 10;
