//! The article's base controller: helpers that wait, each of which looks as if it blocked.

use std::sync::Arc;

use segno::{Escaped, Io, Response, ResponseHead, ResponseStream, Result, Rows};

/// A request in progress: what the article's `ResumableController` was.
pub(crate) struct Controller {
    pub(crate) io: Io,
    out: ResponseStream,
    /// What this request calls itself in the chat.
    pub(crate) stamp: u64,
}

impl Controller {
    /// Sends the response's head, and draws a stamp.
    pub(crate) async fn begin(mut io: Io) -> Result<Self> {
        let stamp = io.random(0..1_000_000_000).await?;
        let out = io.respond(ResponseHead::html()).await?;
        Ok(Self { io, out, stamp })
    }

    /// Sends a piece of the page.
    pub(crate) async fn write(&mut self, piece: impl Into<String>) -> Result<()> {
        Ok(self.out.write(&mut self.io, piece.into()).await?)
    }

    /// Ends the page.
    pub(crate) fn finish(self) -> Response {
        self.out.end()
    }

    /// Whether chance picks one of the first `chosen` of ten: the article's `random.randint(0, 9) <= …`.
    pub(crate) async fn now_and_then(&mut self, chosen: u64) -> Result<bool> {
        Ok(self.io.random(0..10).await? < chosen)
    }

    /// What chat the receiver hears: a wait for a producer in another request.
    pub(crate) async fn wait_for_chat(&mut self) -> Result<Arc<str>> {
        Ok(self.io.chat_recv(ROOM).await?)
    }

    /// How many receivers wait.
    pub(crate) async fn chat_balance(&mut self) -> Result<u64> {
        Ok(self.io.chat_balance(ROOM).await?)
    }

    /// Tells all receivers; the answer is how many there were.
    pub(crate) async fn chat_send(&mut self, message: String) -> Result<u64> {
        Ok(self.io.chat_send(ROOM, message).await?)
    }

    /// The rows of a query, as HTML.
    pub(crate) async fn wait_for_sql(&mut self, sql: &'static str) -> Result<String> {
        let rows = self.io.sql(sql, ()).await?;
        Ok(table(&rows))
    }

    /// What a URL holds, as HTML.
    pub(crate) async fn wait_for_http_client(&mut self, url: &str) -> Result<String> {
        let reply = self.io.http_get(url.to_owned()).await?;
        Ok(preformatted(&reply.text()))
    }
}

/// Rows as an HTML table.
pub(crate) fn table(rows: &Rows) -> String {
    let mut html = String::from("<table>");
    for row in rows.iter() {
        let cells: String = row.values().iter().map(|value| format!("<td>{}", Escaped(value))).collect();
        html += &format!("<tr>{cells}");
    }
    html + "</table>\n"
}

/// What others wrote, as it is.
pub(crate) fn preformatted(text: &str) -> String {
    format!("<pre>{}</pre>\n", Escaped(text))
}

/// The one room of this very lousy chat.
pub(crate) const ROOM: &str = "chat";
