//! The second chance of orders of which the checkout did not hear the end.

use segno::{Request, Response, Result};

use crate::{
    order::{Order, State},
    payment,
    shop::Io,
};

/// Asks the bank about a pending order and settles it; sends the mail of a paid one that has not got it.
pub(crate) async fn settle(mut io: Io, request: Request) -> Result<Response> {
    let order = Order::find(&mut io, request.param("order")?).await?;
    if order.state != State::Pending {
        if order.state == State::Paid {
            order.mail(&mut io.cleanup()).await;
        }
        return Ok(order.response());
    }
    match payment::ask(&mut io, &order).await? {
        Some(state) => Ok(order.settled(&mut io.cleanup(), state).await?.response()),
        None => Ok(order.response()),
    }
}
