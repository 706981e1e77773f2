//! Orders: what state one is in, and how it gets into another.

use std::fmt;

use segno::{Error, Happened, Response, Result, Row, SqlError, SqlErrorKind};

use crate::shop::{Io, SendMail};

/// An order, as it was when it was read or written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Order {
    pub(crate) id: i64,
    pub(crate) email: String,
    pub(crate) cents: i64,
    pub(crate) state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// The stock is reserved; the bank has been asked, or will be, or never was.
    Pending,
    /// The bank has charged the card.
    Paid,
    /// The bank has not, and will not.
    Declined,
    /// The bank has never heard of it, and would not listen any longer.
    Cancelled,
}

impl State {
    const ALL: [Self; 4] = [Self::Pending, Self::Paid, Self::Declined, Self::Cancelled];

    /// As the schema calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Paid => "paid",
            Self::Declined => "declined",
            Self::Cancelled => "cancelled",
        }
    }

    /// The status of a response that tells of it.
    fn status(self) -> u16 {
        match self {
            Self::Pending => 202,
            Self::Paid => 200,
            Self::Declined => 402,
            Self::Cancelled => 409,
        }
    }
}

impl Order {
    pub(crate) fn read(row: &Row) -> Result<Self> {
        let name: String = row.get("state")?;
        let state = State::ALL.into_iter().find(|state| state.name() == name).ok_or_else(|| {
            SqlError::new(SqlErrorKind::Decode, Happened::Yes, format!("an order is `{name}`, which is no state"))
        })?;
        Ok(Self { id: row.get("id")?, email: row.get("email")?, cents: row.get("cents")?, state })
    }

    /// Finds an order by its number.
    pub(crate) async fn find(io: &mut Io, id: i64) -> Result<Self> {
        match io.sql(BY_NUMBER, [id]).await?.optional()? {
            Some(row) => Self::read(&row),
            None => Err(Error::status(404, format!("there is no order {id}"))),
        }
    }

    /// What the client is told.
    pub(crate) fn response(&self) -> Response {
        Response::text(format!("{self}\n")).status(self.state.status())
    }

    /// Writes down what the bank has said, and tells of it. Whoever comes second changes nothing.
    pub(crate) async fn settled(mut self, io: &mut Io, state: State) -> Result<Self> {
        match io.sql(SETTLE, (self.id, state.name())).await {
            Ok(done) if done.rows_affected() == 1 => self.state = state,
            Ok(_) => return Self::find(io, self.id).await,
            // Nothing is lost: the order is pending, or settled as it should be.
            Err(error) => return Err(Error::from(error).shown_as(503, self.to_string())),
        }
        if state == State::Paid {
            // Staff who do not listen see the order in the database.
            let _reached = io.chat_send(ROOM, self.to_string()).await;
            self.mail(io).await;
        }
        Ok(self)
    }

    /// Sends the customer's mail, unless it was sent before; rather none than two. No order fails for want of a mail:
    /// what surely was not sent is sent when the order is settled once more.
    pub(crate) async fn mail(&self, io: &mut Io) {
        let claimed = io.sql(CLAIM_MAIL, [self.id]).await;
        if claimed.is_ok_and(|claimed| claimed.rows_affected() == 1) {
            let sent = io.perform(SendMail { to: self.email.clone(), text: self.to_string() }).await;
            if sent.is_err_and(|error| error.happened == Happened::No) {
                let _left_for_later = io.sql(UNCLAIM_MAIL, [self.id]).await;
            }
        }
    }
}

/// As the customer and staff read it.
impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, cents, .. } = self;
        match self.state {
            State::Pending => write!(f, "order {id} is pending: the bank has not said that it took {}", money(*cents)),
            State::Paid => write!(f, "order {id} is paid: {}", money(*cents)),
            State::Declined => write!(f, "order {id} is declined: the bank took nothing"),
            State::Cancelled => write!(f, "order {id} is cancelled: nothing was paid"),
        }
    }
}

/// Cents as `12.05`.
pub(crate) fn money(cents: i64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// Where staff hear of paid orders.
pub(crate) const ROOM: &str = "orders";

pub(crate) const BY_NUMBER: &str = "select id, email, cents, state from orders where id = ?1";
pub(crate) const SETTLE: &str = "update orders set state = ?2 where id = ?1 and state = 'pending'";
pub(crate) const CLAIM_MAIL: &str = "update orders set mailed = 1 where id = ?1 and mailed = 0 and state = 'paid'";
pub(crate) const UNCLAIM_MAIL: &str = "update orders set mailed = 0 where id = ?1";
